#include "store/pidfile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "store/layout.h"
#include "store/ownerfile.h"
#include "store/replace.h"
#include "store/spare.h"
#include "store/writelock.h"

enum {
  NAME_ROOM = 64,   /* for what is appended to the path */
  NAME_TRIES = 100, /* taken names to step over; more is an attack or a broken disk */
  ROOM_BYTES = HPR_PIDFILE_MAX_BYTES - 1024 * 1024, /* the rest is for what lines grow by */
  SYNC_TRIES = 4, /* network file systems interrupt any call on a signal, but not every time */
  SLACK = 64      /* for a session's name, with which a line grows */
};

static const uint64_t NO_READING = UINT64_MAX; /* it was read beside what we keep of it */

struct hpr_pidfile {
  const hpr_file_ops *files;
  char *path;
  char *beside; /* path with room for a suffix; the names of our other files */
  size_t path_length;
  hpr_document others;     /* what the file holds besides the client's entries */
  hpr_buffer announced;    /* the client's own announced tokens */
  hpr_spare spare;         /* the file as we last read or wrote it, and the one that is next */
  hpr_layout layout;       /* of its text */
  hpr_pieces changed;      /* in a sync */
  bool anew;               /* it was read, or its other entries have changed: no line has a place */
  uint64_t generation;     /* of the write lock, when it was read or written */
  uint64_t readings;       /* how often it was read, or had gone */
  size_t bytes;            /* that it has without blanks, as far as known */
  bool place_known, alone; /* whether no other host may read or write it */
  hpr_file_info set_aside; /* the damaged file that we last kept a copy of */
  hpr_writelock lock;      /* taken during a sync only */
  hpr_ownerfile *owners;
  hpr_sync_end last_sync;
  bool owner_due;              /* our own lock is to be taken, or taken again */
  bool unprovable;             /* it cannot be had here, and that was reported */
  int64_t time_ms;             /* of this sync, see hpr_pidfile_time; 0: not asked yet */
  uint64_t nonce, temporaries; /* names of temporary files: one constant, one counting up */
};

static const char *beside(hpr_pidfile *f, const char *suffix) {
  snprintf(f->beside + f->path_length, NAME_ROOM, "%s", suffix);
  return f->beside;
}

static int open_parts(hpr_pidfile *f, const char *path, bool is_init) {
  f->path_length = strlen(path);
  f->path = strdup(path);
  f->beside = malloc(f->path_length + NAME_ROOM);
  if (!f->path || !f->beside) return HPR_ENOMEM;
  memcpy(f->beside, path, f->path_length + 1);
  int result = hpr_spare_init(&f->spare, f->path, f->files);
  if (result == 0) result = hpr_writelock_init(&f->lock, path, f->files);
  return result ? result : hpr_ownerfile_open(path, f->nonce, is_init, f->files, &f->owners);
}

int hpr_pidfile_open(const char *path, uint64_t nonce, bool is_init, const hpr_file_ops *files,
                     hpr_pidfile **ret_pidfile) {
  hpr_pidfile *f = calloc(1, sizeof *f);
  if (!f) return HPR_ENOMEM;
  f->files = files;
  f->nonce = nonce;
  int result = open_parts(f, path, is_init);
  if (result == 0)
    *ret_pidfile = f;
  else
    hpr_pidfile_close(f);
  return result;
}

void hpr_pidfile_close(hpr_pidfile *f) {
  if (!f) return;
  hpr_spare_done(&f->spare);
  hpr_layout_done(&f->layout);
  hpr_pieces_done(&f->changed);
  hpr_ownerfile_close(f->owners);
  hpr_writelock_done(&f->lock);
  hpr_document_done(&f->others);
  hpr_buffer_done(&f->announced);
  free(f->path);
  free(f->beside);
  free(f);
}

void hpr_pidfile_leave(hpr_pidfile *f) { hpr_spare_remove(&f->spare); }

/* --- our own lock --------------------------------------------------------------------------- */

void hpr_pidfile_own(hpr_pidfile *f) { f->owner_due = true; }

/* Where there are no locks others judge us by our identity: good enough to go on. */
static void warn_unprovable(hpr_pidfile *f, const hpr_pidfile_client *client) {
  if (!f->unprovable) client->warn(client->self, HPR_ENOLCK, f->path);
  f->unprovable = true;
  f->owner_due = false;
}

/* What is not there now, and may be in a second. */
static bool is_shortage(int result) {
  return result == HPR_EMFILE || result == HPR_ENOMEM || result == HPR_ENOSPC;
}

