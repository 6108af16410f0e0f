/* core/entry.h: one tracked process, the processes that belong to it, and the states they are in.
 */
#ifndef HPR_CORE_ENTRY_H
#define HPR_CORE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/ending.h"
#include "core/index.h"
#include "core/registry.h"
#include "store/lines.h"
#include "store/row.h"

/*
 * An entry runs, has exited (its processes have ended, how is not yet known), or is told (its exit
 * was reported; only groups that its processes led may be left: a remainder). Beside that it may be
 * ending: somebody wants it, and all that is left of it, to end.
 *
 *   RUNNING --all processes have ended--> EXITED --status known--> TOLD --nothing left--> (freed)
 *   RUNNING --removed, replaced by the same process, or given up--> (freed)
 *
 * The lookups find it while it runs and is not ending.
 */
typedef enum hpr_life {
  HPR_LIFE_RUNNING,
  HPR_LIFE_EXITED,
  HPR_LIFE_TOLD,
} hpr_life;

/*
 * What is known of one of an entry's processes:
 *
 *   UNSEEN --its emitter's exit, or a kill--> GONE
 *   THERE --it ended, its group lives--> GROUP --the group is empty--> GONE
 *   THERE --it ended, nothing is left--> GONE
 */
typedef enum hpr_presence {
  HPR_PRESENCE_NONE,   /* the entry has no such process */
  HPR_PRESENCE_UNSEEN, /* nobody held the pid when it was told: it is answered as told */
  HPR_PRESENCE_THERE,  /* it runs, or the contrary is not proved */
  HPR_PRESENCE_GROUP,  /* it has ended; members of the group that it led have not */
  HPR_PRESENCE_GONE,
} hpr_presence;

typedef struct hpr_process {
  uint16_t round;   /* of its watch, see hpr_watch_make */
  uint8_t presence; /* an hpr_presence */
  bool watched : 1;
  bool suspect : 1; /* it may have ended: to be looked at in this turn */
  bool noticed : 1; /* its exit was noticed before this turn began */
  bool exited : 1;  /* it has surely ended; only what is left of its group is in question */
} hpr_process;

/* A server may have ten thousand of them: what most do not have is in row.rest or behind a pointer,
 * and the rest stands close together. */
typedef struct hpr_entry {
  hpr_row row;           /* what the file says of it */
  hpr_lines *lines;      /* where its line of the file is; NULL = in no registry */
  char *session;         /* NULL = unlinked */
  uint64_t order;        /* its place: lower is older */
  uint64_t serial;       /* its own, see core/index.h: ticket and watches are made of it */
  hpr_ending *ending;    /* NULL = nobody wants its end */
  int64_t status_due_ms; /* EXITED: when the host is asked for the status */
  int64_t retry_ms;      /* when a watch that could not be set is tried again */
  int64_t heal_ms;       /* when it is asked again who its processes are */
  hpr_folder_id folder;  /* where it works; all 0: not known */
  char *exit_signal;     /* NULL = none */
  int exit_code;
  uint8_t linked_by;       /* an hpr_link; HPR_LINK_NONE = unlinked */
  uint8_t life;            /* an hpr_life */
  bool folder_is_dead : 1; /* its file system has not answered in time */
  bool agent_found : 1; /* by discovery, title or mark alone: any that is named takes its place */
  bool status_expected : 1;                /* a child of ours, whose parent tells how it ended */
  bool status_known : 1;                   /* or given up */
  bool looked_up : 1;                      /* the lookups find it */
  bool due : 1;                            /* in the table's list of those that a turn works on */
  bool acted : 1;                          /* it was signalled in this round of the turn */
  bool unrecorded : 1;                     /* taken over, and the file does not say so yet */
  bool claimed : 1;                        /* and a lock keeps others from taking it over, too */
  bool given_up : 1; /* another server has it: to be forgotten, and not acted on */
  bool timed : 1;    /* in the table's list of those who wait for a time */
  hpr_process parts[HPR_PART_COUNT];
  struct hpr_entry *prev_due, *next_due, *prev_timed, *next_timed;
  struct hpr_entry *prev, *next; /* in order */
  hpr_slot slots[HPR_BY_COUNT];
} hpr_entry;

/* Takes the row over. NULL: no memory, and the row is the caller's yet. */
hpr_entry *hpr_entry_new(hpr_row *take_row);

/* It must be in no index and no list, and nobody may wait for its end. NULL is a no-op. */
void hpr_entry_free(hpr_entry *entry);

/* Takes back its end, if there is one, of which nobody was told, and for which nobody waits. */
void hpr_entry_call_off(hpr_entry *entry);

/* Its line in the file: an hpr_line_write. */
void hpr_entry_write(const void *entry, hpr_buffer *buffer);

/* To be called after every change of the row. */
void hpr_entry_touch(hpr_entry *entry);

/* The identity of one part, or NULL if the entry has no such process of its own. */
const hpr_identity *hpr_entry_part(const hpr_entry *entry, hpr_part part);

/* To be called when a part's identity has changed: nothing is known of the new process yet. */
void hpr_entry_meet(hpr_entry *entry, hpr_part part);

/* True for a process that we answer for: a relative, or one whose identity nobody would tell. */
bool hpr_entry_answers_for(const hpr_entry *entry, hpr_part part);

/* True for a process that is known, and a relative. */
bool hpr_entry_is_proved(const hpr_entry *entry, hpr_part part);

/* Its former process, if it has one, is not this entry's any more. */
void hpr_entry_drop_former(hpr_entry *entry);

/* True if the part runs, or the contrary is not proved. */
bool hpr_entry_is_there(const hpr_entry *entry, hpr_part part);

/* True while the lookups find it. */
bool hpr_entry_is_live(const hpr_entry *entry);

/* True if it has an agent that runs, and that we answer for: no other keeps it alive. */
bool hpr_entry_agent_runs(const hpr_entry *entry);

/* True if its registered process and its agent have ended, as far as we answer for them. */
bool hpr_entry_has_ended(const hpr_entry *entry);

/* True if a process or a group of it is left that we answer for. */
bool hpr_entry_is_left(const hpr_entry *entry);

/* True if one of its processes is to be looked at in this turn. */
bool hpr_entry_is_suspect(const hpr_entry *entry);

/* True if somebody whose place another has taken runs yet, or has left a group. */
bool hpr_entry_has_former(const hpr_entry *entry);

/* True if the agent outlived the registered process and may take its place. */
bool hpr_entry_can_promote(const hpr_entry *entry);

/*
 * Makes the agent the registered process. What is left of the former one's group stays with the
 * entry. The entry must be in no index by pid or agent meanwhile.
 */
void hpr_entry_promote(hpr_entry *entry);

/* Its exit was told before; of its processes at most the groups are left. */
void hpr_entry_make_remainder(hpr_entry *entry);

/*
 * True if the entry stands for that process, which is known to hold its pid now. Learns from it
 * who the registered process is, where nobody could be told, and that it is a relative.
 */
bool hpr_entry_learn(hpr_entry *entry, const hpr_identity *identity);

/* How a child ended; `exit_signal` NULL = by itself. Lack of memory loses its name. */
void hpr_entry_set_status(hpr_entry *entry, int exit_code, const char *exit_signal);

/* What a row of the file alone tells of its entry; the strings stay the row's. */
hpr_snapshot hpr_row_snapshot(const hpr_row *row);

/* Looks at the entry; the strings stay the entry's. */
hpr_snapshot hpr_entry_snapshot(const hpr_entry *entry);

/* In debug builds: the fields fit the states. */
void hpr_entry_assert(const hpr_entry *entry);

#endif
