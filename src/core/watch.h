/* core/watch.h: is a process of an entry still there, and who tells us when it goes. */
#ifndef HPR_CORE_WATCH_H
#define HPR_CORE_WATCH_H

#include "core/entry.h"
#include "platform/process.h"

/* What a watch is for: a part of an entry, another process of its ending, or another server. */
enum { HPR_WATCH_OTHER = 6, HPR_WATCH_OWNER = 7 };

/*
 * `number` is an entry's serial, or an owner's number. `round` counts the watches of one part: a
 * notice that was under way when its watch was taken back must not be taken for the next one's.
 */
uint64_t hpr_watch_make(uint64_t number, uint16_t round, unsigned what);
void hpr_watch_split(uint64_t watch, uint64_t *ret_number, uint16_t *ret_round, unsigned *ret_what);

/*
 * Looks at a part and writes down what was found, members of the group that a dead process has left
 * included. True if the entry learnt something.
 */
bool hpr_watch_look(const hpr_process_ops *process, hpr_entry *entry, hpr_part part);

/*
 * Watches a part, or what is left of its group, if it is there and not watched yet. HPR_EPOLLED: it
 * is, by looking now and then. HPR_ESRCH: it has ended. Others: not watched, to be tried again.
 */
int hpr_watch_set(const hpr_process_ops *process, hpr_entry *entry, hpr_part part);

void hpr_watch_stop(const hpr_process_ops *process, hpr_entry *entry);

#endif
