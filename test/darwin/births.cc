/* The part of support/system.h that macOS answers in its own way. */
#include "support/system.h"

const char kNoNames[] = "macOS gives processes no names";
const char kNoGroups[] = "macOS has no descriptors that reach groups";

const char kNoFinding[] = "macOS finds nobody by a name";

bool KernelNamesProcesses() { return false; }
bool KernelFindsByName() { return false; }
bool KernelSignalsGroups() { return false; }
