#include "platform/windows/aim.h"

#include <stddef.h>

#include "platform/windows/handle.h"

static hpr_aim no_aim(hpr_verdict verdict) { return (hpr_aim){.verdict = verdict}; }

/* A number that was free, or whose holder was not told, when it was recorded. */
static hpr_aim aim_at_unnamed(const hpr_identity *identity) {
  void *handle = NULL;
  const int opened = hpr_handle_open(identity->pid, HPR_HANDLE_LOOK, &handle);
  const bool gone = opened == HPR_ESRCH || (opened == 0 && !hpr_handle_runs(handle));
  hpr_handle_close(handle);
  if (gone) return no_aim(HPR_VERDICT_GONE);
  return no_aim(identity->state == HPR_RECORD_NOBODY && (opened == 0 || opened == HPR_EACCES)
                    ? HPR_VERDICT_STRANGER
                    : HPR_VERDICT_UNKNOWN);
}

static hpr_verdict judge(void *handle, uint64_t born, bool may_end) {
  const uint64_t holder = hpr_handle_born(handle);
  if (!hpr_handle_runs(handle)) return HPR_VERDICT_GONE;
  if (holder == 0) return HPR_VERDICT_UNKNOWN;
  if (holder != born) return HPR_VERDICT_STRANGER;
  return may_end ? HPR_VERDICT_SAME : HPR_VERDICT_FOREIGN;
}

static hpr_aim aim_at_process(int32_t pid, uint64_t born) {
  hpr_aim it = no_aim(HPR_VERDICT_UNKNOWN);
  int opened = hpr_handle_open(pid, HPR_HANDLE_END, &it.handle);
  const bool may_end = opened == 0;
  /* Who may not be ended may yet be looked at, and be a stranger. */
  if (opened == HPR_EACCES) opened = hpr_handle_open(pid, HPR_HANDLE_LOOK, &it.handle);
  switch (opened) {
  case 0: it.verdict = judge(it.handle, born, may_end); break;
  case HPR_ESRCH: it.verdict = HPR_VERDICT_GONE; break;
  case HPR_EACCES: it.verdict = HPR_VERDICT_FOREIGN; break; /* another user's */
  default: break;
  }
  return it;
}

hpr_aim hpr_aim_take(const hpr_here *here, const hpr_identity *identity) {
  uint64_t born;
  if (identity->pid < HPR_PID_MIN) return no_aim(HPR_VERDICT_UNKNOWN);
  if (identity->boot[0] != '\0') {
    const hpr_verdict boot = hpr_here_judge(here, identity->boot);
    if (boot != HPR_VERDICT_SAME) return no_aim(boot);
  }
  if (identity->state != HPR_RECORD_KNOWN) return aim_at_unnamed(identity);
  if (!hpr_birth_read(identity->birth, &born)) return no_aim(HPR_VERDICT_UNKNOWN);
  return aim_at_process(identity->pid, born);
}

void hpr_aim_done(const hpr_aim *aim) { hpr_handle_close(aim->handle); }

int hpr_aim_error(const hpr_aim *aim) {
  switch (aim->verdict) {
  case HPR_VERDICT_SAME: return 0;
  case HPR_VERDICT_GONE: return HPR_ESRCH;
  case HPR_VERDICT_STRANGER: return HPR_ESTRANGER;
  case HPR_VERDICT_FOREIGN: return HPR_EFOREIGN;
  case HPR_VERDICT_GROUP:
  case HPR_VERDICT_UNKNOWN: return HPR_EUNKNOWN;
  }
  return HPR_EUNKNOWN;
}
