/* platform/groups.h: who is in which group, by one pass over all processes. */
#ifndef HPR_PLATFORM_GROUPS_H
#define HPR_PLATFORM_GROUPS_H

#include "platform/list.h"

/* By pids, at one moment. All zero: not looked at. */
typedef struct hpr_groups {
  hpr_list list; /* by group */
  bool read;
} hpr_groups;

/*
 * A living member of a group whose leader had ended before this was first asked. The list proves
 * that nobody was in it; whoever was is looked at now. HPR_ESRCH: none. HPR_EMFILE, HPR_EUNKNOWN:
 * unread. Only where the system has groups().
 */
int hpr_groups_member(hpr_groups *groups, const hpr_system *system, int32_t group,
                      int32_t *ret_pid);

void hpr_groups_done(hpr_groups *groups);

#endif
