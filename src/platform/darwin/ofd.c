#include "platform/posix/ofd.h"

#include <dlfcn.h>
#include <stddef.h>

/* From xnu's bsd/sys/fcntl.h, which keeps them from programs; the kernel answers all the same. */
const int hpr_ofd_set = 90, hpr_ofd_get = 92;

/* A fork handler of a library that was unloaded would be called all the same. */
void hpr_ofd_stay_loaded(void) {
  Dl_info here;
  if (dladdr((const void *)&hpr_ofd_set, &here))
    (void)dlopen(here.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}
