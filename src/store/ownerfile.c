#include "store/ownerfile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/replace.h"

enum {
  NAME_ROOM = 32,                              /* for what is appended to the pid file's path */
  HEAD_SIZE = 2 * (HPR_OWNER_ID_SIZE - 1) + 2, /* birth, space, inode, newline */
  FIRST_BYTE = 4096,                           /* behind all that is ever written */
};

/* All bytes are at places that every system can name: 63 bits. */
#define PLACES_MASK UINT64_C(0x3fffffffffffffff)

/* Between two births that one registry makes: odd, so that they differ. */
#define NEXT_BIRTH UINT64_C(0x9e3779b97f4a7c15)

#define SINGLE ".owner-"

/* A file with our lock in it. */
typedef struct held {
  bool is_open;
  bool single; /* our own, locked as a whole */
  hpr_file file;
  hpr_file_info info;
  char birth[HPR_OWNER_ID_SIZE];
} held;

/* An owner that has ended, whose byte we hold, too: also in a file that came since. */
typedef struct claim {
  uint64_t number;
  char file[HPR_OWNER_ID_SIZE]; /* that its rows name */
} claim;

struct hpr_ownerfile {
  const hpr_file_ops *files;
  char *path; /* the pid file's, with room for a suffix */
  size_t path_length;
  uint64_t number, births_made;
  bool is_init;
  held now, earlier;
  claim *claims;
  size_t claim_count;
  char init[HPR_OWNER_ID_SIZE];
};

static const char *name_of(const hpr_ownerfile *owners, bool single, const char *id) {
  snprintf(owners->path + owners->path_length, NAME_ROOM, "%s%s", single ? SINGLE : ".owners",
           single ? id : "");
  return owners->path;
}

static void write_id(uint64_t number, char ret_id[HPR_OWNER_ID_SIZE]) {
  snprintf(ret_id, HPR_OWNER_ID_SIZE, "%016" PRIx64, number);
}

static uint64_t place_of(uint64_t number) { return FIRST_BYTE + (number & PLACES_MASK); }

int hpr_ownerfile_open(const char *pid_file, uint64_t number, bool is_init,
                       const hpr_file_ops *files, hpr_ownerfile **ret_owners) {
  hpr_ownerfile *owners = calloc(1, sizeof *owners);
  if (!owners) return HPR_ENOMEM;
  owners->path_length = strlen(pid_file);
  owners->path = malloc(owners->path_length + NAME_ROOM);
  if (!owners->path) {
    free(owners);
    return HPR_ENOMEM;
  }
  memcpy(owners->path, pid_file, owners->path_length + 1);
  owners->files = files;
  owners->number = number;
  owners->is_init = is_init;
  *ret_owners = owners;
  return 0;
}

/* --- one file ------------------------------------------------------------------------------- */

/*
 * A birth counts in the very file that it was written to: a copy, which nobody has a lock in, says
 * another file's number. False: there is none.
 */
static bool read_birth(const hpr_file_ops *files, hpr_file file, const hpr_file_info *info,
                       char ret_birth[HPR_OWNER_ID_SIZE]) {
  char head[HEAD_SIZE], expected[HPR_OWNER_ID_SIZE];
  size_t count;
  if (files->read_at(files->self, file, 0, head, sizeof head, &count) != 0 || count < sizeof head)
    return false;
  write_id(info->inode, expected);
  if (strspn(head, "0123456789abcdef") != HPR_OWNER_ID_SIZE - 1 ||
      memcmp(head + HPR_OWNER_ID_SIZE, expected, HPR_OWNER_ID_SIZE - 1) != 0)
    return false;
  memcpy(ret_birth, head, HPR_OWNER_ID_SIZE - 1);
  ret_birth[HPR_OWNER_ID_SIZE - 1] = '\0';
  return true;
}

