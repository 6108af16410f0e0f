/* platform/windows/aim.h: finds the process that an identity stands for. */
#ifndef HPR_PLATFORM_WINDOWS_AIM_H
#define HPR_PLATFORM_WINDOWS_AIM_H

#include "platform/windows/identity.h"

/* A verdict and, if somebody holds the number, whoever that is. Windows has no groups. */
typedef struct hpr_aim {
  hpr_verdict verdict;
  void *handle; /* open to be ended if SAME, to be looked at otherwise; NULL: none */
} hpr_aim;

/* The caller owes hpr_aim_done, or takes the handle. */
hpr_aim hpr_aim_take(const hpr_here *here, const hpr_identity *identity);

void hpr_aim_done(const hpr_aim *aim);

/* 0 for SAME, and what the other verdicts stand for. */
int hpr_aim_error(const hpr_aim *aim);

#endif
