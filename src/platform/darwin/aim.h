/* platform/darwin/aim.h: finds the process, or the group, that an identity stands for. */
#ifndef HPR_PLATFORM_DARWIN_AIM_H
#define HPR_PLATFORM_DARWIN_AIM_H

#include <stdbool.h>

#include "platform/process.h"

/* A verdict and, if it is SAME or GROUP, what it is about. */
typedef struct hpr_aim {
  hpr_verdict verdict;
  bool group; /* the group that it leads, or led */
} hpr_aim;

/* `here` is the text of hpr_boot_read. Never signals. */
hpr_aim hpr_aim_take(const char *here, const hpr_identity *identity);

/*
 * Signals what was aimed at, by number: this system has nothing better, so the look and the signal
 * belong close together. HPR_ESRCH, HPR_EFOREIGN, or what verdicts other than SAME and GROUP stand
 * for.
 */
int hpr_aim_signal(const hpr_aim *aim, const hpr_identity *identity, int signum);

#endif