/* Under the lock: rows name what proves us, from their next line on. */
static int take_ownership(hpr_pidfile *f, const hpr_pidfile_client *client) {
  if (f->lock.lockless) warn_unprovable(f, client);
  if (!f->owner_due) return 0;
  const int result = hpr_ownerfile_take(f->owners);
  if (result == HPR_ENOLCK) warn_unprovable(f, client);
  if (result != 0) return result == HPR_ENOLCK ? 0 : result;
  f->owner_due = false;
  client->owned(client->self, hpr_ownerfile_birth(f->owners), hpr_ownerfile_init(f->owners));
  return 0;
}

const hpr_ownerfile *hpr_pidfile_owners(const hpr_pidfile *f) { return f->owners; }

/* --- reading -------------------------------------------------------------------------------- */

/*
 * Keeps a damaged text beside the file. A name that is taken is never trusted to hold it already:
 * it may be a link that somebody planted, or half a copy of a server that died.
 */
static int set_aside(hpr_pidfile *f, const char *text, const hpr_file_info *info,
                     const hpr_pidfile_client *client) {
  char suffix[NAME_ROOM];
  hpr_file_info kept;
  int result = HPR_EEXIST;
  if (hpr_same_version(info, &f->set_aside))
    return 0; /* an earlier try, whose write failed later */
  for (int i = 0; i < NAME_TRIES && result == HPR_EEXIST; i++) {
    int length = snprintf(suffix, sizeof suffix, ".corrupt-%" PRId64, info->modified_ns / 1000000);
    if (i > 0) snprintf(suffix + length, sizeof suffix - (size_t)length, "-%d", i);
    result = hpr_write_new(f->files, beside(f, suffix), text, (size_t)info->size_bytes, &kept);
  }
  if (result != 0) return result;
  f->set_aside = *info;
  client->warn(client->self, HPR_ECORRUPT, f->beside);
  return 0;
}

/* Without a client a damaged file is HPR_ECORRUPT, and what was known of it stays. */
static int read_file(hpr_pidfile *f, const hpr_pidfile_client *client, uint64_t generation) {
  char *text;
  hpr_file_info info;
  hpr_document document = {0};
  int result = hpr_read_whole(f->files, f->path, HPR_PIDFILE_MAX_BYTES, &text, &info);
  if (result != 0) return result;
  result = hpr_document_read(text, (size_t)info.size_bytes, &document);
  if (result == 0 && document.damaged)
    result = client ? set_aside(f, document.text, &info, client) : HPR_ECORRUPT;
  if (result == 0) result = hpr_spare_note_read(&f->spare, &info);
  if (result != 0) {
    hpr_document_done(&document);
    return result;
  }
  hpr_document_done(&f->others);
  f->others = document;
  f->anew = true;
  f->readings++;
  f->generation = generation;
  f->bytes = (size_t)info.size_bytes;
  hpr_spare_distrust(&f->spare);
  return 0;
}

/* Nobody has written since we read or wrote it: neither one of us, who counts, nor another. */
static bool is_unchanged(const hpr_pidfile *f, uint64_t generation, const hpr_file_info *now) {
  return generation == f->generation && hpr_spare_is_live(&f->spare, now);
}

/* Under the lock: brings `others` up to date. */
static int refresh(hpr_pidfile *f, const hpr_pidfile_client *client) {
  hpr_file_info now;
  int result = f->files->info_at(f->files->self, f->path, &now);
  if (result == HPR_ENOENT) {
    hpr_document_done(&f->others);
    hpr_spare_forget(&f->spare);
    f->anew = true;
    f->readings++;
    return 0;
  }
  if (result != 0) return result;
  if (is_unchanged(f, f->lock.generation, &now)) return 0;
  return read_file(f, client, f->lock.generation);
}

/* --- writing -------------------------------------------------------------------------------- */

typedef hpr_keep (*judging)(void *self, hpr_stored *stored);
typedef int (*rewriting)(hpr_stored *stored);
typedef void (*dropping)(hpr_document *document, hpr_stored *stored);

/* True if something has changed. */
static bool judge_list(hpr_pidfile *f, void *client, hpr_stored *list, judging judge,
                       rewriting rewrite, dropping drop) {
  bool changed = false;
  hpr_stored *stored, *next;
  DL_FOREACH_SAFE(list, stored, next) {
    switch (judge(client, stored)) {
    case HPR_KEEP: break;
    case HPR_KEEP_CHANGED: /* without memory it is as it was, another time */
      changed = rewrite(stored) == 0 || changed;
      break;
    case HPR_DROP:
      drop(&f->others, stored);
      changed = true;
      break;
    }
  }
  return changed;
}

