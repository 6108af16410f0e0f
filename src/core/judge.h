/* core/judge.h: whom a row of the file is about, and what is to become of it. */
#ifndef HPR_CORE_JUDGE_H
#define HPR_CORE_JUDGE_H

#include "platform/file.h"
#include "platform/process.h"
#include "store/row.h"

/* What becomes of a row whose server is gone. */
typedef enum hpr_fate {
  HPR_FATE_ADOPT,     /* it is there: ours from now on */
  HPR_FATE_RESUME,    /* the same, and its end was asked for before */
  HPR_FATE_END,       /* the same, and it is to end, because its server has ended */
  HPR_FATE_END_OLD,   /* the same, because it is too old */
  HPR_FATE_TREE,      /* it is provably gone, and all that its session has started is to go too */
  HPR_FATE_DROP,      /* it is provably gone */
  HPR_FATE_ELSEWHERE, /* another host's or pid namespace's: it stays, for a time */
  HPR_FATE_FOREIGN,   /* another user's: it stays */
  HPR_FATE_UNKNOWN,   /* nobody can tell now: it stays */
} hpr_fate;

/* What the options say of orphans. */
typedef struct hpr_orphan_policy {
  bool end;           /* they are ended */
  bool tree;          /* whoever is ended takes along all that its session has started */
  int64_t max_age_ms; /* older ones are ended in any case, or HPR_AGE_NEVER */
} hpr_orphan_policy;

/* What a judge needs to know. */
typedef struct hpr_judge_scope {
  const hpr_process_ops *process;
  const hpr_file_ops *files;
  const char *pid_file;
  bool shared;      /* other hosts may write to the file: another boot's may be another host's */
  bool *dead_mount; /* set when a file system has not answered, and then none is waited for */
} hpr_judge_scope;

/*
 * Judges whom a row is about, the registered process or, where that is gone, its agent, which then
 * takes its place in the row. What the original module did not record, or nobody could tell, is
 * added: a process that carries the row's token as a mark is the row's, and so is one that the
 * original module has recorded and that started then, where the row says. Another one that may be
 * is added as no relative. Never NOT_HERE.
 */
hpr_verdict hpr_judge_row(const hpr_judge_scope *scope, hpr_row *row);

/*
 * `lost`: its server has provably ended. One that is not proved to be the row's, or that we descend
 * from, is never to end for that. `ret_runs`: the process that the row names now was found running.
 */
hpr_fate hpr_judge_orphan(const hpr_judge_scope *scope, const hpr_orphan_policy *policy, bool lost,
                          hpr_row *row, bool *ret_runs);

/* NOT_HERE said as what it means for that file: GONE or ELSEWHERE. */
hpr_verdict hpr_judge_place(const hpr_judge_scope *scope, hpr_verdict verdict);

/*
 * A recorded member of the group that a part led, if one is still there and in it: it proves the
 * group where the leader's record cannot, for the pid is nobody else's while it lives. NULL: none.
 */
const hpr_identity *hpr_judge_member(const hpr_process_ops *process, const hpr_row *row,
                                     hpr_part part);

/* True if a process of an earlier server was seen alive by it, so that its end is worth telling. */
bool hpr_judge_was_seen(const hpr_row *row);

/*
 * Tells each proof of a row's registered process by itself, see hpr_process_ops.explain. Where a
 * token was recorded also "mark" (carried, absent, unknown); where no identity was, "folder" (same,
 * other, unknown) and "time": in, early, late, unknown.
 */
void hpr_judge_explain(const hpr_judge_scope *scope, const hpr_row *row, hpr_proof_visit visit,
                       void *context);

#endif
