#include "platform/listener.h"

/* A file's time is that of the last tick of the clock. */
enum { TICK_MS = 20 };

static void no_notice(void *context, uint64_t watch) {
  (void)context;
  (void)watch;
}

/* What is asked last counts: until then the pid was the listener's own. */
static bool is_listener(const hpr_system *system, const hpr_process_ops *process,
                        const hpr_identity *who, hpr_handle handle, int64_t recorded_ms) {
  hpr_facts facts;
  const bool looked = system->look(who->pid, &facts) == 0;
  if (who->state == HPR_RECORD_NOBODY || (looked && (facts.dead || facts.dying))) return false;
  if (handle != HPR_NO_HANDLE) return system->handle_runs(handle);
  return looked && facts.start != 0 && system->started_ms(facts.start) - TICK_MS <= recorded_ms &&
         process->verify(process->self, who) == HPR_VERDICT_SAME;
}

static void name_peer(int32_t pid, hpr_handle handle, int64_t recorded_ms, hpr_identity *ret_who) {
  hpr_process_ops process;
  hpr_identity who;
  if (!hpr_is_pid(pid) || hpr_process_native_open(no_notice, NULL, &process) != 0) return;
  process.identify(process.self, pid, NULL, &who);
  if (is_listener(hpr_system_native(), &process, &who, handle, recorded_ms)) *ret_who = who;
  hpr_process_native_close(&process);
}

int hpr_listener_look(const char *path, int64_t recorded_ms, hpr_connection *connection,
                      hpr_identity *ret_who) {
  int64_t made_ms;
  int32_t pid;
  hpr_handle handle;
  *ret_who = (hpr_identity){0};
  const int result = hpr_connection_open(path, connection, &made_ms);
  if (result != 0 || hpr_connection_peer(*connection, &pid, &handle) != 0) return result;
  name_peer(pid, handle, recorded_ms == INT64_MIN ? made_ms : recorded_ms, ret_who);
  if (handle != HPR_NO_HANDLE) hpr_system_native()->close(handle);
  return 0;
}
