/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): stdlib.h asks for it */
#define _CRT_RAND_S /* rand_s: the system's own generator, without another library */
#include "platform/windows/self.h"

#include <stdlib.h>
#include <windows.h>

#include "platform/windows/ticks.h"

int32_t hpr_self_pid(void) { return (int32_t)GetCurrentProcessId(); }

int64_t hpr_self_now_ms(void) {
  FILETIME now;
  GetSystemTimePreciseAsFileTime(&now);
  return hpr_ticks_to_ms(hpr_ticks(now.dwLowDateTime, now.dwHighDateTime));
}

int64_t hpr_self_clock_ms(void) {
  ULONGLONG ticks = 0;
  QueryUnbiasedInterruptTime(&ticks);
  return (int64_t)(ticks / HPR_TICKS_PER_MS);
}

int64_t hpr_self_boot_ms(void) { return (int64_t)GetTickCount64(); }

uint64_t hpr_self_nonce(void) {
  unsigned low, high;
  if (rand_s(&low) == 0 && rand_s(&high) == 0) return (uint64_t)high << 32 | low;
  /* Time and place tell us apart, too. */
  LARGE_INTEGER count;
  QueryPerformanceCounter(&count);
  return (uint64_t)count.QuadPart << 16 ^ (uint64_t)hpr_self_pid() << 48 ^
         (uint64_t)(uintptr_t)&count;
}
