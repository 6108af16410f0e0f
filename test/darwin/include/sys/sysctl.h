/* A stand-in for macOS's <sys/sysctl.h>. */
#ifndef STAND_IN_SYS_SYSCTL_H
#define STAND_IN_SYS_SYSCTL_H

#include <stddef.h>

enum { CTL_KERN = 1, KERN_ARGMAX = 8, KERN_PROCARGS2 = 49 };

int sysctl(int *name, unsigned count, void *old, size_t *size, void *new_value, size_t new_size);
int sysctlbyname(const char *name, void *old, size_t *size, void *new_value, size_t new_size);

#endif
