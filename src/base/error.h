/* base/error.h: the one list of error codes, the same numbers on every system. */
#ifndef HPR_BASE_ERROR_H
#define HPR_BASE_ERROR_H

/*
 * Functions return 0 or one of these. A system's own numbers are translated at the line of the
 * system call and go no further. Values are stable: scripts may compare them.
 */
typedef enum hpr_error {
  HPR_OK = 0,
  HPR_EINVAL = -1,      /* an argument is out of range */
  HPR_ENOMEM = -2,      /* out of memory; nothing was changed */
  HPR_ESRCH = -3,       /* no such process, or a zombie */
  HPR_ESTRANGER = -4,   /* another process holds the pid now */
  HPR_EFOREIGN = -5,    /* exists, but another user's or another host's: not ours to signal */
  HPR_EUNKNOWN = -6,    /* could not be determined, so nothing was done */
  HPR_EFORBIDDEN = -7,  /* pid 1 or less, ourselves, our group, our ancestors */
  HPR_ENOTKIN = -8,     /* was no descendant of ours, or no relative of its entry, when recorded */
  HPR_ENOENT = -9,      /* no such file, entry or session */
  HPR_EEXIST = -10,     /* the file exists already */
  HPR_EACCES = -11,     /* permission denied */
  HPR_ENOSPC = -12,     /* disk or quota full */
  HPR_EIO = -13,        /* the device failed, or any other failure of a system call */
  HPR_EMFILE = -14,     /* no descriptor left, in this process or on this system */
  HPR_EROFS = -15,      /* read-only file system */
  HPR_EBUSY = -16,      /* somebody else holds the lock, or the file is a mount point */
  HPR_ENOTSUP = -17,    /* this system or file system does not offer it */
  HPR_EUNSAFE = -18,    /* not a regular file, a symbolic link, another user's, or world-writable */
  HPR_ETOOBIG = -19,    /* larger than we are willing to read */
  HPR_ECORRUPT = -20,   /* not the text that we write; salvaged or set aside */
  HPR_ECLOSED = -21,    /* the registry was closed */
  HPR_EFORKED = -22,    /* called in a forked child: only the process that opened it may act */
  HPR_EINTR = -23,      /* interrupted by a signal; call again */
  HPR_EPOLLED = -24,    /* watched by polling, for lack of descriptors */
  HPR_EUNWATCHED = -25, /* a watch could not be set; it is retried */
  HPR_EGUESS = -26,     /* a session is, or was, linked by its folder alone */
  HPR_EGUARD = -27,     /* nothing was done: tests run with the real home folder */
  HPR_ENOLCK = -28,     /* files cannot be locked here */
  HPR_EABANDONED = -29, /* another host's entry, unclaimed for 7 days, was dropped */
  HPR_EWITHHELD = -30,  /* the kernel or a seccomp filter refuses pidfds */
} hpr_error;

/* "HPR_ESRCH" for HPR_ESRCH; "HPR_EUNKNOWN" for a number not in the list. Static storage. */
const char *hpr_error_name(int error);

/* A sentence for people, without a full stop. Static storage. */
const char *hpr_error_text(int error);

#endif
