#include "platform/watcher.h"

#include <stdlib.h>
#include <windows.h>

#include "platform/windows/errors.h"
#include "platform/windows/handle.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

typedef struct item {
  uint64_t watch;
  HANDLE process, wait;
  hpr_watcher *watcher;
  struct item *next_done; /* in watcher->done */
  UT_hash_handle hh;
} item;

/*
 * The table belongs to the registry's thread. What a waiting thread touches is the item that it was
 * given, which lives until its wait has been unregistered, and the list of those that are done.
 */
struct hpr_watcher {
  hpr_exit_notice notice;
  void *notice_context;
  item *items; /* by watch */
  SRWLOCK lock;
  item *done; /* guarded by it: their notices have been given */
};

/* On a waiting thread. An item cannot be released here: a wait does not outlive its own callback.
 */
static VOID CALLBACK exited(PVOID context, BOOLEAN timed_out) {
  (void)timed_out;
  item *it = context;
  hpr_watcher *watcher = it->watcher;
  AcquireSRWLockExclusive(&watcher->lock);
  it->next_done = watcher->done;
  watcher->done = it;
  ReleaseSRWLockExclusive(&watcher->lock);
  watcher->notice(watcher->notice_context, it->watch);
}

/* Once. INVALID_HANDLE_VALUE: returns when its callback runs no more, UnregisterWaitEx. */
static void stop(item *it) {
  if (it->wait) UnregisterWaitEx(it->wait, INVALID_HANDLE_VALUE);
  it->wait = NULL;
}

static void release(hpr_watcher *watcher, item *it) {
  /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it is in the list */
  HASH_DEL(watcher->items, it);
  hpr_handle_close(it->process);
  free(it);
}

/* Those whose notices have been given since we were last here. */
static void sweep(hpr_watcher *watcher) {
  AcquireSRWLockExclusive(&watcher->lock);
  item *done = watcher->done;
  watcher->done = NULL;
  ReleaseSRWLockExclusive(&watcher->lock);
  for (item *next; done; done = next) {
    next = done->next_done;
    stop(done);
    release(watcher, done);
  }
}

int hpr_watcher_open(hpr_exit_notice notice, void *notice_context, hpr_watch_probe probe,
                     const void *probe_context, hpr_watcher **ret_watcher) {
  (void)probe, (void)probe_context;
  hpr_watcher *watcher = calloc(1, sizeof *watcher);
  if (!watcher) return HPR_ENOMEM;
  watcher->notice = notice;
  watcher->notice_context = notice_context;
  InitializeSRWLock(&watcher->lock);
  *ret_watcher = watcher;
  return 0;
}

/* All stop before the first is released: until then any of them may become the head of `done`. */
void hpr_watcher_close(hpr_watcher *watcher) {
  if (!watcher) return;
  item *it, *next;
  HASH_ITER(hh, watcher->items, it, next) stop(it);
  HASH_ITER(hh, watcher->items, it, next) release(watcher, it);
  free(watcher);
}

static bool start(item *it) {
  /* In the waiting thread itself, which waits for up to 63 of them: the notice does not block. */
  const ULONG how = WT_EXECUTEONLYONCE | WT_EXECUTEINWAITTHREAD;
  return RegisterWaitForSingleObject(&it->wait, it->process, exited, it, INFINITE, how);
}

int hpr_watcher_add(hpr_watcher *watcher, hpr_handle take_handle, const hpr_identity *identity,
                    hpr_verdict verdict, uint64_t watch) {
  (void)identity, (void)verdict;
  if (take_handle == HPR_NO_HANDLE) return HPR_ENOTSUP;
  sweep(watcher);
  /* NOLINTNEXTLINE(performance-no-int-to-ptr): a HANDLE is a pointer */
  HANDLE process = (HANDLE)take_handle;
  item *it = calloc(1, sizeof *it);
  if (!it) {
    hpr_handle_close(process);
    return HPR_ENOMEM;
  }
  it->watch = watch;
  it->process = process;
  it->watcher = watcher;
  HASH_ADD(hh, watcher->items, watch, sizeof it->watch, it);
  if (!it->hh.tbl) {
    hpr_handle_close(process);
    free(it);
    return HPR_ENOMEM;
  }
  if (start(it)) return 0;
  const int error = hpr_error_last();
  release(watcher, it);
  return error == HPR_EMFILE ? error : HPR_ENOMEM;
}

bool hpr_watcher_remove(hpr_watcher *watcher, uint64_t watch) {
  item *it;
  sweep(watcher);
  HASH_FIND(hh, watcher->items, &watch, sizeof watch, it);
  if (!it) return false;
  stop(it);
  sweep(watcher); /* perhaps it was done in that moment, and released here */
  HASH_FIND(hh, watcher->items, &watch, sizeof watch, it);
  if (!it) return false;
  release(watcher, it);
  return true;
}
