/* core/judge.h: whom a row of the file is about, and what is to become of it. */
#ifndef HPR_CORE_JUDGE_H
#define HPR_CORE_JUDGE_H

#include "platform/file.h"
#include "platform/process.h"
#include "store/row.h"

/* What becomes of a row whose server is gone. */
typedef enum hpr_fate {
  HPR_FATE_ADOPT,     /* it is there: ours from now on */
  HPR_FATE_END,       /* the same, and it is to end: asked for before, or too old */
  HPR_FATE_DROP,      /* it is provably gone */
  HPR_FATE_ELSEWHERE, /* another host's or pid namespace's: it stays, for a time */
  HPR_FATE_FOREIGN,   /* another user's: it stays */
  HPR_FATE_UNKNOWN,   /* nobody can tell now: it stays */
} hpr_fate;

/* What a judge needs to know. */
typedef struct hpr_judge_scope {
  const hpr_process_ops *process;
  const hpr_file_ops *files;
  const char *pid_file;
  bool shared; /* other hosts may write to the file: another boot's may be another host's */
} hpr_judge_scope;

/*
 * Judges whom a row is about, the registered process or, where that is gone, its agent, which then
 * takes its place in the row. What the original module did not record, or nobody could tell, is
 * added: a process that carries the row's token as a mark is the row's, and so is one that the
 * original module has recorded and that started then, where the row says. Another one that may be
 * is added as no relative. Never NOT_HERE.
 */
hpr_verdict hpr_judge_row(const hpr_judge_scope *scope, hpr_row *row);

hpr_fate hpr_judge_orphan(const hpr_judge_scope *scope, hpr_row *row);

/* NOT_HERE said as what it means for that file: GONE or ELSEWHERE. */
hpr_verdict hpr_judge_place(const hpr_judge_scope *scope, hpr_verdict verdict);

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
