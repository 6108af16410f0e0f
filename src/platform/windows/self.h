/* platform/windows/self.h: what this very process knows without asking about any other. */
#ifndef HPR_PLATFORM_WINDOWS_SELF_H
#define HPR_PLATFORM_WINDOWS_SELF_H

#include <stdint.h>

enum { HPR_SYSTEM_PID = 4 }; /* the kernel's threads; programs have larger ones */

int32_t hpr_self_pid(void);

/* Wall clock, in milliseconds since 1970. */
int64_t hpr_self_now_ms(void);

/* Since this boot, without and with the time in which the machine slept. */
int64_t hpr_self_clock_ms(void);
int64_t hpr_self_boot_ms(void);

/* 64 bits that nobody else has. */
uint64_t hpr_self_nonce(void);

#endif
