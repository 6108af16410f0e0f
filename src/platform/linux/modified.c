#include "platform/posix/modified.h"

int64_t hpr_modified_ns(const struct stat *info) {
  return info->st_mtim.tv_sec * INT64_C(1000000000) + info->st_mtim.tv_nsec;
}
