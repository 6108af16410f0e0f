#include "platform/posix/ofd.h"

#include <fcntl.h>

const int hpr_ofd_set = F_OFD_SETLK, hpr_ofd_get = F_OFD_GETLK;

/* glibc takes a library's fork handlers away with it; musl never unloads one. */
void hpr_ofd_stay_loaded(void) {}
