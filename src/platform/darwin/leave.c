#include "platform/errand.h"

/* Threads have no descriptors of their own here. */
void hpr_errand_leave_files(int keep) { (void)keep; }
