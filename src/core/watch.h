/* core/watch.h: whether a process of an entry still lives, and the watch that reports its exit. */
#ifndef HPR_CORE_WATCH_H
#define HPR_CORE_WATCH_H

#include "core/entry.h"
#include "platform/process.h"

/* What a watch is for: a part of an entry, another process of its ending, or another server. */
enum { HPR_WATCH_OTHER = 6, HPR_WATCH_OWNER = 7 };

/*
 * `number` is an entry's serial, or an owner's number. `round` counts the watches of one part: a
 * notice that was on its way when its watch was removed must not be taken for the next one's.
 */
uint64_t hpr_watch_make(uint64_t number, uint16_t round, unsigned what);
void hpr_watch_split(uint64_t watch, uint64_t *ret_number, uint16_t *ret_round, unsigned *ret_what);

/*
 * Looks at a part and writes down what was found, members of the group that a dead process has left
 * included. True if anything was new.
 */
bool hpr_watch_look(const hpr_process_ops *process, hpr_entry *entry, hpr_part part);

/*
 * Watches a part, or what is left of its group, if it is there and not watched yet. HPR_EPOLLED: it
 * is watched by polling. HPR_ESRCH: it has ended. Others: not watched; to be retried.
 */
int hpr_watch_set(const hpr_process_ops *process, hpr_entry *entry, hpr_part part);

void hpr_watch_stop(const hpr_process_ops *process, hpr_entry *entry);

#endif
