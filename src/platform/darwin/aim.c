#include "platform/darwin/aim.h"

#include <unistd.h>

#include "platform/darwin/bsdinfo.h"
#include "platform/darwin/identity.h"
#include "platform/posix/pids.h"

static hpr_aim no_aim(hpr_verdict verdict) { return (hpr_aim){.verdict = verdict}; }

static bool exists(int32_t pid) { return hpr_pids_signal(pid, 0, false) != HPR_ESRCH; }

/* An own child has its number until we reap it, and its exit event takes its entry away. */
static hpr_aim aim_at_child(int32_t pid) {
  hpr_aim it = {.group = hpr_pids_group_of(pid) == pid};
  switch (hpr_pids_child(pid)) {
  case HPR_CHILD_RUNNING: it.verdict = HPR_VERDICT_SAME; break;
  case HPR_CHILD_ENDED: it.verdict = HPR_VERDICT_GONE; break;
  case HPR_CHILD_NONE: it.verdict = exists(pid) ? HPR_VERDICT_UNKNOWN : HPR_VERDICT_GONE; break;
  }
  return it;
}

/* A number that was free, or whose holder was not told, when it was recorded. */
static hpr_aim aim_at_unnamed(const hpr_identity *identity) {
  if (identity->state == HPR_RECORD_OPAQUE && identity->kin) return aim_at_child(identity->pid);
  if (!exists(identity->pid)) return no_aim(HPR_VERDICT_GONE);
  return no_aim(identity->state == HPR_RECORD_NOBODY ? HPR_VERDICT_STRANGER : HPR_VERDICT_UNKNOWN);
}

/*
 * The leader is dead. As long as it is a zombie its number cannot have passed to another group;
 * once it was reaped nobody can tell whose a group of that number is.
 */
static hpr_aim aim_at_group(int32_t group, bool zombie) {
  int found = hpr_bsd_group_member(group);
  if (found == HPR_ESRCH) return no_aim(HPR_VERDICT_GONE);
  if (found != 0 || !zombie) return no_aim(HPR_VERDICT_UNKNOWN);
  int asked = hpr_pids_signal(group, 0, true);
  return (hpr_aim){.verdict = asked == 0 ? HPR_VERDICT_GROUP : HPR_VERDICT_FOREIGN, .group = true};
}

static hpr_aim aim_at_process(int32_t pid, int64_t born_us) {
  hpr_bsd_info info;
  int read = hpr_bsd_info_read(pid, &info);
  if (read == HPR_ESRCH) return aim_at_group(pid, false);
  if (read != 0) return no_aim(HPR_VERDICT_UNKNOWN);
  /* Another user's: its birth is not told, and it need not be the one that was recorded. */
  if (info.born_us == 0) return info.dead ? aim_at_group(pid, false) : no_aim(HPR_VERDICT_FOREIGN);
  if (info.born_us != born_us) return no_aim(HPR_VERDICT_STRANGER);
  if (info.dead) return aim_at_group(pid, true);
  int asked = hpr_pids_signal(pid, 0, false);
  if (asked == HPR_ESRCH) return aim_at_group(pid, false);
  return (hpr_aim){
      .verdict = asked == 0 ? HPR_VERDICT_SAME : HPR_VERDICT_FOREIGN,
      .group = info.group == pid,
  };
}

hpr_aim hpr_aim_take(const char *here, const hpr_identity *identity) {
  int64_t born_us;
  if (identity->pid < HPR_PID_MIN) return no_aim(HPR_VERDICT_UNKNOWN);
  if (identity->boot[0] != '\0') {
    if (here[0] == '\0') return no_aim(HPR_VERDICT_UNKNOWN);
    hpr_verdict boot = hpr_boot_judge(here, identity->boot);
    if (boot != HPR_VERDICT_SAME) return no_aim(boot);
  }
  if (identity->state != HPR_RECORD_KNOWN) return aim_at_unnamed(identity);
  if (!hpr_birth_read(identity->birth, &born_us)) return no_aim(HPR_VERDICT_UNKNOWN);
  return aim_at_process(identity->pid, born_us);
}

static int error_of(hpr_verdict verdict) {
  switch (verdict) {
  case HPR_VERDICT_SAME:
  case HPR_VERDICT_GROUP: return 0;
  case HPR_VERDICT_GONE: return HPR_ESRCH;
  case HPR_VERDICT_STRANGER: return HPR_ESTRANGER;
  case HPR_VERDICT_FOREIGN: return HPR_EFOREIGN;
  case HPR_VERDICT_UNKNOWN: return HPR_EUNKNOWN;
  }
  return HPR_EUNKNOWN;
}

int hpr_aim_signal(const hpr_aim *aim, const hpr_identity *identity, int signum) {
  int result = error_of(aim->verdict);
  if (result == 0) result = hpr_pids_signal(identity->pid, signum, aim->group);
  return result == HPR_EACCES ? HPR_EFOREIGN : result;
}
