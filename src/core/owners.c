#include "core/owners.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/error.h"
#include "core/watch.h"

/* Another registry whose entries stand in the file. */
typedef struct hpr_owner {
  hpr_identity identity; /* of its process */
  char id[HPR_OWNER_ID_SIZE];
  uint32_t number;     /* of its watch */
  uint32_t round;      /* when it was last asked about */
  uint32_t init_round; /* when it was last asked whether its namespace has ended */
  bool took_all;       /* it had */
  bool watched;
  hpr_ownership state;
  bool judged; /* it has ended, and what it left has been judged since */
  bool again;  /* some of that is to be judged again */
  struct hpr_owner *prev, *next;
} hpr_owner;

void hpr_owners_begin(hpr_owners *owners) { owners->round++; }

static hpr_owner *find(const hpr_owners *owners, const hpr_row *row) {
  hpr_owner *owner;
  DL_FOREACH(owners->list, owner) {
    if (strcmp(owner->id, hpr_row_owner(row)->id) == 0 &&
        hpr_identity_equal(&owner->identity, &hpr_row_owner(row)->identity))
      return owner;
  }
  return NULL;
}

/* NULL: no memory; the next look tries again. */
static hpr_owner *find_or_add(hpr_owners *owners, const hpr_row *row) {
  hpr_owner *owner = find(owners, row);
  if (owner || !(owner = calloc(1, sizeof *owner))) return owner;
  owner->identity = hpr_row_owner(row)->identity;
  memcpy(owner->id, hpr_row_owner(row)->id, sizeof owner->id);
  owner->number = ++owners->next_number;
  owner->round = owner->init_round = owners->round - 1;
  DL_APPEND(owners->list, owner);
  return owner;
}

/* Nobody's, as the original module leaves them. */
static bool is_named(const hpr_row *row) { return hpr_row_owner(row)->identity.pid != 0; }

/* --- does it live? -------------------------------------------------------------------------- */

/* By what was recorded of its process. */
static hpr_ownership ownership_of(const hpr_owners *owners, hpr_verdict verdict) {
  switch (verdict) {
  case HPR_VERDICT_GONE:
  case HPR_VERDICT_STRANGER:
  case HPR_VERDICT_GROUP: /* its children may be left, but it is gone */ return HPR_OWNER_GONE;
  case HPR_VERDICT_NOT_HERE: return owners->shared ? HPR_OWNER_ELSEWHERE : HPR_OWNER_GONE;
  case HPR_VERDICT_ELSEWHERE: return HPR_OWNER_ELSEWHERE;
  case HPR_VERDICT_SAME:
  case HPR_VERDICT_FOREIGN:
  case HPR_VERDICT_UNKNOWN: break;
  }
  return HPR_OWNER_LIVES;
}

/* Where hosts share the file each of them may have locks of its own. */
static bool is_of_another_host(const hpr_owners *owners, const hpr_process_ops *process,
                               const hpr_row *row) {
  return owners->shared &&
         process->verify(process->self, &hpr_row_owner(row)->identity) == HPR_VERDICT_NOT_HERE;
}

static hpr_ownership ask(const hpr_owners *owners, const hpr_process_ops *process,
                         const hpr_row *row) {
  switch (hpr_ownerfile_test(owners->locks, hpr_row_owner(row))) {
  case HPR_PROOF_LIVES: return HPR_OWNER_LIVES;
  case HPR_PROOF_ENDED:
    return is_of_another_host(owners, process, row) ? HPR_OWNER_ELSEWHERE : HPR_OWNER_GONE;
  case HPR_PROOF_NONE: break;
  }
  return ownership_of(owners, process->verify(process->self, &hpr_row_owner(row)->identity));
}

/* Of our own process the end is also ours. */
static void watch(hpr_owners *owners, const hpr_process_ops *process, hpr_owner *owner) {
  if (owner->watched || owner->identity.pid == owners->self.pid ||
      process->verify(process->self, &owner->identity) != HPR_VERDICT_SAME)
    return;
  const uint64_t number = hpr_watch_make(owner->number, 0, HPR_WATCH_OWNER);
  hpr_verdict verdict;
  int result = process->watch(process->self, &owner->identity, number, &verdict);
  owner->watched = result == 0 || result == HPR_EPOLLED;
}

hpr_ownership hpr_owners_ask(hpr_owners *owners, const hpr_process_ops *process,
                             const hpr_row *row) {
  if (!is_named(row)) return HPR_OWNER_UNNAMED;
  hpr_owner *owner = find_or_add(owners, row);
  if (owner && owner->round == owners->round) return owner->state;
  const hpr_ownership state = ask(owners, process, row);
  if (!owner) return state;
  owner->round = owners->round;
  owner->state = state;
  if (state != HPR_OWNER_LIVES) return state;
  owner->judged = false;
  watch(owners, process, owner);
  return state;
}

bool hpr_owners_lives(hpr_owners *owners, const hpr_process_ops *process, const hpr_row *row) {
  const hpr_ownership state = hpr_owners_ask(owners, process, row);
  return state == HPR_OWNER_LIVES || state == HPR_OWNER_ELSEWHERE;
}

static bool ask_init(const hpr_owners *owners, const hpr_process_ops *process, const hpr_row *row) {
  return hpr_ownerfile_test_init(owners->locks, hpr_row_owner(row)) == HPR_PROOF_ENDED &&
         !is_of_another_host(owners, process, row);
}

bool hpr_owners_took_all_along(hpr_owners *owners, const hpr_process_ops *process,
                               const hpr_row *row) {
  if (hpr_row_owner(row)->init[0] == '\0') return false;
  hpr_owner *owner = find(owners, row);
  if (!owner) return ask_init(owners, process, row);
  if (owner->init_round != owners->round) owner->took_all = ask_init(owners, process, row);
  owner->init_round = owners->round;
  return owner->took_all;
}

/* A registry may be closed long before its process 1 ends. */
bool hpr_owners_meet(hpr_owners *owners, const hpr_process_ops *process, const hpr_row *row) {
  if (hpr_owners_ask(owners, process, row) != HPR_OWNER_GONE) return false;
  const hpr_owner *owner = find(owners, row);
  return !owner || !owner->judged || hpr_owners_took_all_along(owners, process, row);
}

/* --- what was found ------------------------------------------------------------------------- */

void hpr_owners_judge_again(hpr_owners *owners, const hpr_row *row) {
  hpr_owner *owner = find(owners, row);
  if (owner) owner->again = true;
}

static void forget(hpr_owners *owners, const hpr_process_ops *process, hpr_owner *owner) {
  DL_DELETE(owners->list, owner);
  if (owner->watched)
    process->unwatch(process->self, hpr_watch_make(owner->number, 0, HPR_WATCH_OWNER));
  free(owner);
}

void hpr_owners_looked(hpr_owners *owners, const hpr_process_ops *process, bool judged) {
  hpr_owner *owner, *next;
  DL_FOREACH_SAFE(owners->list, owner, next) {
    if (judged) owner->judged = owner->state == HPR_OWNER_GONE && !owner->again;
    owner->again = false;
    if (owner->round != owners->round) forget(owners, process, owner);
  }
}

bool hpr_owners_exited(hpr_owners *owners, uint64_t number) {
  hpr_owner *owner;
  DL_FOREACH(owners->list, owner) {
    if (owner->number == number) break;
  }
  if (owner) owner->watched = false;
  return owner != NULL;
}

void hpr_owners_done(hpr_owners *owners, const hpr_process_ops *process) {
  while (owners->list) forget(owners, process, owners->list);
}
