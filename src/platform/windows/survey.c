#include "platform/survey.h"

#include <stdlib.h>
#include <windows.h>

#include <psapi.h>
#include <winternl.h>

#include "platform/windows/handle.h"
#include "platform/windows/self.h"
#include "platform/windows/snapshot.h"
#include "platform/windows/ticks.h"
#include "platform/windows/token.h"
#include "platform/windows/wide.h"

enum {
  COMMAND_LINE = 60, /* ProcessCommandLineInformation, Windows 8.1; phnt's ntpsapi.h */
  COMMAND_SIZE = 4096,
};

typedef struct looking {
  hpr_survey_visit visit;
  void *context;
} looking;

/* Its words as it was started with them; NULL: not told. The caller frees it. */
static char *read_command(HANDLE handle) {
  union {
    UNICODE_STRING it;
    char room[COMMAND_SIZE];
  } line;
  if (NtQueryInformationProcess(handle, (PROCESSINFOCLASS)COMMAND_LINE, &line,
                                sizeof line - sizeof(WCHAR), NULL) != 0)
    return NULL;
  line.it.Buffer[line.it.Length / sizeof(WCHAR)] = L'\0';
  return hpr_narrow(line.it.Buffer);
}

static void read_times(HANDLE handle, hpr_survey_item *item) {
  FILETIME born, ended, kernel, user;
  if (!GetProcessTimes(handle, &born, &ended, &kernel, &user)) return;
  item->started_ms = hpr_ticks_to_ms(hpr_ticks(born.dwLowDateTime, born.dwHighDateTime));
  const uint64_t used = hpr_ticks(kernel.dwLowDateTime, kernel.dwHighDateTime) +
                        hpr_ticks(user.dwLowDateTime, user.dwHighDateTime);
  item->cpu_ms = (int64_t)(used / HPR_TICKS_PER_MS);
}

static int64_t resident_bytes(HANDLE handle) {
  PROCESS_MEMORY_COUNTERS memory = {.cb = sizeof memory};
  return GetProcessMemoryInfo(handle, &memory, sizeof memory) ? (int64_t)memory.WorkingSetSize : 0;
}

static void look_at(void *context, const hpr_snapshot_row *row, const wchar_t *program) {
  const looking *at = context;
  void *handle;
  if (row->pid <= HPR_SYSTEM_PID) return;
  /* Others' processes tell their names alone. */
  hpr_survey_item item = {.pid = row->pid, .parent = row->parent};
  if (hpr_handle_open(row->pid, HPR_HANDLE_LOOK, &handle) != 0) handle = NULL;
  const bool runs = !handle || hpr_handle_runs(handle);
  char *command = handle ? read_command(handle) : NULL;
  if (!command) command = hpr_narrow(program);
  if (handle) {
    read_times(handle, &item);
    item.resident_bytes = resident_bytes(handle);
    item.ours = hpr_token_is_ours(handle);
  }
  item.command = command ? command : "";
  if (runs) at->visit(at->context, &item);
  free(command);
  hpr_handle_close(handle);
}

int hpr_survey(hpr_survey_visit visit, void *context) {
  looking at = {visit, context};
  return hpr_snapshot_each(look_at, &at);
}
