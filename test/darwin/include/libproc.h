/* A stand-in for macOS's <libproc.h>: ../processes.c answers from /proc. */
#ifndef STAND_IN_LIBPROC_H
#define STAND_IN_LIBPROC_H

#include <stdint.h>
#include <sys/proc_info.h>

int proc_pidinfo(int pid, int flavor, uint64_t arg, void *buffer, int size);
int proc_listpids(uint32_t type, uint32_t typeinfo, void *buffer, int size);
int proc_listallpids(void *buffer, int size);

#endif