/* True if something has changed. */
static bool judge_all(hpr_pidfile *f, const hpr_pidfile_client *client) {
  bool changed = judge_list(f, client->self, f->others.stored, client->judge, hpr_document_rewrite,
                            hpr_document_drop);
  if (client->judge_announced)
    changed = judge_list(f, client->self, f->others.announced, client->judge_announced,
                         hpr_document_rewrite_announced, hpr_document_drop_announced) ||
              changed;
  if (f->others.stored || f->others.announced) return changed;
  free(f->others.text); /* nothing points into it any more */
  f->others.text = NULL;
  return changed;
}

/* Asks the client for all that is to be written. */
static int compose(hpr_pidfile *f, const hpr_pidfile_client *client, hpr_layout_source *ret_source,
                   bool *ret_due) {
  const bool changed = judge_all(f, client);
  if (changed) f->anew = true;
  hpr_buffer_clear(&f->announced);
  if (client->announce) client->announce(client->self, &f->announced);
  f->others.own_announced = &f->announced;
  *ret_source = (hpr_layout_source){.others = &f->others,
                                    .lines = client->lines(client->self),
                                    .write = client->write_line,
                                    .max_bytes = HPR_PIDFILE_MAX_BYTES};
  *ret_due = changed || !client->only_changes;
  return f->announced.failed ? HPR_ENOMEM : 0;
}

/* --- its folder ------------------------------------------------------------------------------ */

/* The file's name without its folder. */
static const char *base_of(const hpr_pidfile *f) {
  const char *base = f->path;
  for (const char *at = base; (at = strpbrk(at, f->files->separators));) base = ++at;
  return base;
}

/* NULL: no memory. The caller frees it. */
static char *folder_of(const hpr_pidfile *f) {
  const size_t length = (size_t)(base_of(f) - f->path);
  char *folder = strdup(length > 0 ? f->path : "./");
  if (folder && length > 0) folder[length] = '\0';
  return folder;
}

bool hpr_pidfile_is_shared(const hpr_pidfile *f) {
  char *folder = folder_of(f);
  const bool shared = !folder || f->files->is_shared(f->files->self, folder);
  free(folder);
  return shared;
}

bool hpr_pidfile_was_shared(const hpr_pidfile *f) { return f->place_known && !f->alone; }

/* --- its time -------------------------------------------------------------------------------- */

static const char *next_temporary(hpr_pidfile *f) {
  char suffix[NAME_ROOM];
  snprintf(suffix, sizeof suffix, ".%016" PRIx64 ".%" PRIu64 ".tmp", f->nonce, f->temporaries++);
  return beside(f, suffix);
}

int hpr_pidfile_time(hpr_pidfile *f, int64_t *ret_now_ms) {
  const bool asked = f->time_ms != 0;
  const int result = asked ? 0 : hpr_ask_time(f->files, next_temporary(f), &f->time_ms);
  if (result == 0) *ret_now_ms = f->time_ms;
  return result;
}

/* --- putting it there ------------------------------------------------------------------------ */

typedef struct printer {
  const hpr_layout *layout;
  const hpr_layout_source *source;
} printer;

static int print(void *self, hpr_piece piece, hpr_buffer *buffer) {
  const printer *it = self;
  return hpr_layout_print(it->layout, it->source, piece, buffer);
}

/* Another host's readers know nothing of our leases, and without the lock neither do its writers.
 */
static bool may_spare(hpr_pidfile *f) {
  char *folder = f->place_known ? NULL : folder_of(f);
  if (folder) f->alone = !f->files->is_shared(f->files->self, folder);
  f->place_known = f->place_known || folder;
  free(folder);
  return f->alone && !f->lock.lockless && !f->spare.refused;
}

static int replace_file(hpr_pidfile *f, const hpr_spare_text *text, bool keep) {
  int result = HPR_EEXIST;
  for (int i = 0; i < NAME_TRIES && result == HPR_EEXIST; i++)
    result = hpr_spare_replace(&f->spare, text, next_temporary(f), keep);
  return result;
}

/*
 * Counted before the spare is touched: whoever wrote last believes to know what is in it, and must
 * not when we die in the middle.
 */
