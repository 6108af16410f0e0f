/* The part of support/system.h that macOS answers in its own way. */
#include "support/system.h"

const char kNoNames[] = "macOS gives processes no names";

bool KernelNamesProcesses() { return false; }
