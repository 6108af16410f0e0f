/* store/spare.h: the pid file and its spare, which takes its place when it is up to date. */
#ifndef HPR_STORE_SPARE_H
#define HPR_STORE_SPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "platform/file.h"
#include "store/pieces.h"

/*
 * Making and deleting a file is most of what a write costs. So the file that had the pid file's
 * name before is kept under another one, and the next write brings it up to date:
 *
 *   1. a lease on it: nobody has it open, and who wants to open it has to wait
 *   2. the pieces that changed since it had the name
 *   3. the lease is given back, and must still have been ours
 *   4. it changes places with the file that has the name now
 *
 * What has the pid file's name is never written to. Where any of that cannot be had a new file is
 * made, which takes the name; the one that had it is the spare from then on.
 */
typedef struct hpr_spare {
  const hpr_file_ops *files;
  const char *path; /* of the pid file */
  char *spare_path;
  hpr_file_info live, spare; /* as last seen or written; inode 0 = never */
  hpr_file live_pin, spare_pin;
  hpr_pieces behind; /* where the spare differs from the live file */
  bool refused;      /* no spare can be had here */
} hpr_spare;

/* Prints a piece of the text into a buffer. */
typedef struct hpr_spare_text {
  void *self;
  int (*print)(void *self, hpr_piece piece, hpr_buffer *buffer);
  uint32_t size;
  const hpr_pieces *changed; /* since the live file */
} hpr_spare_text;

/* Opens nothing yet; `path` must outlive it. HPR_ENOMEM. */
int hpr_spare_init(hpr_spare *spare, const char *path, const hpr_file_ops *files);
void hpr_spare_done(hpr_spare *spare);

/* False: it is another file than the one that was last read or written. */
bool hpr_spare_is_live(const hpr_spare *spare, const hpr_file_info *now);

/*
 * The live file as it was read. It is pinned: ext4 and others give the number of a deleted file to
 * the next one, and two writes within a tick of the kernel's clock have the same time. HPR_EINTR:
 * it was replaced meanwhile; HPR_EMFILE, ….
 */
int hpr_spare_note_read(hpr_spare *spare, const hpr_file_info *read);

/* There is no live file. */
void hpr_spare_forget(hpr_spare *spare);

/* Somebody else may have written to the spare. */
void hpr_spare_distrust(hpr_spare *spare);

/*
 * By the spare, which nobody else may write to meanwhile. Where it fails the live file is as it
 * was; hpr_spare_replace does without.
 */
int hpr_spare_write(hpr_spare *spare, const hpr_spare_text *text);

/* By a new file `temporary`. HPR_EEXIST: that name is taken. `keep`: the old one is the spare. */
int hpr_spare_replace(hpr_spare *spare, const hpr_spare_text *text, const char *temporary,
                      bool keep);

/* Deletes the spare if we have one. */
void hpr_spare_remove(hpr_spare *spare);

#endif
