/* platform/linux/aim.h: finds the process, or the group, that an identity stands for. */
#ifndef HPR_PLATFORM_LINUX_AIM_H
#define HPR_PLATFORM_LINUX_AIM_H

#include <stdbool.h>

#include "platform/linux/identity.h"

/* A verdict and, if it is SAME or GROUP, how to reach what it is about. */
typedef struct hpr_aim {
  hpr_verdict verdict;
  int fd;     /* a pidfd; -1: by number only */
  bool group; /* the group that it leads, or led */
} hpr_aim;

/* Never signals. The caller owes hpr_aim_done. */
hpr_aim hpr_aim_take(const hpr_here *here, const hpr_identity *identity);

void hpr_aim_done(const hpr_aim *aim);

/*
 * Signals what was aimed at. HPR_ESRCH, HPR_EFOREIGN, or what verdicts other than SAME and GROUP
 * stand for.
 */
int hpr_aim_signal(const hpr_aim *aim, const hpr_identity *identity, int signum);

#endif
