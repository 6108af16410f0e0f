#include "base/text.h"

#include <string.h>

bool hpr_same_text(const char *a, const char *b) { return a && b && strcmp(a, b) == 0; }
