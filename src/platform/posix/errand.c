#include "platform/errand.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

enum { STACK_BYTES = 256 * 1024 };

typedef struct errand {
  hpr_errand run;
  void *context;
} errand;

static void *start(void *context) {
  const errand it = *(errand *)context;
  free(context);
  it.run(it.context);
  return NULL;
}

int hpr_errand_start(hpr_errand run, void *context) {
  errand *it = malloc(sizeof *it);
  pthread_attr_t attributes;
  pthread_t thread;
  sigset_t all, before;
  if (!it) return HPR_ENOMEM;
  *it = (errand){run, context};
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  sigfillset(&all); /* signals are the host's threads' */
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int failed = pthread_create(&thread, &attributes, start, it);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  if (failed) free(it);
  return failed ? HPR_ENOMEM : 0;
}
