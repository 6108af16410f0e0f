/*
 * platform/posix/words.h: command lines and environments: in /proc, or by KERN_PROCARGS2,
 * sysctl(3).
 */
#ifndef HPR_PLATFORM_POSIX_WORDS_H
#define HPR_PLATFORM_POSIX_WORDS_H

#include "platform/system.h"

/* hpr_system.words */
int hpr_words_read(int32_t pid, hpr_words what, char **ret_words, size_t *ret_size);

#endif
