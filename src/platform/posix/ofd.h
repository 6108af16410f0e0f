/* platform/posix/ofd.h: fcntl(2)'s commands for locks that belong to an opening of a file. */
#ifndef HPR_PLATFORM_POSIX_OFD_H
#define HPR_PLATFORM_POSIX_OFD_H

/* F_OFD_SETLK and F_OFD_GETLK. Where the kernel has them not, fcntl says EINVAL. */
extern const int hpr_ofd_set, hpr_ofd_get;

/* To be called once before the first fork handler is set: our code must stay in memory for it. */
void hpr_ofd_stay_loaded(void);

#endif