static int write_birth(hpr_ownerfile *owners, held *it) {
  char head[HEAD_SIZE + 1];
  write_id(owners->number + NEXT_BIRTH * owners->births_made, it->birth);
  snprintf(head, sizeof head, "%s %016" PRIx64 "\n", it->birth, it->info.inode);
  const int result = hpr_write_at(owners->files, it->file, 0, head, HEAD_SIZE);
  if (result == 0) owners->births_made++;
  return result;
}

static void release(const hpr_ownerfile *owners, const held *it) {
  const hpr_file_ops *files = owners->files;
  for (size_t i = 0; i < owners->claim_count && it->is_open && !it->single; i++)
    files->unlock_byte(files->self, it->file, place_of(owners->claims[i].number));
}

static void close_held(const hpr_ownerfile *owners, held *it) {
  const hpr_file_ops *files = owners->files;
  release(owners, it);
  if (it->is_open && it->single) {
    files->close(files->self, it->file);
  } else if (it->is_open) {
    /* Before the file is closed: a fork may have a copy yet, and with it the lock. */
    files->unlock_byte(files->self, it->file, place_of(owners->number));
    files->close_bytes(files->self, it->file);
  }
  *it = (held){0};
}

void hpr_ownerfile_close(hpr_ownerfile *owners) {
  if (!owners) return;
  close_held(owners, &owners->now);
  close_held(owners, &owners->earlier);
  free(owners->claims);
  free(owners->path);
  free(owners);
}

/* --- taking the lock ------------------------------------------------------------------------ */

static int open_held(hpr_ownerfile *owners, bool single, held *ret_held) {
  const hpr_file_ops *files = owners->files;
  char id[HPR_OWNER_ID_SIZE];
  write_id(owners->number, id);
  held it = {.single = single};
  const char *path = name_of(owners, single, id);
  int result = single ? files->open_lock(files->self, path, &it.file)
                      : files->open_bytes(files->self, path, &it.file);
  if (result != 0) return result;
  it.is_open = true;
  result = files->info(files->self, it.file, &it.info);
  if (result == 0) result = hpr_check_private(&it.info);
  if (result == 0 && !read_birth(files, it.file, &it.info, it.birth))
    result = write_birth(owners, &it);
  if (result == 0)
    *ret_held = it;
  else
    close_held(owners, &it);
  return result;
}

static int lock_held(const hpr_ownerfile *owners, const held *it) {
  const hpr_file_ops *files = owners->files;
  if (it->single) return files->try_lock(files->self, it->file);
  return files->lock_byte(files->self, it->file, place_of(owners->number));
}

static int open_and_lock(hpr_ownerfile *owners, bool single, held *ret_held) {
  int result = open_held(owners, single, ret_held);
  if (result != 0) return result;
  held *now = &owners->now;
  if (now->is_open && hpr_same_file(&now->info, &ret_held->info)) {
    /* It is the one that we have, with another birth: somebody has emptied it. */
    memcpy(now->birth, ret_held->birth, sizeof now->birth);
    close_held(owners, ret_held);
    return 0;
  }
  result = lock_held(owners, ret_held);
  if (result != 0) close_held(owners, ret_held);
  return result;
}

/* Best effort: without it the rows of a process 1 stay for a while when its namespace has ended. */
static void take_init(hpr_ownerfile *owners) {
  const hpr_file_ops *files = owners->files;
  uint64_t place;
  owners->init[0] = '\0';
  if (!owners->is_init || owners->now.single) return;
  const char *path = name_of(owners, false, NULL);
  /* A number beside our own: of the same file the process may have another registry's already. */
  if (files->lock_byte_for_life(files->self, path, place_of(~owners->number), &place) == 0)
    write_id(place - FIRST_BYTE, owners->init);
}

/* What we have taken over is not written yet; whoever sees the new file alone must not take it. */
static void bring_claims(const hpr_ownerfile *owners, const held *it) {
  const hpr_file_ops *files = owners->files;
  for (size_t i = 0; i < owners->claim_count && !it->single; i++)
    (void)files->lock_byte(files->self, it->file, place_of(owners->claims[i].number));
}

