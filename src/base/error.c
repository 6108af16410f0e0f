#include "base/error.h"

#include <stddef.h>

typedef struct hpr_error_row {
  int error;
  const char *name;
  const char *text;
} hpr_error_row;

static const hpr_error_row rows[] = {
    {HPR_OK, "HPR_OK", "success"},
    {HPR_EINVAL, "HPR_EINVAL", "an argument is out of range"},
    {HPR_ENOMEM, "HPR_ENOMEM", "out of memory"},
    {HPR_ESRCH, "HPR_ESRCH", "no such process"},
    {HPR_ESTRANGER, "HPR_ESTRANGER", "another process holds the pid now"},
    {HPR_EFOREIGN, "HPR_EFOREIGN", "the process belongs to another user or host"},
    {HPR_EUNKNOWN, "HPR_EUNKNOWN", "the identity of the process could not be determined"},
    {HPR_EFORBIDDEN, "HPR_EFORBIDDEN",
     "this process, its group and its ancestors are never signalled"},
    {HPR_ENOTKIN, "HPR_ENOTKIN", "the process is not provably ours, so it is never signalled"},
    {HPR_ENOENT, "HPR_ENOENT", "no such file or entry"},
    {HPR_EEXIST, "HPR_EEXIST", "the file exists already"},
    {HPR_EACCES, "HPR_EACCES", "permission denied"},
    {HPR_ENOSPC, "HPR_ENOSPC", "no space left"},
    {HPR_EIO, "HPR_EIO", "input or output failed"},
    {HPR_EMFILE, "HPR_EMFILE", "no file descriptor left"},
    {HPR_EROFS, "HPR_EROFS", "the file system is read-only"},
    {HPR_EBUSY, "HPR_EBUSY", "another process holds the lock, or the file is a mount point"},
    {HPR_ENOTSUP, "HPR_ENOTSUP", "not supported here"},
    {HPR_EUNSAFE, "HPR_EUNSAFE",
     "not a private regular file (it is a link, a device, another user's, or writable by "
     "everybody)"},
    {HPR_ETOOBIG, "HPR_ETOOBIG", "the file is too large"},
    {HPR_ECORRUPT, "HPR_ECORRUPT", "the pid file was damaged; a copy is kept"},
    {HPR_ECLOSED, "HPR_ECLOSED", "the registry is closed"},
    {HPR_EFORKED, "HPR_EFORKED", "the registry was opened by another process"},
    {HPR_EINTR, "HPR_EINTR", "interrupted by a signal"},
    {HPR_EPOLLED, "HPR_EPOLLED",
     "few file descriptors are left, so some processes are polled ten times a second"},
    {HPR_EGUESS, "HPR_EGUESS", "a session linked by its folder alone is a guess"},
    {HPR_EGUARD, "HPR_EGUARD", "nothing was done, because tests run with the real home folder"},
    {HPR_ENOLCK, "HPR_ENOLCK", "files cannot be locked here"},
    {HPR_EABANDONED, "HPR_EABANDONED",
     "an entry of another host or container was dropped: nobody has claimed it for 7 days"},
    {HPR_EWITHHELD, "HPR_EWITHHELD",
     "pidfds are refused here (an old kernel, or a seccomp filter): a PID could be reused between "
     "the check and the signal, and exits are polled ten times a second"},
    {HPR_EUNWATCHED, "HPR_EUNWATCHED",
     "the process cannot be watched now, so its exit may be noticed late; retrying"},
};

static const hpr_error_row *row_of(int error) {
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (rows[i].error == error) return &rows[i];
  return NULL;
}

const char *hpr_error_name(int error) {
  const hpr_error_row *row = row_of(error);
  return row ? row->name : "HPR_EUNKNOWN";
}

const char *hpr_error_text(int error) {
  const hpr_error_row *row = row_of(error);
  return row ? row->text : "unknown error";
}