static int put_file(hpr_pidfile *f, const hpr_layout_source *source, bool anew) {
  const bool spares = may_spare(f);
  printer it = {&f->layout, source};
  f->layout.slack = spares ? SLACK : 0;
  int result = hpr_layout_update(&f->layout, source, anew || !spares, &f->changed);
  if (result != 0) return result;
  const hpr_spare_text text = {&it, print, f->layout.size, &f->changed};
  const bool counted = hpr_writelock_count(&f->lock) == 0;
  f->generation = f->lock.generation; /* what we know of the file stays true if this fails */
  result = spares && counted ? hpr_spare_write(&f->spare, &text) : HPR_ENOTSUP;
  if (result != 0 && result != HPR_ECORRUPT) result = replace_file(f, &text, spares && counted);
  hpr_layout_after_write(&f->layout, source->lines, result == 0);
  return result;
}

static int write_file(hpr_pidfile *f, const hpr_layout_source *source) {
  int result = put_file(f, source, f->anew);
  if (result == HPR_ECORRUPT) result = put_file(f, source, true);
  if (result != 0) return result;
  f->anew = false;
  f->bytes = hpr_layout_dense_bytes(&f->layout, source->lines);
  return 0;
}

static int sync_once(hpr_pidfile *f, const hpr_pidfile_client *client) {
  hpr_layout_source source;
  bool due;
  int result = hpr_writelock_take(&f->lock, hpr_ownerfile_bytes(f->owners));
  f->time_ms = 0;
  f->last_sync = HPR_SYNC_UNLOCKED;
  if (result == HPR_EBUSY || is_shortage(result)) return result; /* others may have it */
  if (result != 0) { /* no lock file can be made here, so nobody writes: reading is safe */
    int read = refresh(f, client);
    if (read == 0) read = compose(f, client, &source, &due);
    return read ? read : result;
  }
  const int unproved = take_ownership(f, client);
  result = refresh(f, client);
  if (result == 0) result = compose(f, client, &source, &due);
  if (result == 0 && due) result = write_file(f, &source);
  f->last_sync = result == 0 ? HPR_SYNC_DONE : HPR_SYNC_FAILED;
  if (result == 0) {
    hpr_ownerfile_leave_earlier(f->owners);
    hpr_ownerfile_release(f->owners);
  }
  hpr_writelock_release(&f->lock);
  return result ? result : unproved;
}

int hpr_pidfile_sync(hpr_pidfile *f, const hpr_pidfile_client *client) {
  int result = HPR_EINTR;
  for (int i = 0; i < SYNC_TRIES && result == HPR_EINTR; i++) result = sync_once(f, client);
  return result;
}

/* Without a lock of our own where all see it nobody can be shown what we take over. */
int hpr_pidfile_claim(hpr_pidfile *f, const hpr_owner_name *of) {
  if (f->owner_due && !hpr_ownerfile_has_claimed(f->owners, of)) return HPR_ENOLCK;
  return hpr_ownerfile_claim(f->owners, of);
}

hpr_sync_end hpr_pidfile_last_sync(const hpr_pidfile *f) { return f->last_sync; }

void hpr_pidfile_take_back(hpr_pidfile *f) { hpr_spare_forget(&f->spare); }

bool hpr_pidfile_is_waiting(const hpr_pidfile *f) { return f->lock.impatient; }

bool hpr_pidfile_is_proved(hpr_pidfile *f) {
  if (!f->unprovable && !hpr_ownerfile_is_current(f->owners)) f->owner_due = true;
  return !f->owner_due;
}

/* A damaged file is for who has the lock: it is set aside once. */
bool hpr_pidfile_look(hpr_pidfile *f, const hpr_pidfile_client *client) {
  hpr_file_info now;
  const uint64_t generation = hpr_writelock_generation(&f->lock);
  if (f->files->info_at(f->files->self, f->path, &now) != 0) return false;
  const bool changed = !is_unchanged(f, generation, &now);
  if (changed && read_file(f, NULL, generation) != 0) return false;
  if (judge_all(f, client)) f->anew = true;
  return changed;
}

bool hpr_pidfile_has_room(const hpr_pidfile *f, size_t bytes) {
  return bytes < ROOM_BYTES && f->bytes < ROOM_BYTES - bytes;
}

bool hpr_pidfile_mentions(const hpr_pidfile *f, int32_t pid) {
  const hpr_stored *stored;
  DL_FOREACH(f->others.stored, stored) {
    const hpr_row *row = &stored->row;
    if (stored->error == 0 && (row->main.pid == pid || hpr_row_more(row)->pi.pid == pid ||
                               hpr_row_more(row)->keeper.pid == pid))
      return true;
  }
  return false;
}

