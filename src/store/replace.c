#include "store/replace.h"

#include <stdlib.h>
#include <string.h>

/* Interruptions in a row that are no accident any more. */
enum { INTERRUPTIONS = 100 };

char *hpr_path_beside(const char *path, const char *suffix) {
  const size_t length = strlen(path), size = strlen(suffix) + 1;
  char *beside = malloc(length + size);
  if (!beside) return NULL;
  memcpy(beside, path, length);
  memcpy(beside + length, suffix, size);
  return beside;
}

bool hpr_same_file(const hpr_file_info *a, const hpr_file_info *b) {
  return a->inode == b->inode && a->device == b->device;
}

bool hpr_same_version(const hpr_file_info *a, const hpr_file_info *b) {
  return hpr_same_file(a, b) && a->size_bytes == b->size_bytes && a->modified_ns == b->modified_ns;
}

int hpr_check_private(const hpr_file_info *info) {
  return info->regular && info->ours && !info->writable_by_all ? 0 : HPR_EUNSAFE;
}

/* A file may shrink or grow while we read; what counts is the bytes that come. */
static int read_all(const hpr_file_ops *files, hpr_file file, char *text, size_t size,
                    size_t *ret_size) {
  size_t length = 0;
  for (int interruptions = 0; length < size;) {
    size_t count;
    int result = files->read(files->self, file, text + length, size - length, &count);
    if (result == HPR_EINTR && ++interruptions < INTERRUPTIONS) continue;
    if (result != 0) return result;
    if (count == 0) break;
    length += count;
    interruptions = 0;
  }
  *ret_size = length;
  return 0;
}

int hpr_read_whole(const hpr_file_ops *files, const char *path, int64_t max_bytes, char **ret_text,
                   hpr_file_info *ret_info) {
  hpr_file file;
  hpr_file_info info;
  char *text = NULL;
  int result = files->open(files->self, path, &file);
  if (result != 0) return result;
  result = files->info(files->self, file, &info);
  if (result == 0) result = hpr_check_private(&info);
  if (result == 0 && info.size_bytes > max_bytes) result = HPR_ETOOBIG;
  if (result == 0 && !(text = malloc((size_t)info.size_bytes + 1))) result = HPR_ENOMEM;
  size_t size = 0;
  if (result == 0) result = read_all(files, file, text, (size_t)info.size_bytes, &size);
  files->close(files->self, file);
  if (result != 0) {
    free(text);
    return result;
  }
  info.size_bytes = (int64_t)size;
  *ret_text = text;
  *ret_info = info;
  return 0;
}

int hpr_write_at(const hpr_file_ops *files, hpr_file file, uint64_t offset, const char *text,
                 size_t length) {
  for (int interruptions = 0; length > 0;) {
    size_t count;
    int result = files->write_at(files->self, file, offset, text, length, &count);
    if (result == HPR_EINTR && ++interruptions < INTERRUPTIONS) continue;
    if (result != 0) return result;
    if (count == 0) return HPR_EIO;
    text += count;
    offset += count;
    length -= count;
    interruptions = 0;
  }
  return 0;
}

int hpr_write_new(const hpr_file_ops *files, const char *path, const char *text, size_t length,
                  hpr_file_info *ret_info) {
  hpr_file file;
  int result = files->create(files->self, path, &file);
  if (result != 0) return result;
  result = hpr_write_at(files, file, 0, text, length);
  if (result == 0) result = files->info(files->self, file, ret_info);
  files->close(files->self, file);
  if (result != 0) files->unlink(files->self, path);
  return result;
}

/* The date of a file that is written to may come late, where somebody else keeps it. */
int hpr_ask_time(const hpr_file_ops *files, const char *path, int64_t *ret_now_ms) {
  hpr_file_info info;
  const int result = hpr_write_new(files, path, "", 0, &info);
  if (result != 0) return result;
  files->unlink(files->self, path);
  if (info.modified_ns <= 0) return HPR_EUNKNOWN;
  *ret_now_ms = info.modified_ns / 1000000;
  return 0;
}

int hpr_make_parents(const hpr_file_ops *files, const char *path) {
  char *folder = strdup(path);
  if (!folder) return HPR_ENOMEM;
  int result = 0;
  for (char *end = strpbrk(folder + 1, files->separators); end && result != HPR_EINTR;
       end = strpbrk(end + 1, files->separators)) {
    const char separator = *end;
    *end = '\0';
    const int made = files->make_folder(files->self, folder);
    /* Below a folder that could not be made there is nothing: why it could not is what counts. */
    if (made != HPR_ENOENT || result == 0 || result == HPR_EEXIST) result = made;
    *end = separator;
  }
  free(folder);
  return result == HPR_EEXIST ? 0 : result;
}