int hpr_ownerfile_take(hpr_ownerfile *owners) {
  held it = {0};
  int result = open_and_lock(owners, false, &it);
  if (result == HPR_ENOTSUP) result = open_and_lock(owners, true, &it);
  if (result != 0) return result == HPR_ENOTSUP ? HPR_ENOLCK : result;
  if (it.is_open) {
    bring_claims(owners, &it);
    close_held(owners, &owners->earlier);
    owners->earlier = owners->now;
    owners->now = it;
  }
  take_init(owners);
  return 0;
}

void hpr_ownerfile_leave_earlier(hpr_ownerfile *owners) { close_held(owners, &owners->earlier); }

bool hpr_ownerfile_is_current(const hpr_ownerfile *owners) {
  const hpr_file_ops *files = owners->files;
  const held *now = &owners->now;
  hpr_file_info named;
  char id[HPR_OWNER_ID_SIZE], birth[HPR_OWNER_ID_SIZE];
  if (!now->is_open) return false;
  write_id(owners->number, id);
  return files->info_at(files->self, name_of(owners, now->single, id), &named) == 0 &&
         hpr_same_file(&named, &now->info) && read_birth(files, now->file, &now->info, birth) &&
         strcmp(birth, now->birth) == 0;
}

const char *hpr_ownerfile_birth(const hpr_ownerfile *owners) { return owners->now.birth; }

const char *hpr_ownerfile_init(const hpr_ownerfile *owners) { return owners->init; }

const hpr_file *hpr_ownerfile_bytes(const hpr_ownerfile *owners) {
  return owners->now.is_open && !owners->now.single ? &owners->now.file : NULL;
}

/* --- claiming ------------------------------------------------------------------------------- */

static uint64_t number_of(const hpr_owner_name *of) { return strtoull(of->id, NULL, 16); }

/* The file that its rows name, whether it has its name yet or not. NULL: we have another. */
static const held *find_held(const hpr_ownerfile *owners, const hpr_owner_name *of) {
  const held *const list[] = {&owners->now, &owners->earlier};
  for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
    if (list[i]->is_open && !list[i]->single && strcmp(list[i]->birth, of->file) == 0)
      return list[i];
  return NULL;
}

bool hpr_ownerfile_has_claimed(const hpr_ownerfile *owners, const hpr_owner_name *of) {
  for (size_t i = 0; i < owners->claim_count; i++)
    if (owners->claims[i].number == number_of(of) && strcmp(owners->claims[i].file, of->file) == 0)
      return true;
  return false;
}

/*
 * Whoever sees another file than the row names may be one of several: none of them holds anything,
 * and whoever has claimed it before shows it there, too.
 */
static int look_for_claim(const hpr_ownerfile *owners, const hpr_owner_name *of) {
  const hpr_file_ops *files = owners->files;
  const int result = files->test_byte(files->self, owners->now.file, place_of(number_of(of)));
  return result == HPR_EBUSY ? HPR_EBUSY : HPR_ENOLCK;
}

/* In the file that its rows name, and in the one that others will see. */
static int lock_claim(const hpr_ownerfile *owners, const held *it, uint64_t number) {
  const hpr_file_ops *files = owners->files;
  const int result = files->lock_byte(files->self, it->file, place_of(number));
  if (result != 0 || it == &owners->now) return result;
  const int also = files->lock_byte(files->self, owners->now.file, place_of(number));
  if (also == HPR_EBUSY) files->unlock_byte(files->self, it->file, place_of(number));
  return also;
}

