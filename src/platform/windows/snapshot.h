/* platform/windows/snapshot.h: the numbers of all processes and of their makers, at one moment. */
#ifndef HPR_PLATFORM_WINDOWS_SNAPSHOT_H
#define HPR_PLATFORM_WINDOWS_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

typedef struct hpr_snapshot_row {
  int32_t pid, parent;
} hpr_snapshot_row;

/* Numbers alone prove nothing: the processes of this moment may be gone, and so their makers. */
typedef struct hpr_snapshot {
  hpr_snapshot_row *rows;
  size_t count;
} hpr_snapshot;

/* HPR_ENOMEM, HPR_EMFILE, HPR_EUNKNOWN: the system shows none. */
int hpr_snapshot_init(hpr_snapshot *snapshot);
void hpr_snapshot_done(hpr_snapshot *snapshot);

/* 0: not there, or made by the system itself. */
int32_t hpr_snapshot_parent(const hpr_snapshot *snapshot, int32_t pid);

/* The file name of a process's program, as UTF-16; valid during the call. */
typedef void (*hpr_snapshot_visit)(void *context, const hpr_snapshot_row *row,
                                   const wchar_t *program);

/* The same without keeping anything. */
int hpr_snapshot_each(hpr_snapshot_visit visit, void *context);

#endif
