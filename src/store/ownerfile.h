/* store/ownerfile.h: the file whose locked bytes say which owners of entries live. */
#ifndef HPR_STORE_OWNERFILE_H
#define HPR_STORE_OWNERFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/file.h"
#include "store/row.h"

/*
 * An owner, which is a registry, holds the lock of a byte of its own in "<pid file>.owners" for as
 * long as it lives. The file begins with its birth number, which rows name with their owner: in any
 * other file a free byte says nothing. Where single bytes cannot be locked, it is a file for each
 * owner, "<pid file>.owner-<id>", that is locked as a whole.
 */
typedef struct hpr_ownerfile hpr_ownerfile;

typedef enum hpr_proof {
  HPR_PROOF_LIVES, /* the lock is held */
  HPR_PROOF_ENDED, /* it is not, in the very file that the row names */
  HPR_PROOF_NONE,  /* there is no such file, or no lock to be had */
} hpr_proof;

/*
 * Opens nothing yet. `number` is nobody else's; the owner's id is made of it. `is_init`: we are
 * process 1 of a pid namespace. HPR_ENOMEM.
 */
int hpr_ownerfile_open(const char *pid_file, uint64_t number, bool is_init,
                       const hpr_file_ops *files, hpr_ownerfile **ret_owners);

/* Frees our lock, but not in a child made by fork(). NULL is a no-op. */
void hpr_ownerfile_close(hpr_ownerfile *owners);

/*
 * To be called by whoever holds the pid file's lock. Takes our lock in the file of that name, which
 * is made if there is none. The one that we had in an earlier file stays until
 * hpr_ownerfile_leave_earlier. HPR_ENOLCK: no lock can be had; HPR_EUNSAFE, HPR_EACCES, HPR_ENOSPC,
 * HPR_EMFILE, …
 */
int hpr_ownerfile_take(hpr_ownerfile *owners);

/* All rows that named the earlier file are written anew. */
void hpr_ownerfile_leave_earlier(hpr_ownerfile *owners);

/* False if we hold no lock, or if another file has the name of ours. */
bool hpr_ownerfile_is_current(const hpr_ownerfile *owners);

/*
 * Holds the lock of another owner, which has ended, in its place: for everybody else it lives until
 * hpr_ownerfile_release, or our own end. Whoever takes its rows over does so before the file can
 * say it. The lock is taken again in each file that comes meanwhile. HPR_EBUSY: somebody else holds
 * it; others: it cannot be held, nor by anybody else.
 */
int hpr_ownerfile_claim(hpr_ownerfile *owners, const hpr_owner_name *of);
void hpr_ownerfile_release(hpr_ownerfile *owners);
bool hpr_ownerfile_has_claimed(const hpr_ownerfile *owners, const hpr_owner_name *of);

/* What a row names: the file, and the byte of a process 1. "": none. */
const char *hpr_ownerfile_birth(const hpr_ownerfile *owners);
const char *hpr_ownerfile_init(const hpr_ownerfile *owners);

/* The file that is open for its locks, or NULL. */
const hpr_file *hpr_ownerfile_bytes(const hpr_ownerfile *owners);

/* Does the owner of that row live? And the process 1 that it names? Nothing is made for it. */
hpr_proof hpr_ownerfile_test(const hpr_ownerfile *owners, const hpr_owner_name *of);
hpr_proof hpr_ownerfile_test_init(const hpr_ownerfile *owners, const hpr_owner_name *of);

/* True for the name of a file of one owner, without what precedes ".owner". */
bool hpr_ownerfile_is_single(const char *suffix);

#endif
