/* platform/windows/handle.h: handles that stay with one process, OpenProcess. */
#ifndef HPR_PLATFORM_WINDOWS_HANDLE_H
#define HPR_PLATFORM_WINDOWS_HANDLE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * While anybody has a process open its pid is nobody else's, even when it has ended: what is
 * read and done through a handle is about one process, however long it takes.
 */

/* What a handle is for. */
typedef enum hpr_handle_use {
  HPR_HANDLE_LOOK, /* to look at it and to wait for its end */
  HPR_HANDLE_END,  /* to end it as well */
} hpr_handle_use;

/*
 * Opens whoever holds the pid, perhaps one that has ended. HPR_ESRCH: nobody; HPR_EACCES:
 * somebody who is not ours; HPR_ENOMEM, HPR_EMFILE, HPR_EUNKNOWN.
 */
int hpr_handle_open(int32_t pid, hpr_handle_use use, void **ret_handle);

/* NULL is a no-op. */
void hpr_handle_close(void *handle);

int32_t hpr_handle_pid(void *handle);

/* False if it has ended. */
bool hpr_handle_runs(void *handle);

/* When it was made, in the system's ticks; 0: the system would not tell. */
uint64_t hpr_handle_born(void *handle);

/* The pid of whoever made it, which may be another one's by now; 0: the system's own. */
int32_t hpr_handle_parent(void *handle);

/* Asks for its end and does not wait for it. HPR_ESRCH: it has ended; HPR_EACCES. */
int hpr_handle_end(void *handle);

#endif
