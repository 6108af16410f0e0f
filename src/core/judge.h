/* core/judge.h: whom a row of the file is about, and what is to become of it. */
#ifndef HPR_CORE_JUDGE_H
#define HPR_CORE_JUDGE_H

#include "platform/process.h"
#include "store/row.h"

/* What becomes of a row whose server is gone. */
typedef enum hpr_fate {
  HPR_FATE_ADOPT,   /* it is there: ours from now on */
  HPR_FATE_END,     /* the same, and it is to end: asked for before, or too old */
  HPR_FATE_DROP,    /* it is provably gone */
  HPR_FATE_FOREIGN, /* another host's, namespace's or user's: it stays */
  HPR_FATE_UNKNOWN, /* nobody can tell: it stays */
} hpr_fate;

/*
 * Judges whom a row is about, the registered process or, where that is gone, its agent, which then
 * takes its place in the row. What the original module did not record is added. UNKNOWN too for one
 * that is there, by a record without a date.
 */
hpr_verdict hpr_judge_row(const hpr_process_ops *process, hpr_row *row);

hpr_fate hpr_judge_orphan(const hpr_process_ops *process, hpr_row *row);

/* True if a process of an earlier server was seen alive by it, so that its end is worth telling. */
bool hpr_judge_was_seen(const hpr_row *row);

#endif
