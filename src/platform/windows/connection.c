#include "platform/connection.h"

#include <stdlib.h>
#include <windows.h>

#include "platform/windows/errors.h"
#include "platform/windows/wide.h"

static int open_pipe(const char *name, HANDLE *ret_pipe) {
  wchar_t *wide;
  const int result = hpr_wide_path(name, &wide);
  if (result != 0) return result;
  *ret_pipe = CreateFileW(wide, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                          SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
  const DWORD error = GetLastError();
  free(wide);
  if (*ret_pipe != INVALID_HANDLE_VALUE) return 0;
  return error == ERROR_PIPE_BUSY ? HPR_EBUSY : hpr_error_from_windows(error);
}

/* A pipe is opened and connected in one step. */
int hpr_connection_prepare(hpr_connection *ret_connection) {
  *ret_connection = HPR_NO_CONNECTION;
  return 0;
}

/* A pipe is nobody's after its keeper: who made it is no part of its name. */
int hpr_connection_open(const char *path, hpr_connection *connection, int64_t *ret_made_ms) {
  HANDLE pipe;
  const int result = open_pipe(path, &pipe);
  *ret_made_ms = INT64_MIN;
  if (result == 0) *connection = (hpr_connection)pipe;
  return result;
}

void hpr_connection_close(hpr_connection connection) {
  /* NOLINTNEXTLINE(performance-no-int-to-ptr): a HANDLE is a pointer */
  if (connection != HPR_NO_CONNECTION) CloseHandle((HANDLE)connection);
}

int hpr_connection_peer(hpr_connection connection, int32_t *ret_pid, hpr_handle *ret_handle) {
  ULONG pid;
  /* NOLINTNEXTLINE(performance-no-int-to-ptr): a HANDLE is a pointer */
  if (!GetNamedPipeServerProcessId((HANDLE)connection, &pid)) return HPR_EUNKNOWN;
  *ret_pid = pid <= INT32_MAX ? (int32_t)pid : 0;
  *ret_handle = HPR_NO_HANDLE;
  return 0;
}

int64_t hpr_connection_unread(hpr_connection connection) {
  (void)connection;
  return -1;
}
