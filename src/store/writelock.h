/* store/writelock.h: the lock by which the writers of one pid file exclude each other. */
#ifndef HPR_STORE_WRITELOCK_H
#define HPR_STORE_WRITELOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/file.h"

/*
 * A lock file beside the pid file, held open and locked while somebody writes. It holds a number,
 * the generation, that each write counts up: by it who waits sees that others make progress, and
 * who has it sees whether anybody of us wrote since.
 */
typedef struct hpr_writelock {
  const hpr_file_ops *files;
  char *path;
  hpr_file file;
  hpr_file_info info; /* of that file, when it was opened */
  bool is_open;
  bool lockless;       /* no lock can be had here, and one is not needed to go on */
  bool impatient;      /* the last wait was in vain, and nobody has written since */
  bool ignores_queue;  /* whoever is next in line does not move */
  uint64_t generation; /* as last seen; while the lock is held, as it is */
} hpr_writelock;

/* Opens nothing yet. HPR_ENOMEM. */
int hpr_writelock_init(hpr_writelock *lock, const char *pid_file, const hpr_file_ops *files);
void hpr_writelock_done(hpr_writelock *lock);

/*
 * Waits for as long as others write, and for at most HPR_WRITELOCK_WAIT_MS while nobody does; after
 * one such wait in vain not at all until somebody has. `queue` is a file whose byte
 * HPR_WRITELOCK_NEXT is locked by who is next in line, so that a writer who comes again at once
 * stands behind those who wait; NULL: there is no line. Where the file system has no locks it is
 * taken without one, and `lockless` says so. HPR_EBUSY, or why no lock file can be had.
 */
int hpr_writelock_take(hpr_writelock *lock, const hpr_file *queue);

/* Counts a write that is about to begin: who wrote before knows nothing of the file any more. */
int hpr_writelock_count(hpr_writelock *lock);

/* The generation as it is now, with or without the lock. */
uint64_t hpr_writelock_generation(const hpr_writelock *lock);

void hpr_writelock_release(hpr_writelock *lock);

enum { HPR_WRITELOCK_WAIT_MS = 100, HPR_WRITELOCK_NEXT = 1024 };

#endif
