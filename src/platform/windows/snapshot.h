/* platform/windows/snapshot.h: the numbers of all processes and of their makers, at one moment. */
#ifndef HPR_PLATFORM_WINDOWS_SNAPSHOT_H
#define HPR_PLATFORM_WINDOWS_SNAPSHOT_H

#include <stdint.h>
#include <wchar.h>

typedef struct hpr_snapshot_row {
  int32_t pid, parent;
} hpr_snapshot_row;

/* The file name of a process's program, as UTF-16; valid during the call. */
typedef void (*hpr_snapshot_visit)(void *context, const hpr_snapshot_row *row,
                                   const wchar_t *program);

/* Numbers alone prove nothing. HPR_ENOMEM, HPR_EMFILE, HPR_EUNKNOWN: the system shows none. */
int hpr_snapshot_each(hpr_snapshot_visit visit, void *context);

#endif
