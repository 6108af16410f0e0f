#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "core/state.h"

/* Another server process whose entries stand in the file. */
typedef struct hpr_owner {
  hpr_identity identity;
  uint32_t number; /* of its watch */
  bool watched;
  bool gone; /* for good: nobody who is known comes back */
  struct hpr_owner *prev, *next;
} hpr_owner;

static hpr_owner *find(const hpr_registry *registry, const hpr_identity *identity) {
  hpr_owner *owner;
  DL_FOREACH(registry->owners, owner) {
    if (hpr_same_identity(&owner->identity, identity)) return owner;
  }
  return NULL;
}

/* NULL: no memory; the next write tries again. */
static hpr_owner *meet(hpr_registry *registry, const hpr_identity *identity) {
  hpr_owner *owner = find(registry, identity);
  if (owner || !(owner = calloc(1, sizeof *owner))) return owner;
  owner->identity = *identity;
  owner->number = ++registry->next_owner;
  DL_APPEND(registry->owners, owner);
  return owner;
}

/* Other registries of our own process are no other server. */
static bool is_other(const hpr_registry *registry, const hpr_identity *owner) {
  return owner->pid != 0 && owner->pid != registry->self.pid;
}

static void watch(hpr_registry *registry, hpr_owner *owner) {
  const uint64_t number = hpr_watch_number(owner->identity.pid, owner->number, HPR_WATCH_OWNER);
  if (!owner->watched) owner->watched = hpr_watch(registry, &owner->identity, number) == 0;
}

/* GROUP: of a server that led a group its children may be left, but it is gone. */
static bool is_gone(hpr_verdict verdict) {
  return verdict == HPR_VERDICT_GONE || verdict == HPR_VERDICT_STRANGER ||
         verdict == HPR_VERDICT_GROUP;
}

bool hpr_owner_lives(hpr_registry *registry, const hpr_identity *identity) {
  if (!is_other(registry, identity)) return false;
  hpr_owner *owner = meet(registry, identity);
  if (owner && owner->gone) return false;
  hpr_verdict verdict = registry->process.verify(registry->process.self, identity);
  if (owner) owner->gone = identity->state == HPR_RECORD_KNOWN && is_gone(verdict);
  if (owner && verdict == HPR_VERDICT_SAME) watch(registry, owner);
  return !is_gone(verdict);
}

void hpr_owner_met(hpr_registry *registry, const hpr_identity *identity) {
  if (!registry->adopting || !is_other(registry, identity) || find(registry, identity)) return;
  if (!hpr_owner_lives(registry, identity)) registry->orphans_due = true;
}

void hpr_owner_gone(hpr_registry *registry, uint32_t number) {
  hpr_owner *owner;
  DL_FOREACH(registry->owners, owner) {
    if (owner->number == number) break;
  }
  if (!owner) return;
  owner->watched = false;
  registry->orphans_due = true;
  hpr_persist(registry);
}

void hpr_owners_done(hpr_registry *registry) {
  const hpr_process_ops *process = &registry->process;
  hpr_owner *owner, *next;
  DL_FOREACH_SAFE(registry->owners, owner, next) {
    DL_DELETE(registry->owners, owner);
    process->unwatch(process->self,
                     hpr_watch_number(owner->identity.pid, owner->number, HPR_WATCH_OWNER));
    free(owner);
  }
}
