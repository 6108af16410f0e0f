#include "platform/windows/pause.h"

#include <stdbool.h>
#include <windows.h>

#include "platform/windows/ticks.h"

/* CREATE_WAITABLE_TIMER_HIGH_RESOLUTION of Windows 10 1803, which older headers lack. */
enum { HIGH_RESOLUTION = 2 };

/*
 * Sleep() wakes with the system's clock, every 15.6 ms unless a program asks for more: 150 tries
 * for a lock, 2 ms apart, would block for two seconds.
 */
static bool pause_exactly(int ms) {
  const LARGE_INTEGER due = {.QuadPart = -(LONGLONG)ms * HPR_TICKS_PER_MS}; /* from now on */
  HANDLE timer = CreateWaitableTimerExW(NULL, NULL, HIGH_RESOLUTION, TIMER_ALL_ACCESS);
  if (!timer) return false;
  const bool waited = SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE) &&
                      WaitForSingleObject(timer, INFINITE) == WAIT_OBJECT_0;
  CloseHandle(timer);
  return waited;
}

void hpr_pause_ms(int ms) {
  if (!pause_exactly(ms)) Sleep((DWORD)ms);
}
