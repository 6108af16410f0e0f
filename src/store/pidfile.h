/* store/pidfile.h: the file that several servers share and that outlives all of them. */
#ifndef HPR_STORE_PIDFILE_H
#define HPR_STORE_PIDFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/file.h"
#include "store/document.h"
#include "store/lines.h"
#include "store/ownerfile.h"

typedef struct hpr_pidfile hpr_pidfile;

/* What becomes of an entry that stands in the file and is not one of the client's own. */
typedef enum hpr_keep {
  HPR_KEEP,         /* it stays, to the letter */
  HPR_KEEP_CHANGED, /* it stays, as its row says by now */
  HPR_DROP,         /* it goes: dead, or written by the client itself from now on */
} hpr_keep;

/* Who writes: a registry. Its functions are called during hpr_pidfile_sync only. */
typedef struct hpr_pidfile_client {
  void *self;
  /* Judges one entry. May take stored->row (and leave it empty) if it answers HPR_DROP. */
  hpr_keep (*judge)(void *self, hpr_stored *stored);
  /*
   * Judges an announced token that is not the client's own, as above. NULL: all stay. And adds the
   * client's own with hpr_document_announce; NULL: it has none.
   */
  hpr_keep (*judge_announced)(void *self, hpr_stored *stored);
  void (*announce)(void *self, hpr_buffer *own_announced);
  /* The client's own entries; asked for when all others have been judged. And how one is printed.
   */
  hpr_lines *(*lines)(void *self);
  hpr_line_write write_line;
  /* Of one that owns: its lock is held now, by these names, which its entries are to bear. */
  void (*owned)(void *self, const char *birth, const char *init);
  /* Something that a person should know; `detail` is a file name. */
  void (*warn)(void *self, int error, const char *detail);
  bool only_changes; /* its own are as they were: written only if judge() changes anything */
} hpr_pidfile_client;

/*
 * Opens nothing yet. Copies its arguments, but `files` must outlive it. `nonce` is a number that no
 * other writer of the file has; it names our temporary files, and us as an owner. `is_init`: we are
 * process 1 of a pid namespace. HPR_ENOMEM.
 */
int hpr_pidfile_open(const char *path, uint64_t nonce, bool is_init, const hpr_file_ops *files,
                     hpr_pidfile **ret_pidfile);

/* From now on a sync takes our lock as an owner if we have it not (store/ownerfile.h). */
void hpr_pidfile_own(hpr_pidfile *pidfile);

/* Leaves the file as it is. NULL is a no-op. */
void hpr_pidfile_close(hpr_pidfile *pidfile);

/*
 * Under the lock: reads what others wrote since the last time (all of it the first time), lets the
 * client judge the entries that are not its own, and replaces the file by those that stay and
 * the client's (store/spare.h). Waits for the lock as hpr_writelock_take does. On failure the file
 * is as it was, and so are the client's own entries; entries that judge() has dropped are written
 * out with the next success. Where nobody can make a lock file (HPR_EROFS, HPR_EACCES) the file is
 * read and judged all the same; where there are no locks it is written without, with one warning
 * (HPR_ENOLCK). What is larger than HPR_PIDFILE_MAX_BYTES is not written. What keeps an owner from
 * its own lock is an error, too, even if the file was written. HPR_EBUSY (lock), HPR_EUNSAFE,
 * HPR_ETOOBIG, HPR_EACCES, HPR_ENOSPC, HPR_EROFS, HPR_EIO, HPR_EMFILE, HPR_ENOMEM; HPR_EINTR only
 * if interrupted again and again.
 */
int hpr_pidfile_sync(hpr_pidfile *pidfile, const hpr_pidfile_client *client);

/*
 * Reads the file at `path` as it is, without the lock and without touching anything; one that is
 * missing is an empty document. The caller releases it with hpr_document_done. HPR_EUNSAFE,
 * HPR_ETOOBIG, HPR_EACCES, HPR_EIO, HPR_EMFILE, HPR_ENOMEM, HPR_EINTR.
 */
int hpr_pidfile_read(const char *path, const hpr_file_ops *files, hpr_document *ret_document);

/* True if other hosts may write to its folder. Where there is none nobody can tell: true. */
bool hpr_pidfile_is_shared(const hpr_pidfile *pidfile);

/*
 * What time it is, in milliseconds since 1970, by the clock that dates what is written to its
 * folder: of a shared one the file server's, the same for all hosts, whose own clocks may differ by
 * days. Makes a file to see that, once a sync; to be asked by a client's judge. Negative: not told.
 */
int hpr_pidfile_time(hpr_pidfile *pidfile, int64_t *ret_now_ms);

/* Its path; the pidfile's own. */
const char *hpr_pidfile_path(const hpr_pidfile *pidfile);

/* The same, as it was told at the first write; false before. */
bool hpr_pidfile_was_shared(const hpr_pidfile *pidfile);

/* True if the last sync waited for the lock in vain. */
bool hpr_pidfile_is_waiting(const hpr_pidfile *pidfile);

/* False: we do not hold our lock, or it is in a file that has that name no more. A sync helps. */
bool hpr_pidfile_is_proved(hpr_pidfile *pidfile);

/*
 * Reads what others wrote since, if anything, and lets the client judge; writes nothing. True if
 * something was read: then the client's own rows were among them.
 */
bool hpr_pidfile_look(hpr_pidfile *pidfile, const hpr_pidfile_client *client);

/* False: with one more entry of that size readers might refuse the file. */
bool hpr_pidfile_has_room(const hpr_pidfile *pidfile, size_t bytes);

/*
 * In a sync: see hpr_ownerfile_claim. What was claimed is released when the file has been written,
 * or with the pidfile. HPR_EBUSY also while we lack what the write lock takes.
 */
int hpr_pidfile_claim(hpr_pidfile *pidfile, const hpr_owner_name *of);

/* How far the last sync came. */
typedef enum hpr_sync_end {
  HPR_SYNC_UNLOCKED, /* it had no lock */
  HPR_SYNC_FAILED,   /* it had the lock, and could not write: others may */
  HPR_SYNC_DONE,     /* the file says what it was to say */
} hpr_sync_end;
hpr_sync_end hpr_pidfile_last_sync(const hpr_pidfile *pidfile);

/* Entries that were dropped in a sync that failed come back in the next. */
void hpr_pidfile_take_back(hpr_pidfile *pidfile);

/* By it other owners are told to live or to have ended. */
const hpr_ownerfile *hpr_pidfile_owners(const hpr_pidfile *pidfile);

/* True if an entry that is not the client's own names that pid, as of the last sync. */
bool hpr_pidfile_mentions(const hpr_pidfile *pidfile, int32_t pid);

/*
 * Visits the entries that are not of the owner with that id, and the tokens that others have
 * announced (rows without a process), as they stand in the file now; if it cannot be read, as of
 * the last sync. Takes no lock and changes nothing. Returns as of which reading that was.
 */
uint64_t hpr_pidfile_each_other(const hpr_pidfile *pidfile, const char *owner_id,
                                void (*visit)(void *context, const hpr_row *row), void *context);

/* True if nobody else can have written since that reading. */
bool hpr_pidfile_is_as_of(const hpr_pidfile *pidfile, uint64_t reading);

/* Deletes the file's spare, which whoever writes next makes again. */
void hpr_pidfile_leave(hpr_pidfile *pidfile);

/* Removes temporary files, spares and owners' locks that dead writers left. Best effort. */
void hpr_pidfile_collect(hpr_pidfile *pidfile);

enum { HPR_PIDFILE_MAX_BYTES = 16 * 1024 * 1024 }; /* some 30,000 entries */

#endif
