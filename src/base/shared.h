/* base/shared.h: a text that is kept once for all who have it. */
#ifndef HPR_BASE_SHARED_H
#define HPR_BASE_SHARED_H

#include <stddef.h>

/* A copy, with one use. NULL: no memory. It is read as any text, and never written. */
char *hpr_shared_new(const char *text);

/* One use more, and one less: the last frees it. NULL is a no-op. */
char *hpr_shared_use(char *text);
void hpr_shared_drop(char *text);

size_t hpr_shared_uses(const char *text);

#endif
