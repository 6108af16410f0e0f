/* platform/posix/folder.h: which folder a path leads to; POSIX cannot ask without waiting. */
#ifndef HPR_PLATFORM_POSIX_FOLDER_H
#define HPR_PLATFORM_POSIX_FOLDER_H

#include "platform/file.h"

/* See hpr_file_ops.folder. */
int hpr_folder_find(const char *path, hpr_patience patience, hpr_folder_id *ret_id);

#endif
