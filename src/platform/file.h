/* platform/file.h: what the store may ask an operating system about files. */
#ifndef HPR_PLATFORM_FILE_H
#define HPR_PLATFORM_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* An open file; a descriptor or a handle, whatever the system uses. */
typedef intptr_t hpr_file;

/* What stands under a name, or behind an open file. */
typedef struct hpr_file_info {
  bool regular;           /* neither folder, link, device, socket nor FIFO */
  bool ours;              /* owned by the user we run as */
  bool writable_by_all;   /* anybody on the system may change it */
  bool exposed;           /* others than its owner may do something with it */
  uint64_t device, inode; /* together: which file; equal for two names of one file */
  uint64_t links;         /* names that it has; 0 = deleted */
  int64_t size_bytes;
  int64_t modified_ns; /* since 1970 */
} hpr_file_info;

/* Which folder it is, by whatever name; of a folder that is there not all 0. */
typedef struct hpr_folder_id {
  uint64_t device, inode;
} hpr_folder_id;

/* How long to wait for a file system, which on a dead mount answers never. */
typedef enum hpr_patience {
  HPR_PATIENCE_NONE,    /* what is in memory alone: it is not asked */
  HPR_PATIENCE_BRIEF,   /* a tenth of a second; a thread that is left behind may wait for ever */
  HPR_PATIENCE_ENDLESS, /* only where nobody waits for the caller */
} hpr_patience;

/* Called for each name in a folder. */
typedef void (*hpr_file_visit)(void *context, const char *name);

/*
 * The primitives of one file system, or of a simulated or failing one. Paths are UTF-8. All
 * return 0 or an HPR_E… code. No symbolic link is followed in the last part of a path, and no
 * descriptor is inherited by children.
 */
typedef struct hpr_file_ops {
  void *self;

  const char *separators; /* the characters that part the names of a path */

  /*
   * True if the inode number of a deleted file does not pass to the next one that is made. Where it
   * may, somebody who knows a file by its number has to hold it open.
   */
  bool numbers_last;

  /* Opens for reading; never blocks on a FIFO, nor on a lease. HPR_ENOENT, HPR_EACCES, HPR_EUNSAFE
   * (a link), … */
  int (*open)(void *self, const char *path, hpr_file *ret_file);

  /* Makes a new private file (mode 0600) for writing. HPR_EEXIST if the name is taken. */
  int (*create)(void *self, const char *path, hpr_file *ret_file);

  /* Opens or makes a private file that only serves as a lock. */
  int (*open_lock)(void *self, const char *path, hpr_file *ret_file);

  int (*info)(void *self, hpr_file file, hpr_file_info *ret_info);

  /* The same by name; what a link points to is not looked at. */
  int (*info_at)(void *self, const char *path, hpr_file_info *ret_info);

  /* Reads some bytes, possibly fewer than asked for; 0 is the end. */
  int (*read)(void *self, hpr_file file, char *buffer, size_t size, size_t *ret_count);

  /*
   * Reads or writes at a place of the file, possibly fewer bytes than asked for. Somebody else may
   * read or write there at the same time; a small piece is then the old or the new one.
   */
  int (*read_at)(void *self, hpr_file file, uint64_t offset, char *buffer, size_t size,
                 size_t *ret_count);
  int (*write_at)(void *self, hpr_file file, uint64_t offset, const char *data, size_t size,
                  size_t *ret_count);

  int (*resize)(void *self, hpr_file file, uint64_t size);

  void (*close)(void *self, hpr_file file);

  /*
   * Opens a file so that no other one gets its inode number until it is closed. Nothing can be read
   * from it, and it is in the way of no lease. Not called where numbers_last.
   */
  int (*pin)(void *self, const char *path, hpr_file *ret_file);

  /*
   * Opens an existing file for writing, with a lease on it: nobody else has it open, and until
   * end_lease whoever opens it waits. HPR_EBUSY: somebody has it open. HPR_ENOTSUP: there are no
   * leases here.
   */
  int (*open_leased)(void *self, const char *path, hpr_file *ret_file);

  /* HPR_EBUSY: somebody wants it, or has it because the lease was held for too long. */
  int (*end_lease)(void *self, hpr_file file);

  /* Swaps two existing files in one step. HPR_ENOTSUP or HPR_ENOENT: use rename. */
  int (*exchange)(void *self, const char *a, const char *b);

  /* Moves over `to` in one step, whether it exists or not. */
  int (*rename)(void *self, const char *from, const char *to);

  int (*unlink)(void *self, const char *path);

  /* Makes one private folder (mode 0700). HPR_EEXIST if the name is taken. */
  int (*make_folder)(void *self, const char *path);

  int (*list)(void *self, const char *folder, hpr_file_visit visit, void *context);

  /* Takes the lock if it is free, HPR_EBUSY if not. Closing the file, or dying, releases it. */
  int (*try_lock)(void *self, hpr_file file);
  void (*unlock)(void *self, hpr_file file);

  /* --- single bytes whose locks say who lives --- */

  /*
   * Opens or makes a private file whose bytes are to be locked, to be closed by close_bytes. A
   * child made by fork() shares the locks: its copy is closed at once, which frees none of them.
   */
  int (*open_bytes)(void *self, const char *path, hpr_file *ret_file);
  void (*close_bytes)(void *self, hpr_file file);

  /*
   * Locks one byte, which need not exist, until it is unlocked or the process ends. HPR_EBUSY:
   * another opening of the file has it. HPR_ENOTSUP, HPR_ENOLCK: no byte can be locked here.
   */
  int (*lock_byte)(void *self, hpr_file file, uint64_t offset);
  void (*unlock_byte)(void *self, hpr_file file, uint64_t offset);

  /* 0: free, or locked by `file` itself. HPR_EBUSY: locked. Also for one that open() has opened. */
  int (*test_byte)(void *self, hpr_file file, uint64_t offset);

  /*
   * Locks a byte for as long as the process lives. The first call for a file decides: *ret_offset
   * is the byte that the process has in it. As lock_byte and open_bytes.
   */
  int (*lock_byte_for_life)(void *self, const char *path, uint64_t offset, uint64_t *ret_offset);

  /* Waits for a moment between two tries. */
  void (*pause_ms)(void *self, int ms);

  /* True if both are one path by their text: nothing is looked for. */
  bool (*same_path)(void *self, const char *a, const char *b);

  /*
   * Which folder a path leads to, links followed. HPR_EBUSY: its file system has not answered in
   * that time. HPR_ENOENT: no folder. HPR_ENOTSUP: the system cannot promise not to wait. Any
   * thread.
   */
  int (*folder)(void *self, const char *path, hpr_patience patience, hpr_folder_id *ret_id);

  /*
   * True if other hosts may write to the folder: unless the system says that its file system is
   * this host's alone.
   */
  bool (*is_shared)(void *self, const char *folder);

  /* True if a socket can have that name: absolute, and not too long. Looks at the text alone. */
  bool (*names_socket)(void *self, const char *path);
} hpr_file_ops;

/* This system's own implementation. Static storage, no state, any thread. */
const hpr_file_ops *hpr_file_native(void);

#endif
