/*
 * darwin.h: what macOS declares in headers that Linux has under the same names. Included before
 * every file when the code for macOS is tried on Linux, npm run check:darwin. The headers beside it
 * stand in for those that Linux has not; what they declare is answered from /proc and pidfds.
 */
#ifndef STAND_IN_DARWIN_H
#define STAND_IN_DARWIN_H

#define _GNU_SOURCE 1
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>

enum { RENAME_SWAP = 2, MNT_LOCAL = 0x1000 };

/* sys/un.h */
enum { SOL_LOCAL = 0, LOCAL_PEERPID = 2 };
#define getsockopt stand_in_getsockopt

#define st_mtimespec st_mtim

/* statfs(2) of macOS tells by a flag whether a file system is local. */
#define statfs stand_in_statfs
struct stand_in_statfs {
  unsigned f_flags;
};

/* fcntl(2) of macOS has its own numbers for locks of an open file. */
#define fcntl stand_in_fcntl

/* kill(2) of macOS: a group of zombies alone is EPERM. */
#define kill stand_in_kill

#ifdef __cplusplus
extern "C" {
#endif
int stand_in_fcntl(int fd, int command, ...);
int stand_in_kill(pid_t pid, int signum);
int stand_in_getsockopt(int fd, int level, int name, void *ret_value, unsigned *size);
int stand_in_statfs(const char *path, struct stand_in_statfs *ret_info);
int renamex_np(const char *from, const char *to, unsigned flags);
#ifdef __cplusplus
}
#endif

#endif
