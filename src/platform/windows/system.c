/*
 * platform/windows/system.c: processes as Windows has them.
 *
 * - A birth is a time of the wall clock to 100 ns, so that a number and a birth come together once
 *   and not once a boot: no number of the boot is needed. The time of the boot, which Windows would
 *   tell, follows the clock when that is set: whoever took it for an id would forget living
 *   processes.
 * - An open handle keeps the pid from being reused: there is no moment between look and signal.
 * - There are no signals. Every hpr_signal is TerminateProcess with exit code 1, as in Node's own
 *   kill(): the process is not asked and cannot clean up, so that SIGTERM ends what SIGKILL would.
 * - There are no process groups; the core ends descendants one by one, those of a process that is
 *   gone are not found. Kinship is descent alone: sessions are the user's whole desktop.
 * - There is no fork().
 */
#include "platform/system.h"

#include <inttypes.h>
#include <stdio.h>
#include <windows.h>

#include "platform/watcher.h"
#include "platform/windows/handle.h"
#include "platform/windows/kin.h"
#include "platform/windows/self.h"
#include "platform/windows/snapshot.h"
#include "platform/windows/ticks.h"

enum { NAME_SIZE = 64 };

/* NOLINTNEXTLINE(performance-no-int-to-ptr): a HANDLE is a pointer */
static void *raw(hpr_handle handle) { return (void *)handle; }

/* --- the host ------------------------------------------------------------------------------- */

/* FNV-1a: the file need not tell everybody the machine's own id. */
static uint64_t digest_of(const wchar_t *text) {
  uint64_t digest = UINT64_C(0xcbf29ce484222325);
  for (; *text; text++) digest = (digest ^ (uint64_t)*text) * UINT64_C(0x100000001b3);
  return digest;
}

/* Made when Windows is installed; by name the key of 64 bits, which a program of 32 shall see, too.
 */
static bool read_machine(wchar_t ret_name[NAME_SIZE]) {
  DWORD size = NAME_SIZE * sizeof *ret_name;
  return RegGetValueW(HKEY_LOCAL_MACHINE, L"SOFTWARE\\Microsoft\\Cryptography", L"MachineGuid",
                      RRF_RT_REG_SZ | RRF_SUBKEY_WOW6464KEY, NULL, ret_name,
                      &size) == ERROR_SUCCESS;
}

static bool read_computer(wchar_t ret_name[NAME_SIZE]) {
  DWORD size = NAME_SIZE;
  return GetComputerNameW(ret_name, &size);
}

static void read_host(hpr_system_host *ret_host) {
  wchar_t name[NAME_SIZE];
  *ret_host = (hpr_system_host){.boots_alike = true};
  if (read_machine(name) || read_computer(name))
    snprintf(ret_host->boot_id, sizeof ret_host->boot_id, "windows@%016" PRIx64, digest_of(name));
}

static int32_t none(void) { return 0; }

static int32_t no_group(int32_t pid) {
  (void)pid;
  return -1;
}

static hpr_child_state no_child(int32_t pid) {
  (void)pid;
  return HPR_CHILD_NONE; /* of waitpid's kind */
}

/* --- handles -------------------------------------------------------------------------------- */

/* Who may not be ended may yet be looked at, and be a stranger. */
static int open_handle(int32_t pid, hpr_handle *ret_handle) {
  void *handle;
  int result = hpr_handle_open(pid, HPR_HANDLE_END, &handle);
  if (result == HPR_EACCES) result = hpr_handle_open(pid, HPR_HANDLE_LOOK, &handle);
  if (result == 0) *ret_handle = (hpr_handle)handle;
  return result;
}

static int reopen_handle(const hpr_birth *named, hpr_handle *ret_handle) {
  (void)named, (void)ret_handle;
  return HPR_ENOTSUP;
}

static void close_handle(hpr_handle handle) { hpr_handle_close(raw(handle)); }

static int name_handle(hpr_handle handle, hpr_birth *birth) {
  (void)handle, (void)birth;
  return HPR_ENOTSUP;
}

