/* base/text.h: questions about C strings that several layers ask. */
#ifndef HPR_BASE_TEXT_H
#define HPR_BASE_TEXT_H

#include <stdbool.h>

/* Equal to the letter. NULL is equal to nothing, not even to NULL. */
bool hpr_same_text(const char *a, const char *b);

#endif
