#include "store/spare.h"

#include <stdlib.h>

#include "store/replace.h"

int hpr_spare_init(hpr_spare *spare, const char *path, const hpr_file_ops *files) {
  *spare = (hpr_spare){.files = files, .path = path};
  spare->spare_path = hpr_path_beside(path, ".spare");
  return spare->spare_path ? 0 : HPR_ENOMEM;
}

/* --- who is who ----------------------------------------------------------------------------- */

static void unpin(const hpr_spare *spare, hpr_file_info *info, hpr_file pin) {
  if (info->inode != 0 && !spare->files->numbers_last) spare->files->close(spare->files->self, pin);
  *info = (hpr_file_info){0};
}

/* HPR_EINTR: another file has that name now. */
static int pin(const hpr_spare *spare, const char *path, const hpr_file_info *info,
               hpr_file *ret_pin) {
  const hpr_file_ops *files = spare->files;
  hpr_file_info now;
  hpr_file file;
  if (files->numbers_last) return 0;
  int result = files->pin(files->self, path, &file);
  if (result != 0) return result;
  result = files->info(files->self, file, &now);
  if (result == 0 && !hpr_same_file(&now, info)) result = HPR_EINTR;
  if (result == 0)
    *ret_pin = file;
  else
    files->close(files->self, file);
  return result;
}

static bool is_private(const hpr_file_info *info) {
  return info->regular && info->ours && !info->exposed && info->links == 1;
}

bool hpr_spare_is_live(const hpr_spare *spare, const hpr_file_info *now) {
  return spare->live.inode != 0 && hpr_same_version(&spare->live, now);
}

void hpr_spare_forget(hpr_spare *spare) { unpin(spare, &spare->live, spare->live_pin); }

int hpr_spare_note_read(hpr_spare *spare, const hpr_file_info *read) {
  hpr_file live_pin = 0;
  const int result = pin(spare, spare->path, read, &live_pin);
  if (result != 0) return result;
  hpr_spare_forget(spare);
  spare->live = *read;
  spare->live_pin = live_pin;
  return 0;
}

void hpr_spare_distrust(hpr_spare *spare) { spare->behind.whole = true; }

void hpr_spare_remove(hpr_spare *spare) {
  if (spare->spare.inode == 0) return;
  spare->files->unlink(spare->files->self, spare->spare_path);
  unpin(spare, &spare->spare, spare->spare_pin);
}

void hpr_spare_done(hpr_spare *spare) {
  if (spare->files) {
    hpr_spare_forget(spare);
    unpin(spare, &spare->spare, spare->spare_pin);
  }
  hpr_pieces_done(&spare->behind);
  free(spare->spare_path);
  *spare = (hpr_spare){0};
}

/* --- by the spare --------------------------------------------------------------------------- */

/* It may be another file than before, which somebody else has left there. */
static int meet(hpr_spare *spare, const hpr_file_info *info) {
  if (!hpr_same_version(&spare->spare, info)) hpr_spare_distrust(spare);
  if (hpr_same_file(&spare->spare, info)) return 0;
  unpin(spare, &spare->spare, spare->spare_pin);
  const int result = pin(spare, spare->spare_path, info, &spare->spare_pin);
  if (result == 0) spare->spare = *info;
  return result;
}

static int write_piece(const hpr_spare *spare, const hpr_spare_text *text, hpr_piece piece,
                       hpr_file file, hpr_buffer *buffer) {
  hpr_buffer_clear(buffer);
  const int result = text->print(text->self, piece, buffer);
  return result ? result : hpr_write_at(spare->files, file, piece.at, buffer->text, buffer->length);
}

static int write_pieces(const hpr_spare *spare, const hpr_spare_text *text, hpr_file file,
                        const hpr_pieces *pieces) {
  const hpr_piece whole = {.at = 0, .end = text->size};
  const size_t count = pieces->whole ? 1 : pieces->count;
  hpr_buffer buffer = {0};
  int result = 0;
  for (size_t i = 0; i < count && result == 0; i++)
    result = write_piece(spare, text, pieces->whole ? whole : pieces->list[i], file, &buffer);
  hpr_buffer_done(&buffer);
  return result;
}

static int bring_up_to_date(hpr_spare *spare, const hpr_spare_text *text, hpr_file file,
                            hpr_file_info *ret_info) {
  const hpr_file_ops *files = spare->files;
  int result = files->info(files->self, file, ret_info);
  if (result == 0 && !is_private(ret_info)) result = HPR_EUNSAFE;
  if (result == 0) result = meet(spare, ret_info);
  if (result != 0) return result;
  hpr_pieces_add_all(&spare->behind, text->changed);
  hpr_pieces_sort(&spare->behind);
  result = write_pieces(spare, text, file, &spare->behind);
  /* Whoever found it under the live name and waits for it must not take half of each for a file. */
  if (result != 0) files->resize(files->self, file, 0);
  if (result == 0 && ret_info->size_bytes > (int64_t)text->size)
    result = files->resize(files->self, file, text->size);
  return result ? result : files->info(files->self, file, ret_info);
}

