/* core/ledger.h: the registry's side of the file: when it is written, and what it brings. */
#ifndef HPR_CORE_LEDGER_H
#define HPR_CORE_LEDGER_H

#include "core/carriers.h"
#include "core/judge.h"
#include "core/outbox.h"
#include "core/owners.h"
#include "core/past.h"
#include "core/table.h"
#include "core/tokens.h"
#include "store/pidfile.h"

typedef struct hpr_ledger {
  hpr_pidfile *pidfile;
  hpr_tokens tokens;     /* that we have announced */
  hpr_owner_name *owner; /* we; our rows share it */
  bool adopting;         /* orphans are wanted: cleanupOrphans was called */
  bool orphans_due;      /* the next write judges them */
  bool called_for;       /* by a call of cleanupOrphans: what it finds is final */
  bool judging_again;    /* some could not be judged before: who is kept was told then */
  bool unsure;           /* one could not be judged */
  bool claimed;          /* the owner of the row that is being judged; see hpr_heir_claim */
  bool held_back;        /* some orphans are not taken over before the file can be written */
  bool unwritable;       /* the last write failed under the lock */
  size_t unrecorded;     /* entries, see hpr_entry */
  int64_t judge_ms;      /* when they are judged again; HPR_TIME_NEVER */
  bool place_told;       /* in this write: whether other hosts share the file */
  hpr_carriers carriers; /* in this write: of tokens of dead servers */
  bool dead_mount;       /* in this write: a file system has not answered */
  bool told_elsewhere;   /* that there are entries of other hosts */
  uint64_t adoptions, writes, write_failures; /* how often since it was opened */
  int file_error;                             /* why the last write failed; reported once */
  int64_t write_due_ms;                       /* when it is written at the latest; HPR_TIME_NEVER */
  hpr_past past;
  struct hpr_entry *exits; /* to be told with the write or not at all; a utlist, owned */
} hpr_ledger;

/* What a write works on. */
typedef struct hpr_ledger_scope {
  hpr_ledger *ledger;
  const hpr_process_ops *process;
  const hpr_file_ops *files;
  hpr_table *table;
  hpr_owners *owners;
  hpr_outbox *outbox;
  int32_t grace_ms; /* for orphans that are to end */
  hpr_orphan_policy orphans;
  int64_t now_ms;          /* of the registry's clock, when the turn began */
  int64_t clock_offset_ms; /* of that to the system's */
  bool changed;            /* our own entries have */
} hpr_ledger_scope;

/* The file is the caller's to close. */
void hpr_ledger_done(hpr_ledger *ledger);

/*
 * Writes the file, and judges its orphans if they are due: those who are taken over are in the
 * table, marked for the turn, and nobody was signalled. Exits of those who ended while no server
 * ran are in the outbox. A failure is reported, and tried again after a second.
 */
void hpr_ledger_write(const hpr_ledger_scope *scope);

/*
 * Once a second: are we still proved to live, and does everybody else live? True if the file is to
 * be written for it.
 */
bool hpr_ledger_look(const hpr_ledger_scope *scope);

#endif
