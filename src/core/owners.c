#include "core/owners.h"

#include <stdlib.h>
#include <utlist.h>

#include "base/error.h"
#include "core/watch.h"

/* Another server process whose entries stand in the file. */
typedef struct hpr_owner {
  hpr_identity identity;
  uint32_t number; /* of its watch */
  bool watched;
  bool gone; /* for good: nobody who is known comes back */
  struct hpr_owner *prev, *next;
} hpr_owner;

static hpr_owner *find(const hpr_owners *owners, const hpr_identity *identity) {
  hpr_owner *owner;
  DL_FOREACH(owners->list, owner) {
    if (hpr_identity_equal(&owner->identity, identity)) return owner;
  }
  return NULL;
}

/* NULL: no memory; the next write tries again. */
static hpr_owner *find_or_add(hpr_owners *owners, const hpr_identity *identity) {
  hpr_owner *owner = find(owners, identity);
  if (owner || !(owner = calloc(1, sizeof *owner))) return owner;
  owner->identity = *identity;
  owner->number = ++owners->next_number;
  DL_APPEND(owners->list, owner);
  return owner;
}

/* Other registries of our own process are no other server. */
static bool is_other(const hpr_owners *owners, const hpr_identity *owner) {
  return owner->pid != 0 && owner->pid != owners->self.pid;
}

static void watch(hpr_owners *owners, const hpr_process_ops *process, hpr_owner *owner) {
  if (owner->watched) return;
  const uint64_t number = hpr_watch_make(owner->number, 0, HPR_WATCH_OWNER);
  int result = process->watch(process->self, &owner->identity, number);
  owner->watched = result == 0 || result == HPR_EPOLLED;
  if (result == HPR_EPOLLED) owners->polled = true;
}

/* GROUP: of a server that led a group its children may be left, but it is gone. */
static bool has_ended(hpr_verdict verdict) {
  return hpr_verdict_is_gone(verdict) || verdict == HPR_VERDICT_GROUP;
}

bool hpr_owners_lives(hpr_owners *owners, const hpr_process_ops *process,
                      const hpr_identity *identity) {
  if (!is_other(owners, identity)) return false;
  hpr_owner *owner = find_or_add(owners, identity);
  if (owner && owner->gone) return false;
  hpr_verdict verdict = process->verify(process->self, identity);
  if (owner) owner->gone = identity->state == HPR_RECORD_KNOWN && has_ended(verdict);
  if (owner && verdict == HPR_VERDICT_SAME) watch(owners, process, owner);
  return !has_ended(verdict);
}

bool hpr_owners_meet(hpr_owners *owners, const hpr_process_ops *process,
                     const hpr_identity *identity) {
  if (!is_other(owners, identity) || find(owners, identity)) return false;
  return !hpr_owners_lives(owners, process, identity);
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
  hpr_owner *owner, *next;
  DL_FOREACH_SAFE(owners->list, owner, next) {
    DL_DELETE(owners->list, owner);
    process->unwatch(process->self, hpr_watch_make(owner->number, 0, HPR_WATCH_OWNER));
    free(owner);
  }
}
