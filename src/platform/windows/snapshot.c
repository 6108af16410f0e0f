#include "platform/windows/snapshot.h"

#include <windows.h>

#include <tlhelp32.h>

#include "base/error.h"
#include "platform/windows/errors.h"

/* How often the list may have changed while it was taken, ERROR_BAD_LENGTH. */
enum { TRIES = 10 };

static HANDLE take(void) {
  HANDLE list = INVALID_HANDLE_VALUE;
  for (int i = 0; i < TRIES && list == INVALID_HANDLE_VALUE; i++) {
    list = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    if (list == INVALID_HANDLE_VALUE && GetLastError() != ERROR_BAD_LENGTH) break;
  }
  return list;
}

int hpr_snapshot_each(hpr_snapshot_visit visit, void *context) {
  HANDLE list = take();
  if (list == INVALID_HANDLE_VALUE) {
    const int error = hpr_error_last();
    return error == HPR_ENOMEM || error == HPR_EMFILE ? error : HPR_EUNKNOWN;
  }
  PROCESSENTRY32W item = {.dwSize = sizeof item};
  int seen = 0;
  for (BOOL more = Process32FirstW(list, &item); more; more = Process32NextW(list, &item)) {
    const hpr_snapshot_row row = {(int32_t)item.th32ProcessID, (int32_t)item.th32ParentProcessID};
    visit(context, &row, item.szExeFile);
    seen++;
  }
  CloseHandle(list);
  return seen > 0 ? 0 : HPR_EUNKNOWN; /* we at least are there */
}
