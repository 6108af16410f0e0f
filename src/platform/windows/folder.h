/* platform/windows/folder.h: making and listing folders, comparing their names. */
#ifndef HPR_PLATFORM_WINDOWS_FOLDER_H
#define HPR_PLATFORM_WINDOWS_FOLDER_H

#include "platform/file.h"

/* The functions of hpr_file_ops, whose contracts stand there. */
int hpr_folder_make(const char *path);
int hpr_folder_list(const char *folder, hpr_file_visit visit, void *context);
bool hpr_folder_same_path(const char *a, const char *b);
bool hpr_folder_is_shared(const char *folder);

#endif
