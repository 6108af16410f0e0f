#include "platform/posix/shared.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/vfs.h>
#include <unistd.h>

/*
 * The file systems of one kernel alone, by the numbers of linux/magic.h and their own sources. What
 * is not listed may be shared: NFS, SMB, FUSE (sshfs, virtiofs, but ntfs-3g as well), 9p, Ceph,
 * GFS2, OCFS2, vboxsf and those that are yet to come.
 */
static const uint32_t local_systems[] = {
    0xEF53,     /* ext2, ext3, ext4 */
    0x58465342, /* xfs */
    0x9123683E, /* btrfs */
    0xF2F52010, /* f2fs */
    0x2FC12FC1, /* zfs */
    0xCA451A4E, /* bcachefs */
    0x52654973, /* reiserfs */
    0x3153464A, /* jfs */
    0x3434,     /* nilfs2 */
    0x01021994, /* tmpfs */
    0x858458F6, /* ramfs */
    0x794C7630, /* overlayfs */
    0x61756673, /* aufs */
    0xF15F,     /* ecryptfs */
    0x4D44,     /* fat */
    0x2011BAB0, /* exfat */
    0x7366746E, /* ntfs3 */
    0x482B,     /* hfsplus */
    0x4253584E, /* apfs */
    0x00011954, /* ufs */
    0x15013346, /* udf */
};

bool hpr_is_shared(const char *folder) {
  struct statfs system;
  const int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return true;
  const bool told = fstatfs(fd, &system) == 0;
  close(fd);
  for (size_t i = 0; told && i < sizeof local_systems / sizeof local_systems[0]; i++)
    if ((uint32_t)system.f_type == local_systems[i]) return false;
  return true;
}
