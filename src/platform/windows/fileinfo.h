/* platform/windows/fileinfo.h: what an open file is. */
#ifndef HPR_PLATFORM_WINDOWS_FILEINFO_H
#define HPR_PLATFORM_WINDOWS_FILEINFO_H

#include "platform/file.h"

/* A file that was opened with READ_CONTROL. HPR_EACCES, HPR_ENOMEM, … */
int hpr_fileinfo(void *file, hpr_file_info *ret_info);

/* True for links, mount points and all else that is not what it seems to be. */
bool hpr_fileinfo_is_reparse(void *file);

#endif
