/* platform/mark.h: tokens in the environment that a program was started with. */
#ifndef HPR_PLATFORM_MARK_H
#define HPR_PLATFORM_MARK_H

#include "platform/system.h"

/* See hpr_process_ops.mark; whose pid it is has not been checked. */
hpr_mark hpr_mark_of(const hpr_system *system, int32_t pid, const char *token,
                     const char *pid_file);

/* See hpr_process_ops.marked. */
size_t hpr_mark_first(const hpr_system *system, int32_t pid, const char *const tokens[],
                      size_t count, const char *pid_file);

#endif
