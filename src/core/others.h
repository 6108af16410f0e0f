/* core/others.h: the processes beside its own parts that an ending is about. */
#ifndef HPR_CORE_OTHERS_H
#define HPR_CORE_OTHERS_H

#include "core/entry.h"
#include "platform/process.h"

/* What becomes of those that are found. */
typedef enum hpr_others_as {
  HPR_OTHERS_ASKED,      /* they are to be asked too */
  HPR_OTHERS_BYSTANDERS, /* only remembered, so that newcomers are told from them */
  HPR_OTHERS_RESPAWNED,  /* a keeper's new agents */
  HPR_OTHERS_LATE,       /* the same, of one that is asked itself: when it has gone */
} hpr_others_as;

/*
 * Finds descendants of a process that are not known yet. Lack of memory, or of an answer, finds
 * none. With HPR_OTHERS_ASKED, those that were bystanders are asked from now on; with
 * HPR_OTHERS_RESPAWNED and HPR_OTHERS_LATE those of them that have started since another server
 * began the end.
 */
void hpr_others_find(const hpr_process_ops *process, hpr_entry *entry, const hpr_identity *root,
                     hpr_others_as as);

/* One that is proved, and to be asked. False: no memory, or there are too many. */
bool hpr_others_add(hpr_entry *entry, const hpr_identity *identity);

/* The one that is there under that pid, or NULL. Valid until the next is added. */
const hpr_other *hpr_others_named(const hpr_ending *ending, int32_t pid);

/* One that was asked by itself is in the group of that pid. */
bool hpr_others_asked_in(const hpr_process_ops *process, const hpr_ending *ending, int32_t group);

/* Those that the row says were asked, by another server. */
void hpr_others_resume(hpr_entry *entry);

/* Looks at those that may have ended. */
void hpr_others_look(const hpr_process_ops *process, hpr_entry *entry);

/* Watches those that are not. False: some could not be. */
bool hpr_others_watch(const hpr_process_ops *process, hpr_entry *entry);
void hpr_others_unwatch(const hpr_process_ops *process, hpr_entry *entry);

/* One of them has ended. */
void hpr_others_exited(hpr_entry *entry, uint16_t index);

/*
 * Those that are late are asked at that time at the latest, 0: at once. Asked before, they would be
 * started anew.
 */
void hpr_others_ask_late(hpr_ending *ending, int64_t due_ms);

/* Those in groups that are to be signalled as such get no signal of their own. */
void hpr_others_spare_reached(const hpr_process_ops *process, hpr_entry *entry);

/* That part's group has got its signal, and they with it. */
void hpr_others_reached(hpr_ending *ending, hpr_part part);

/* True if one that is to end is there; `respawned`: only keepers' new agents count. */
bool hpr_others_left(const hpr_ending *ending, bool respawned);

#endif