static void visit_others(const hpr_document *document, const char *owner_id,
                         void (*visit)(void *context, const hpr_row *row), void *context) {
  const hpr_stored *const lists[] = {document->stored, document->announced};
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
    for (const hpr_stored *stored = lists[i]; stored; stored = stored->next)
      if (stored->error == 0 && strcmp(hpr_row_owner(&stored->row)->id, owner_id) != 0)
        visit(context, &stored->row);
}

/* True too if it has gone, or cannot be looked at. */
static bool was_changed(const hpr_pidfile *f) {
  hpr_file_info now;
  return f->files->info_at(f->files->self, f->path, &now) != 0 ||
         !is_unchanged(f, hpr_writelock_generation(&f->lock), &now);
}

uint64_t hpr_pidfile_each_other(const hpr_pidfile *f, const char *owner_id,
                                void (*visit)(void *context, const hpr_row *row), void *context) {
  hpr_document document;
  const bool changed = was_changed(f);
  const bool anew = changed && hpr_pidfile_read(f->path, f->files, &document) == 0;
  visit_others(anew ? &document : &f->others, owner_id, visit, context);
  if (anew) hpr_document_done(&document);
  return changed ? NO_READING : f->readings;
}

bool hpr_pidfile_is_as_of(const hpr_pidfile *f, uint64_t reading) {
  return reading == f->readings && !was_changed(f);
}

int hpr_pidfile_read(const char *path, const hpr_file_ops *files, hpr_document *ret_document) {
  char *text;
  hpr_file_info info;
  int result = hpr_read_whole(files, path, HPR_PIDFILE_MAX_BYTES, &text, &info);
  if (result == 0) return hpr_document_read(text, (size_t)info.size_bytes, ret_document);
  if (result != HPR_ENOENT) return result;
  *ret_document = (hpr_document){0};
  return 0;
}

const char *hpr_pidfile_path(const hpr_pidfile *f) { return f->path; }

/* --- leftovers ------------------------------------------------------------------------------ */

typedef struct sweep {
  hpr_pidfile *pidfile;
  const char *base; /* the file's name without its folder */
} sweep;

/* Nobody loses more than one write of all by it. */
static bool is_lost_spare(const hpr_pidfile *f, const char *suffix) {
  return strcmp(suffix, f->spare.spare_path + f->path_length) == 0 && f->spare.spare.inode == 0;
}

/* Only names that replace_file makes: <base>.<16 digits of a nonce>.<number>.tmp */
static bool is_temporary(const char *suffix) {
  const char *number = suffix + 1 + 16 + 1;
  if (suffix[0] != '.' || strspn(suffix + 1, "0123456789abcdef") != 16 || suffix[17] != '.')
    return false;
  size_t digits = strspn(number, "0123456789");
  return digits > 0 && digits < 21 && strcmp(number + digits, ".tmp") == 0;
}

/* Its owner has ended: who holds it still has it locked. */
static bool is_left_over(const hpr_pidfile *f, const char *path) {
  hpr_file file;
  if (f->files->open(f->files->self, path, &file) != 0) return false;
  const bool free_now = f->files->try_lock(f->files->self, file) == 0;
  f->files->close(f->files->self, file);
  return free_now;
}

static void sweep_name(void *context, const char *name) {
  const sweep *it = context;
  hpr_pidfile *f = it->pidfile;
  size_t length = strlen(it->base);
  if (strncmp(name, it->base, length) != 0) return;
  const bool single = hpr_ownerfile_is_single(name + length);
  if (!single && !is_temporary(name + length) && !is_lost_spare(f, name + length)) return;
  const char *path = beside(f, name + length);
  if (!single || is_left_over(f, path)) f->files->unlink(f->files->self, path);
}

void hpr_pidfile_collect(hpr_pidfile *f) {
  /* Whoever writes holds the lock: with the lock in our hand every temporary file is left over. */
  if (hpr_writelock_take(&f->lock, hpr_ownerfile_bytes(f->owners)) != 0) return;
  sweep it = {.pidfile = f, .base = base_of(f)};
  char *folder = f->lock.lockless ? NULL : folder_of(f);
  if (folder) f->files->list(f->files->self, folder, sweep_name, &it);
  free(folder);
  hpr_writelock_release(&f->lock);
}
