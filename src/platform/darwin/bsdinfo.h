/* platform/darwin/bsdinfo.h: what proc_pidinfo tells of a process. */
#ifndef HPR_PLATFORM_DARWIN_BSDINFO_H
#define HPR_PLATFORM_DARWIN_BSDINFO_H

#include <stdbool.h>
#include <stdint.h>

/* At one moment; by the next the number may be another's. */
typedef struct hpr_bsd_info {
  int32_t parent, group;
  uint32_t user;   /* effective */
  bool dead;       /* a zombie */
  int64_t born_us; /* since 1970; 0: the system tells it of our own user's processes only */
} hpr_bsd_info;

/* HPR_ESRCH: nobody has that number. HPR_EUNKNOWN: not to be told. */
int hpr_bsd_info_read(int32_t pid, hpr_bsd_info *ret_info);

/*
 * HPR_ESRCH: nobody in that group lives. kill(2) cannot tell: of a group of zombies it says EPERM
 * (XNU, bsd/kern/kern_sig.c). HPR_EUNKNOWN: not to be told.
 */
int hpr_bsd_group_member(int32_t group);

#endif
