/* store/replace.h: reading and writing a file whole, through every interruption. */
#ifndef HPR_STORE_REPLACE_H
#define HPR_STORE_REPLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/file.h"

/* `path` with `suffix` behind it; the caller frees it. NULL: no memory. */
char *hpr_path_beside(const char *path, const char *suffix);

/* True if both are of one file, or of one version of it. */
bool hpr_same_file(const hpr_file_info *a, const hpr_file_info *b);
bool hpr_same_version(const hpr_file_info *a, const hpr_file_info *b);

/* HPR_EUNSAFE: not a regular file, another user's, or one that everybody may write to. */
int hpr_check_private(const hpr_file_info *info);

/*
 * Reads a private regular file of at most max_bytes into a new block that the caller frees.
 * HPR_ENOENT, HPR_EUNSAFE (kind, owner or mode), HPR_ETOOBIG, HPR_EACCES, HPR_ENOMEM, …
 * An interruption is no failure unless it comes again and again (HPR_EINTR); nor in writing.
 */
int hpr_read_whole(const hpr_file_ops *files, const char *path, int64_t max_bytes, char **ret_text,
                   hpr_file_info *ret_info);

/*
 * Makes a new private file with this text. HPR_EEXIST, or why it could not: nothing is left.
 * Nothing is flushed to disk: after a power failure no process is left that it could tell of.
 */
int hpr_write_new(const hpr_file_ops *files, const char *path, const char *text, size_t length,
                  hpr_file_info *ret_info);

/* Writes all of a text at a place of an open file. */
int hpr_write_at(const hpr_file_ops *files, hpr_file file, uint64_t offset, const char *text,
                 size_t length);

/*
 * Makes a new file for a moment, which says what time it is by the clock that dates its folder's:
 * in milliseconds since 1970. Fails as hpr_write_new does; HPR_EUNKNOWN: it has no date.
 */
int hpr_ask_time(const hpr_file_ops *files, const char *path, int64_t *ret_now_ms);

/* Makes the folders above `path` that are missing. 0, or why one could not be made. */
int hpr_make_parents(const hpr_file_ops *files, const char *path);

#endif
