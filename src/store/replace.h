/* store/replace.h: reading a file whole and replacing it whole, in one step. */
#ifndef HPR_STORE_REPLACE_H
#define HPR_STORE_REPLACE_H

#include "platform/file.h"
#include "base/buffer.h"

/*
 * All three can leave the file that they read or wrote open, for the caller to close: as long as
 * it is, no other file gets its inode number. A ret_file of NULL closes it.
 */

/*
 * Reads a private regular file of at most max_bytes into a new block that the caller frees.
 * HPR_ENOENT, HPR_EUNSAFE (kind, owner or mode), HPR_ETOOBIG, HPR_EACCES, HPR_ENOMEM, …
 * An interruption is no failure unless it comes again and again (HPR_EINTR); nor in writing.
 */
int hpr_read_whole(const hpr_file_ops *files, const char *path, int64_t max_bytes, char **ret_text,
                   hpr_file_info *ret_info, hpr_file *ret_file);

/* Makes a new private file with this text. HPR_EEXIST, or why it could not: nothing is left. */
int hpr_write_new(const hpr_file_ops *files, const char *path, const char *text, size_t length,
                  hpr_file_info *ret_info, hpr_file *ret_file);

/*
 * Puts a text in the place of the file `path`, by way of the new file `temporary`. Whoever reads
 * meanwhile sees the complete old or the complete new text. On failure the old file stays and
 * `temporary` is gone. Nothing is flushed to disk: after a power failure no process is left
 * that the file could tell of.
 */
int hpr_replace(const hpr_file_ops *files, const char *path, const char *temporary,
                const char *text, size_t length, hpr_file_info *ret_info, hpr_file *ret_file);

/* Makes the folders above `path` that are missing. 0, or why one could not be made. */
int hpr_make_parents(const hpr_file_ops *files, const char *path);

#endif
