/* platform/posix/descent.h: who descends from whom, as far as the system tells at this moment. */
#ifndef HPR_PLATFORM_POSIX_DESCENT_H
#define HPR_PLATFORM_POSIX_DESCENT_H

#include <stdbool.h>
#include <stdint.h>

/* Is `ancestor` among the parents of `pid`? A pid is none of its own. */
bool hpr_kin_descends(int32_t pid, int32_t ancestor);

/* A process's parent, as each system tells it; -1: no such process, or it is hidden. */
int32_t hpr_parent_of(int32_t pid);

#endif