static void change_places(hpr_spare *spare, const hpr_file_info *info, const hpr_pieces *changed) {
  const hpr_file newer = spare->spare_pin;
  spare->spare = spare->live;
  spare->spare_pin = spare->live_pin;
  spare->live = *info;
  spare->live_pin = newer;
  hpr_pieces_clear(&spare->behind);
  hpr_pieces_add_all(&spare->behind, changed);
}

/*
 * The lease is given back before the files change places: a plain open(2) of a live file that a
 * stopped server holds would wait for 45 s. If it was taken from us meanwhile, which happens to who
 * is stopped for as long, somebody may have read what was half written, and holds it open now.
 */
static int write_leased(hpr_spare *spare, const hpr_spare_text *text, hpr_file file,
                        hpr_file_info *ret_info) {
  const hpr_file_ops *files = spare->files;
  int result = bring_up_to_date(spare, text, file, ret_info);
  const int ended = files->end_lease(files->self, file);
  files->close(files->self, file);
  if (result == 0) result = ended;
  return result ? result : files->exchange(files->self, spare->spare_path, spare->path);
}

int hpr_spare_write(hpr_spare *spare, const hpr_spare_text *text) {
  const hpr_file_ops *files = spare->files;
  hpr_file file;
  hpr_file_info info;
  int result = files->open_leased(files->self, spare->spare_path, &file);
  if (result == HPR_ENOTSUP) {
    spare->refused = true;
    hpr_spare_remove(spare);
  }
  if (result != 0) return result;
  result = write_leased(spare, text, file, &info);
  if (result == 0) change_places(spare, &info, text->changed);
  return result;
}

/* --- by a new file -------------------------------------------------------------------------- */

static int make(const hpr_spare *spare, const hpr_spare_text *text, const char *temporary,
                hpr_file_info *ret_info) {
  const hpr_piece whole = {.at = 0, .end = text->size};
  hpr_buffer buffer = {0};
  int result = text->print(text->self, whole, &buffer);
  if (result == 0)
    result = hpr_write_new(spare->files, temporary, buffer.text, buffer.length, ret_info);
  hpr_buffer_done(&buffer);
  return result;
}

/* The file that had the name has that of the new one now. */
static void keep_old(hpr_spare *spare, const char *temporary, bool keep,
                     const hpr_pieces *changed) {
  const hpr_file_ops *files = spare->files;
  hpr_file_info spared = spare->live;
  if (!keep || spare->refused || !is_private(&spared) ||
      files->rename(files->self, temporary, spare->spare_path) != 0) {
    files->unlink(files->self, temporary);
    hpr_spare_forget(spare);
    hpr_spare_distrust(spare);
    return;
  }
  unpin(spare, &spare->spare, spare->spare_pin);
  spare->spare = spared;
  spare->spare_pin = spare->live_pin;
  spare->live = (hpr_file_info){0};
  hpr_pieces_clear(&spare->behind);
  hpr_pieces_add_all(&spare->behind, changed);
}

/*
 * Exchange and not rename where there is a file: ext4 writes the data out at once when a rename
 * replaces a file (mount option auto_da_alloc, ext4(5)), which we do not need.
 */
static int take_name(hpr_spare *spare, const char *temporary, bool keep,
                     const hpr_pieces *changed) {
  const hpr_file_ops *files = spare->files;
  int result = files->exchange(files->self, temporary, spare->path);
  if (result == 0) {
    keep_old(spare, temporary, keep, changed);
    return 0;
  }
  if (result == HPR_ENOTSUP) spare->refused = true;
  result = files->rename(files->self, temporary, spare->path);
  if (result != 0) {
    files->unlink(files->self, temporary);
    return result;
  }
  hpr_spare_forget(spare);
  hpr_spare_distrust(spare);
  return 0;
}

int hpr_spare_replace(hpr_spare *spare, const hpr_spare_text *text, const char *temporary,
                      bool keep) {
  hpr_file_info info;
  hpr_file new_pin = 0;
  int result = make(spare, text, temporary, &info);
  if (result != 0) return result;
  result = pin(spare, temporary, &info, &new_pin);
  if (result != 0) {
    spare->files->unlink(spare->files->self, temporary);
    return result;
  }
  result = take_name(spare, temporary, keep, text->changed);
  if (result == 0) {
    spare->live = info;
    spare->live_pin = new_pin;
  } else {
    unpin(spare, &info, new_pin);
  }
  return result;
}
