#include "platform/windows/handle.h"

#include <windows.h>

#include <winternl.h>

#include "base/error.h"
#include "platform/windows/errors.h"
#include "platform/windows/ticks.h"

enum { ENDED_BY_US = 1 }; /* the exit code that Node's own kill gives, uv_kill */

/* PROCESS_BASIC_INFORMATION, of which winternl.h names only half. */
typedef struct basic_information {
  LONG_PTR exit_status;
  void *environment;
  ULONG_PTR affinity;
  LONG_PTR priority;
  ULONG_PTR pid;
  ULONG_PTR parent;
} basic_information;

static DWORD rights_of(hpr_handle_use use) {
  const DWORD look = PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE;
  return use == HPR_HANDLE_END ? look | PROCESS_TERMINATE : look;
}

static int open_error(DWORD number) {
  switch (number) {
  case ERROR_INVALID_PARAMETER: return HPR_ESRCH; /* as OpenProcess says it */
  case ERROR_ACCESS_DENIED: return HPR_EACCES;
  default: {
    const int error = hpr_error_from_windows(number);
    return error == HPR_ENOMEM || error == HPR_EMFILE ? error : HPR_EUNKNOWN;
  }
  }
}

int hpr_handle_open(int32_t pid, hpr_handle_use use, void **ret_handle) {
  HANDLE handle = OpenProcess(rights_of(use), FALSE, (DWORD)pid);
  if (!handle) return open_error(GetLastError());
  /* Numbers are multiples of four, and OpenProcess does not look at the rest of the division. */
  if (hpr_handle_pid(handle) != pid) {
    CloseHandle(handle);
    return HPR_ESRCH;
  }
  *ret_handle = handle;
  return 0;
}

void hpr_handle_close(void *handle) {
  if (handle) CloseHandle(handle);
}

int32_t hpr_handle_pid(void *handle) { return (int32_t)GetProcessId(handle); }

bool hpr_handle_runs(void *handle) { return WaitForSingleObject(handle, 0) == WAIT_TIMEOUT; }

uint64_t hpr_handle_born(void *handle) {
  FILETIME born, ended, kernel, user;
  if (!GetProcessTimes(handle, &born, &ended, &kernel, &user)) return 0;
  return hpr_ticks(born.dwLowDateTime, born.dwHighDateTime);
}

int32_t hpr_handle_parent(void *handle) {
  basic_information it;
  /* By the handle: a list of all processes would have to be searched by pid. */
  if (NtQueryInformationProcess(handle, ProcessBasicInformation, &it, sizeof it, NULL) != 0)
    return 0;
  return (int32_t)it.parent;
}

int hpr_handle_end(void *handle) {
  if (!hpr_handle_runs(handle)) return HPR_ESRCH;
  if (TerminateProcess(handle, ENDED_BY_US)) return 0;
  /* One that is about to end denies it, too. */
  return hpr_handle_runs(handle) ? HPR_EACCES : HPR_ESRCH;
}
