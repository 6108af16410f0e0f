/* A stand-in for macOS's <sys/proc.h>. */
#ifndef STAND_IN_SYS_PROC_H
#define STAND_IN_SYS_PROC_H

enum { SRUN = 2, SSTOP = 4, SZOMB = 5 };

#endif
