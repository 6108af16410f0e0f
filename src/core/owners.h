/* core/owners.h: the other registries whose entries stand in the file, of this process or others.
 */
#ifndef HPR_CORE_OWNERS_H
#define HPR_CORE_OWNERS_H

#include "core/registry.h"
#include "platform/process.h"
#include "store/ownerfile.h"
#include "store/row.h"

struct hpr_owner;

typedef struct hpr_owners {
  hpr_identity self;          /* our own process */
  const hpr_ownerfile *locks; /* by which owners prove that they live */
  struct hpr_owner *list;     /* those that the file named; a utlist */
  uint32_t next_number;
  bool shared;    /* other hosts may write to the file */
  uint32_t round; /* of looking at the file: in one round each is asked about once */
} hpr_owners;

/* The file is about to be looked at: what was found out about owners before is old. */
void hpr_owners_begin(hpr_owners *owners);

/*
 * Who looks after a row. It lives if its lock is held or, where there is none to be tested, its
 * process may be there; the end of its process is then watched. On a file system that other hosts
 * share, a free lock of another boot's owner proves nothing: locks may be each host's own.
 */
hpr_ownership hpr_owners_ask(hpr_owners *owners, const hpr_process_ops *process,
                             const hpr_row *row);

/* True if the owner of that row may still look after it. */
bool hpr_owners_lives(hpr_owners *owners, const hpr_process_ops *process, const hpr_row *row);

/* True if its owner has ended, and what it left has yet to be judged. */
bool hpr_owners_meet(hpr_owners *owners, const hpr_process_ops *process, const hpr_row *row);

/* Its owner was process 1 of a pid namespace that has ended, and all of that namespace with it. */
bool hpr_owners_took_all_along(hpr_owners *owners, const hpr_process_ops *process,
                               const hpr_row *row);

/* A row of an owner that has ended could not be judged yet. */
void hpr_owners_judge_again(hpr_owners *owners, const hpr_row *row);

/* All rows have been looked at, and judged if `judged`: those that no row names are forgotten. */
void hpr_owners_looked(hpr_owners *owners, const hpr_process_ops *process, bool judged);

/* Its watch fired. False: nobody has that number. */
bool hpr_owners_exited(hpr_owners *owners, uint64_t number);

void hpr_owners_done(hpr_owners *owners, const hpr_process_ops *process);

#endif
