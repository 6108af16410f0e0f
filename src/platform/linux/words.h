/* platform/linux/words.h: command lines and environments in /proc. */
#ifndef HPR_PLATFORM_LINUX_WORDS_H
#define HPR_PLATFORM_LINUX_WORDS_H

#include "platform/system.h"

/* hpr_system.words */
int hpr_words_read(int32_t pid, hpr_words what, char **ret_words, size_t *ret_size);

#endif
