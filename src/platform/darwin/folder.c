#include "platform/posix/folder.h"

/* Nothing here can be asked without waiting for a file system. */
int hpr_folder_find(const char *path, hpr_patience patience, hpr_folder_id *ret_id) {
  (void)path;
  (void)patience;
  (void)ret_id;
  return HPR_ENOTSUP;
}