static int pid_of_handle(hpr_handle handle, int32_t *ret_pid, bool *ret_ours) {
  *ret_pid = hpr_handle_pid(raw(handle));
  *ret_ours = false; /* to be asked */
  return 0;
}

static bool handle_runs(hpr_handle handle) { return hpr_handle_runs(raw(handle)); }

static int signal_handle(hpr_handle handle, int signum, bool group) {
  if (group) return HPR_ESRCH;
  if (signum != 0) return hpr_handle_end(raw(handle));
  if (!hpr_handle_runs(raw(handle))) return HPR_ESRCH;
  void *again = NULL; /* the same process, whose pid it is */
  const int result = hpr_handle_open(hpr_handle_pid(raw(handle)), HPR_HANDLE_END, &again);
  hpr_handle_close(again);
  return result;
}

/* --- by pid --------------------------------------------------------------------------------- */

static int signal_number(int32_t pid, int signum, bool group) {
  hpr_handle handle;
  int result = group ? HPR_ESRCH : open_handle(pid, &handle);
  if (result != 0) return result;
  result = signal_handle(handle, signum, false);
  close_handle(handle);
  return result;
}

static int look(int32_t pid, hpr_facts *ret_facts) {
  void *handle;
  const int result = hpr_handle_open(pid, HPR_HANDLE_LOOK, &handle);
  if (result != 0) return result;
  *ret_facts = (hpr_facts){
      .dead = !hpr_handle_runs(handle),
      .kernel = pid <= HPR_SYSTEM_PID,
      .parent = hpr_kin_maker(handle),
      .start = hpr_handle_born(handle),
  };
  hpr_handle_close(handle);
  return 0;
}

typedef struct visiting {
  hpr_visit visit;
  void *context;
  bool done;
} visiting;

static void visit_row(void *context, const hpr_snapshot_row *row, const wchar_t *program) {
  (void)program;
  visiting *at = context;
  const hpr_facts facts = {.parent = row->parent};
  if (!at->done) at->done = !at->visit(at->context, row->pid, &facts);
}

static int visit_all(int32_t group, hpr_visit visit, void *context) {
  visiting at = {visit, context, false};
  return group == 0 ? hpr_snapshot_each(visit_row, &at) : 0;
}

/* A handle that may end it is only given to its own user, or to an administrator. */
static bool always(int32_t a, int32_t b) {
  (void)a, (void)b;
  return true;
}

/* Another process's memory holds them, in a form that no interface promises. */
static int no_words(int32_t pid, hpr_words what, char **ret_words, size_t *ret_size) {
  (void)pid, (void)what, (void)ret_words, (void)ret_size;
  return HPR_ENOTSUP;
}

/* --- the whole ------------------------------------------------------------------------------ */

static int signum_of(hpr_signal signal) {
  (void)signal;
  return 1; /* whatever it is, TerminateProcess is all there is */
}

static int64_t started_ms(uint64_t start) { return hpr_ticks_to_ms(start); }

const hpr_system *hpr_system_native(void) {
  static const hpr_system windows_system = {
      .host = read_host,
      .self_pid = hpr_self_pid,
      .own_group = none,
      .own_session = none,
      .look = look,
      .group_of = no_group,
      .child = no_child,
      .visit = visit_all,
      .same_user = always,
      .words = no_words,
      .is_ancestor = hpr_kin_is_ancestor,
      .signal = signal_number,
      .open = open_handle,
      .reopen = reopen_handle,
      .close = close_handle,
      .handle_name = name_handle,
      .handle_pid = pid_of_handle,
      .handle_runs = handle_runs,
      .handle_signal = signal_handle,
      .signum_of = signum_of,
      .started_ms = started_ms,
      .now_ms = hpr_self_now_ms,
      .clock_ms = hpr_self_clock_ms,
      .boot_ms = hpr_self_boot_ms,
      .nonce = hpr_self_nonce,
      .watcher_open = hpr_watcher_open,
      .watcher_close = hpr_watcher_close,
      .watcher_add = hpr_watcher_add,
      .watcher_remove = hpr_watcher_remove,
  };
  return &windows_system;
}