int hpr_ownerfile_claim(hpr_ownerfile *owners, const hpr_owner_name *of) {
  if (hpr_ownerfile_has_claimed(owners, of)) return 0;
  if (!owners->now.is_open || owners->now.single || of->file[0] == '\0') return HPR_ENOLCK;
  const held *it = find_held(owners, of);
  if (!it) return look_for_claim(owners, of);
  claim *claims = realloc(owners->claims, (owners->claim_count + 1) * sizeof *claims);
  if (!claims) return HPR_ENOMEM;
  owners->claims = claims;
  const int result = lock_claim(owners, it, number_of(of));
  if (result != 0) return result;
  claim *made = &claims[owners->claim_count++];
  made->number = number_of(of);
  memcpy(made->file, of->file, sizeof made->file);
  return 0;
}

void hpr_ownerfile_release(hpr_ownerfile *owners) {
  release(owners, &owners->now);
  release(owners, &owners->earlier);
  owners->claim_count = 0;
}

/* --- testing -------------------------------------------------------------------------------- */

static hpr_proof proof_of(int result) {
  return result == 0 ? HPR_PROOF_ENDED : result == HPR_EBUSY ? HPR_PROOF_LIVES : HPR_PROOF_NONE;
}

/* Opens the file that a row names; another file of that name is none. */
static int open_named(const hpr_ownerfile *owners, bool single, const hpr_owner_name *of,
                      hpr_file *ret_file) {
  const hpr_file_ops *files = owners->files;
  hpr_file_info info;
  char birth[HPR_OWNER_ID_SIZE];
  int result = files->open(files->self, name_of(owners, single, of->id), ret_file);
  if (result != 0) return result;
  result = files->info(files->self, *ret_file, &info);
  if (result == 0) result = hpr_check_private(&info);
  if (result == 0 && !(read_birth(files, *ret_file, &info, birth) && strcmp(birth, of->file) == 0))
    result = HPR_ENOENT;
  if (result != 0) files->close(files->self, *ret_file);
  return result;
}

static int test_byte(const hpr_ownerfile *owners, const hpr_owner_name *of, const char *id) {
  const hpr_file_ops *files = owners->files;
  hpr_file file;
  int result = open_named(owners, false, of, &file);
  if (result != 0) return result == HPR_EBUSY ? HPR_EIO : result;
  result = files->test_byte(files->self, file, place_of(strtoull(id, NULL, 16)));
  files->close(files->self, file);
  return result;
}

static int test_single(const hpr_ownerfile *owners, const hpr_owner_name *of) {
  const hpr_file_ops *files = owners->files;
  hpr_file file;
  int result = open_named(owners, true, of, &file);
  if (result != 0) return result == HPR_EBUSY ? HPR_EIO : result;
  result = files->try_lock(files->self, file);
  files->close(files->self, file);
  return result;
}

hpr_proof hpr_ownerfile_test(const hpr_ownerfile *owners, const hpr_owner_name *of) {
  const hpr_file_ops *files = owners->files;
  if (of->file[0] == '\0') return HPR_PROOF_NONE;
  if (hpr_ownerfile_has_claimed(owners, of)) return HPR_PROOF_ENDED; /* by ourselves */
  const int result = test_byte(owners, of, of->id);
  if (result == 0 || result == HPR_EBUSY) return proof_of(result);
  /* Who holds it in the file that had the name lives; who does not may hold it elsewhere by now. */
  const held *it = find_held(owners, of);
  if (it && files->test_byte(files->self, it->file, place_of(number_of(of))) == HPR_EBUSY)
    return HPR_PROOF_LIVES;
  return proof_of(test_single(owners, of));
}

hpr_proof hpr_ownerfile_test_init(const hpr_ownerfile *owners, const hpr_owner_name *of) {
  if (of->file[0] == '\0' || of->init[0] == '\0') return HPR_PROOF_NONE;
  return proof_of(test_byte(owners, of, of->init));
}

bool hpr_ownerfile_is_single(const char *suffix) {
  const size_t length = strlen(SINGLE);
  return strncmp(suffix, SINGLE, length) == 0 &&
         strspn(suffix + length, "0123456789abcdef") == HPR_OWNER_ID_SIZE - 1 &&
         strlen(suffix + length) == HPR_OWNER_ID_SIZE - 1;
}
