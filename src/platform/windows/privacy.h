/* platform/windows/privacy.h: who owns a file, who may write to it, and files of our own alone. */
#ifndef HPR_PLATFORM_WINDOWS_PRIVACY_H
#define HPR_PLATFORM_WINDOWS_PRIVACY_H

#include <stdbool.h>

/* A security descriptor; the system's own structure. */
typedef struct hpr_privacy {
  void *descriptor;
} hpr_privacy;

/*
 * What a new file, or a new folder and what is made in it, gets: owned by us, open to nobody else,
 * whatever the folder above would hand down (mode 0600, as it were). HPR_ENOMEM, HPR_EIO.
 */
int hpr_privacy_init(hpr_privacy *privacy, bool folder);
void hpr_privacy_done(hpr_privacy *privacy);

/*
 * Looks at an open file. `ret_ours`: we own it, or new files of ours would have that owner.
 * `ret_writable_by_all`: a group that everybody is in may change it. HPR_EACCES, HPR_ENOMEM, …
 */
int hpr_privacy_look(void *file, bool *ret_ours, bool *ret_writable_by_all);

#endif
