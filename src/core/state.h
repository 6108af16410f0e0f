/* core/state.h: the registry's inside, for the turn and the operations on top of it. */
#ifndef HPR_CORE_STATE_H
#define HPR_CORE_STATE_H

#include "core/census.h"
#include "core/ledger.h"
#include "core/outbox.h"
#include "core/owners.h"
#include "core/table.h"

struct hpr_registry {
  hpr_process_ops process;
  const hpr_file_ops *files;
  hpr_host host;
  int32_t grace_ms;
  bool tree; /* whoever ends takes along all that its session has started */
  hpr_orphan_policy orphans;
  bool guest; /* the file is others': it is not written */

  hpr_table table;
  hpr_outbox outbox;
  hpr_owners owners;
  hpr_ledger ledger;
  hpr_census census; /* of this round of the turn; empty: nobody needed it yet */

  int64_t clock_offset_ms; /* see hpr_turn_begin */
  int64_t now_ms;          /* of this turn, by the registry's clock */
  int64_t wake_ms;         /* when the host was asked to wake us; HPR_TIME_NEVER */
  bool looked_after;       /* the host was asked to look once a second */
  bool told_polled;        /* HPR_EPOLLED was reported */
  bool told_untold;        /* that nobody would tell who a process is */
  bool told_withheld;      /* HPR_EWITHHELD was reported, or there is nothing to report */
  bool freed;              /* an entry has gone: what failed for lack of something may succeed */
  bool may_wait;           /* this turn is of exits: rows that go may wait for the next write */
  uint64_t asked;          /* the serial of the entry that a call wants to end */
  bool asked_delivered;    /* whether a signal has reached it in this turn */
  unsigned unanswered;     /* looks at folders that file systems have not answered in time */
  bool telling, closing;
};

/* A request to end, from now on; the file is to say so. */
hpr_ending_request hpr_state_request(const hpr_registry *registry, hpr_reason reason,
                                     hpr_signal signal, int32_t grace_ms, bool tree);

#endif
