/* platform/darwin/bsdinfo.h: what proc_pidinfo tells of a process. */
#ifndef HPR_PLATFORM_DARWIN_BSDINFO_H
#define HPR_PLATFORM_DARWIN_BSDINFO_H

#include "platform/system.h"

/*
 * Start times are in microseconds since 1970; the system tells them of our own user's processes
 * only. HPR_ESRCH: nobody has that number. HPR_EUNKNOWN: not to be told.
 */
int hpr_bsd_look(int32_t pid, hpr_facts *ret_facts);

/*
 * The first ones of a large group will do, kill(2) says nothing about it: of a group of zombies it
 * says EPERM (XNU, bsd/kern/kern_sig.c).
 */
int hpr_bsd_visit(int32_t group, hpr_visit visit, void *context);

/* hpr_system.same_user */
bool hpr_bsd_same_user(int32_t a, int32_t b);

/* hpr_system.other_user */
uint32_t hpr_bsd_other_user(int32_t pid);

/* See hpr_system.folder. */
int hpr_bsd_folder(int32_t pid, char **ret_path);

#endif
