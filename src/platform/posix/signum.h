/* platform/posix/signum.h: the numbers of signals, which differ between systems. */
#ifndef HPR_PLATFORM_POSIX_SIGNUM_H
#define HPR_PLATFORM_POSIX_SIGNUM_H

#include "platform/process.h"

int hpr_signum_of(hpr_signal signal);

#endif
