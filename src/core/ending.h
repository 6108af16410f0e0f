/*
 * core/ending.h: how an entry is made to end, as a pure function.
 *
 * Under a keeper the agent is asked first: the keeper ends by itself, and in order, when its agent
 * has. Everybody else is asked at once. Nobody gets the first signal twice, and after the grace
 * time whatever is left is killed.
 *
 *   AGENT  --the agent is gone--> TURN   --200 ms--> ALL
 *   AGENT  --there is none to ask, or its pid cannot be signalled--> ALL
 *   TURN   --the keeper has a new agent--> AGENT
 *   AGENT, TURN, ALL --the grace is over--> KILL
 *   any    --nothing is left--> OVER
 *   OVER   --somebody is found, before all is told--> ALL; KILL if SIGKILL was sent
 */
#ifndef HPR_CORE_ENDING_H
#define HPR_CORE_ENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "core/registry.h"
#include "platform/process.h"
#include "store/row.h"

typedef enum hpr_ending_state {
  HPR_ENDING_AGENT, /* the agent is asked, the keeper is not yet */
  HPR_ENDING_TURN,  /* the agent is gone, the keeper has its turn to go by itself */
  HPR_ENDING_ALL,   /* all that is left is asked */
  HPR_ENDING_KILL,  /* the grace is over: all that is left gets SIGKILL */
  HPR_ENDING_OVER,  /* nothing is left */
} hpr_ending_state;

/* What a process has been sent. */
typedef enum hpr_sent {
  HPR_SENT_NOTHING,
  HPR_SENT_FIRST,
  HPR_SENT_KILL,
  HPR_SENT_REFUSED, /* never will be: not ours */
} hpr_sent;

typedef struct hpr_ending_part {
  hpr_sent sent;
  bool alone;       /* and not the group that it leads */
  int64_t retry_ms; /* a signal failed and is tried again then; 0 = at once */
} hpr_ending_part;

/* What is known of the entry at this moment. */
typedef struct hpr_ending_facts {
  bool leads[HPR_PART_COUNT];       /* a group; of others the process alone can be signalled */
  bool others_left;                 /* descendants that were asked are there */
  bool respawned;                   /* a keeper has started its agent anew, and it is there */
  bool left[HPR_PART_COUNT];        /* the process or its group is there, and ours to end */
  bool is_group[HPR_PART_COUNT];    /* only its group is */
  bool has_keeper;                  /* the registered process, or another, is a keeper */
  bool has_asked[HPR_PART_COUNT];   /* a descendant that was asked is in the group that it leads */
  unsigned reaches[HPR_PART_COUNT]; /* bits of the other parts that a signal to its group reaches */
} hpr_ending_facts;

/* Whom to signal now. */
typedef struct hpr_ending_wish {
  bool wanted;
  hpr_signal signal;
  hpr_scope scope;
  unsigned reaches; /* bits of the parts that get it by this one: none of their own */
} hpr_ending_wish;

struct hpr_event;

/* Times are of the registry's clock; HPR_TIME_NEVER = never. */
#define HPR_TIME_NEVER INT64_MAX

/* A descendant of one of the entry's processes, which is itself no part of the entry. */
typedef struct hpr_other {
  hpr_identity identity;
  bool bystander; /* a keeper's, from before the ending: not asked */
  bool respawned; /* a keeper's new agent */
  bool late;      /* one that came when the keeper was about to be asked itself */
  bool there, suspect, watched;
  hpr_ending_part asked;
  hpr_part spared_by; /* whose group's signal is its own; HPR_PART_COUNT = nobody's */
} hpr_other;

/* A keeper that starts its agent anew this often is asked even while its agent lives. */
enum { HPR_KEEPER_TURNS = 5 };

enum { HPR_OTHERS_MAX = 4096 }; /* at one time; those beyond are found when these have gone */

typedef struct hpr_ending {
  hpr_reason reason;
  hpr_ending_state state;
  hpr_ending_part parts[HPR_PART_COUNT];
  hpr_signal signal;      /* the first one */
  int32_t grace_ms;       /* from the first signal that reached somebody to SIGKILL */
  int64_t turn_due_ms;    /* when the keeper's turn is over */
  unsigned turns;         /* how many it has had: more than one if it starts its agent anew */
  int64_t kill_due_ms;    /* when the grace is over; never before somebody was reached */
  bool begun;             /* the turn has looked at it once */
  bool recorded;          /* the file says so; false: killAll, which leaves the file alone */
  bool delivered, killed; /* the first signal, and SIGKILL, reached somebody */
  bool refused, failed;   /* somebody is not ours; somebody could not be signalled */
  hpr_ending_wish wishes[HPR_PART_COUNT]; /* of the last step */
  bool tree;                              /* all that the session has started is to end with it */
  bool looked;                            /* and was looked for */
  int64_t look_due_ms;   /* a look that could not tell everything is to be repeated; 0: none */
  unsigned unsure_looks; /* how many there were */
  unsigned missed_looks; /* and how many that somebody may have escaped */
  bool untold;           /* no more will come: whether somebody is left nobody can tell */
  hpr_other *others;     /* owned */
  size_t other_count;
  size_t reached;            /* how many were signalled; a group that was signalled as one: 1 */
  size_t found;              /* of others, in all: places of those that have gone are used again */
  bool reported;             /* to host.ended, before its end */
  struct hpr_event *waiters; /* the answers to those who wait for the end; a utlist */
} hpr_ending;

/* The state before anything was asked. `grace_ms` may be HPR_GRACE_NEVER. */
void hpr_ending_init(hpr_ending *ending, hpr_signal signal, int32_t grace_ms, int64_t now_ms);

/* Another server began it and reached somebody; `left_ms` of its grace are left. */
void hpr_ending_resume(hpr_ending *ending, int32_t left_ms, int64_t now_ms);

/* True if nobody is there that is to end. */
bool hpr_ending_is_nothing_left(const hpr_ending_facts *facts);

/* Moves to the state that fits the facts, and says in `wishes` whom to signal. */
void hpr_ending_step(hpr_ending *ending, const hpr_ending_facts *facts, int64_t now_ms);

/* The signal that one of the others is to get now. False: none. */
bool hpr_ending_wants_other(const hpr_ending *ending, const hpr_other *other, int64_t now_ms,
                            hpr_signal *ret_signal);

/* What came of that signal; `result` is hpr_process_ops.signal's. */
void hpr_ending_note_other(hpr_ending *ending, hpr_other *other, hpr_signal signal, int result,
                           int64_t now_ms);

/* What came of the wish for a part; `result` is hpr_process_ops.signal's. */
void hpr_ending_note(hpr_ending *ending, hpr_part part, int result, int64_t now_ms);

/* Somebody else wants the end too: it comes sooner by that, never later. */
void hpr_ending_join(hpr_ending *ending, hpr_signal signal, int32_t grace_ms, int64_t now_ms);

/* The agent has taken the registered process's place, with what it was sent; `leaves_group`: and
 * that one the former one's. */
void hpr_ending_promote(hpr_ending *ending, bool leaves_group);

/* When hpr_ending_step is to be called again at the latest. */
int64_t hpr_ending_due_ms(const hpr_ending *ending);

/* In debug builds: the fields fit the state. */
void hpr_ending_assert(const hpr_ending *ending);

#endif
