#include "platform/windows/snapshot.h"

#include <stdbool.h>
#include <stdlib.h>
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

typedef struct growing {
  hpr_snapshot it;
  size_t room;
  bool failed;
} growing;

static void add(void *context, const hpr_snapshot_row *row, const wchar_t *program) {
  (void)program;
  growing *all = context;
  if (all->it.count == all->room) {
    const size_t room = all->room ? all->room * 2 : 256;
    hpr_snapshot_row *rows = realloc(all->it.rows, room * sizeof *rows);
    if (!rows) {
      all->failed = true;
      return;
    }
    all->it.rows = rows;
    all->room = room;
  }
  all->it.rows[all->it.count++] = *row;
}

int hpr_snapshot_init(hpr_snapshot *snapshot) {
  growing all = {.it = {NULL, 0}};
  int result = hpr_snapshot_each(add, &all);
  if (result == 0 && all.failed) result = HPR_ENOMEM;
  if (result == 0)
    *snapshot = all.it;
  else
    free(all.it.rows);
  return result;
}

void hpr_snapshot_done(hpr_snapshot *snapshot) { free(snapshot->rows); }

int32_t hpr_snapshot_parent(const hpr_snapshot *snapshot, int32_t pid) {
  for (size_t i = 0; i < snapshot->count; i++)
    if (snapshot->rows[i].pid == pid) return snapshot->rows[i].parent;
  return 0;
}
