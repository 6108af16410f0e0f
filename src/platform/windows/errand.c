#include "platform/errand.h"

#include <stdlib.h>
#include <windows.h>

typedef struct errand {
  hpr_errand run;
  void *context;
} errand;

static DWORD WINAPI start(void *context) {
  const errand it = *(errand *)context;
  free(context);
  it.run(it.context);
  return 0;
}

int hpr_errand_start(hpr_errand run, void *context) {
  errand *it = malloc(sizeof *it);
  if (!it) return HPR_ENOMEM;
  *it = (errand){run, context};
  HANDLE thread = CreateThread(NULL, 0, start, it, 0, NULL);
  if (thread)
    CloseHandle(thread);
  else
    free(it);
  return thread ? 0 : HPR_ENOMEM;
}

/* Threads have no handles of their own here. */
void hpr_errand_leave_files(int keep) { (void)keep; }
