#include "store/writelock.h"

#include <stdlib.h>

#include "store/replace.h"

enum {
  RETRY_MS = 1,
  GENERATION_AT = 8, /* not where Windows has the lock, which would keep readers out */
};

int hpr_writelock_init(hpr_writelock *lock, const char *pid_file, const hpr_file_ops *files) {
  *lock = (hpr_writelock){.files = files, .path = hpr_path_beside(pid_file, ".lock")};
  return lock->path ? 0 : HPR_ENOMEM;
}

static void close_file(hpr_writelock *lock) {
  if (lock->is_open) lock->files->close(lock->files->self, lock->file);
  lock->is_open = false;
}

void hpr_writelock_done(hpr_writelock *lock) {
  if (lock->path) close_file(lock);
  free(lock->path);
  lock->path = NULL;
}

static int open_file(hpr_writelock *lock) {
  const hpr_file_ops *files = lock->files;
  int result = files->open_lock(files->self, lock->path, &lock->file);
  if (result == HPR_ENOENT) {
    result = hpr_make_parents(files, lock->path);
    if (result == 0) result = files->open_lock(files->self, lock->path, &lock->file);
  }
  if (result != 0) return result;
  lock->is_open = true;
  result = files->info(files->self, lock->file, &lock->info);
  if (result != 0) close_file(lock);
  return result;
}

/*
 * A lock file that somebody deleted guards nothing: the next server would make another, of another
 * number, as long as ours is open.
 */
static bool is_stale(const hpr_writelock *lock) {
  hpr_file_info named;
  return lock->files->info_at(lock->files->self, lock->path, &named) != 0 ||
         !hpr_same_file(&named, &lock->info);
}

/* --- the generation ------------------------------------------------------------------------- */

/* One that cannot be read is as it was. */
uint64_t hpr_writelock_generation(const hpr_writelock *lock) {
  uint64_t now = 0;
  size_t count = 0;
  const int result = lock->is_open
                         ? lock->files->read_at(lock->files->self, lock->file, GENERATION_AT,
                                                (char *)&now, sizeof now, &count)
                         : HPR_ENOENT;
  return result == 0 && count == sizeof now ? now : lock->generation;
}

/* True if somebody has written since the last look. */
static bool see_progress(hpr_writelock *lock) {
  const uint64_t before = lock->generation;
  lock->generation = hpr_writelock_generation(lock);
  return lock->generation != before;
}

/* --- waiting -------------------------------------------------------------------------------- */

static int try_lock(const hpr_writelock *lock) {
  return lock->files->try_lock(lock->files->self, lock->file);
}

/* True if another writer is next in line, and moves. */
static bool is_line(hpr_writelock *lock, const hpr_file *queue) {
  if (!queue) return false;
  const int tested = lock->files->test_byte(lock->files->self, *queue, HPR_WRITELOCK_NEXT);
  if (tested != HPR_EBUSY) lock->ignores_queue = false;
  return tested == HPR_EBUSY && !lock->ignores_queue;
}

/* The line's first tries for the lock, the others for the first place. */
static int wait_in_line(hpr_writelock *lock, const hpr_file *queue) {
  const hpr_file_ops *files = lock->files;
  bool first = !queue || lock->ignores_queue;
  const bool placed = !first;
  int result = HPR_EBUSY;
  for (int idle_ms = 0; idle_ms < HPR_WRITELOCK_WAIT_MS; idle_ms += RETRY_MS) {
    files->pause_ms(files->self, RETRY_MS);
    if (!first) first = files->lock_byte(files->self, *queue, HPR_WRITELOCK_NEXT) == 0;
    if (first) result = try_lock(lock);
    if (result != HPR_EBUSY && result != HPR_EINTR) break;
    if (see_progress(lock)) idle_ms = 0;
  }
  if (!first && (result = try_lock(lock)) == 0) lock->ignores_queue = true;
  if (first && placed) files->unlock_byte(files->self, *queue, HPR_WRITELOCK_NEXT);
  return result;
}

static int wait_for_lock(hpr_writelock *lock, const hpr_file *queue) {
  int result = is_line(lock, queue) ? HPR_EBUSY : try_lock(lock);
  const bool waits = result == HPR_EBUSY || result == HPR_EINTR;
  if (waits && (see_progress(lock) || !lock->impatient)) result = wait_in_line(lock, queue);
  if (result == 0) see_progress(lock);
  lock->impatient = result == HPR_EBUSY;
  return result;
}

/* --- the whole ------------------------------------------------------------------------------ */

int hpr_writelock_take(hpr_writelock *lock, const hpr_file *queue) {
  for (int i = 0; i < 2; i++) { /* twice: the first may find that it locked a deleted file */
    int result = lock->is_open ? 0 : open_file(lock);
    if (result == 0) result = wait_for_lock(lock, queue);
    lock->lockless = result == HPR_ENOLCK || result == HPR_ENOTSUP;
    if (lock->lockless) return 0;
    if (result != 0) return result;
    if (!is_stale(lock)) return 0;
    close_file(lock);
  }
  return HPR_EBUSY;
}

int hpr_writelock_count(hpr_writelock *lock) {
  const uint64_t next = lock->generation + 1;
  if (!lock->is_open) return HPR_ENOLCK;
  const int result =
      hpr_write_at(lock->files, lock->file, GENERATION_AT, (const char *)&next, sizeof next);
  if (result == 0) lock->generation = next;
  return result;
}

void hpr_writelock_release(hpr_writelock *lock) {
  if (!lock->lockless) lock->files->unlock(lock->files->self, lock->file);
}
