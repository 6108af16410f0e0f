/* platform/windows/pause.h: waiting for some milliseconds, and not for a tick of 16. */
#ifndef HPR_PLATFORM_WINDOWS_PAUSE_H
#define HPR_PLATFORM_WINDOWS_PAUSE_H

void hpr_pause_ms(int ms);

#endif
