/*
 * platform/explain.c: found.c's questions, asked one by one. It decides nothing: who wants to know
 * whether a process is the recorded one asks hpr_found_verdict.
 */
#include "platform/explain.h"

#include "platform/found.h"

typedef struct hearing {
  const hpr_system *system;
  const hpr_here *here;
  const hpr_identity *identity;
  hpr_proof_visit visit;
  void *context;
} hearing;

static void tell(const hearing *it, const char *proof, const char *said) {
  it->visit(it->context, proof, said);
}

static const char *record_of(const hpr_identity *identity) {
  switch (identity->state) {
  case HPR_RECORD_NONE: return "none";
  case HPR_RECORD_KNOWN: return "known";
  case HPR_RECORD_NOBODY: return "nobody";
  case HPR_RECORD_OPAQUE: return "opaque";
  }
  return "none";
}

static const char *boot_of(const hearing *it) {
  if (it->identity->boot.form == HPR_BOOT_NONE) return "unrecorded";
  switch (hpr_boot_compare(&it->here->boot, &it->identity->boot)) {
  case HPR_BOOT_SAME: return "same";
  case HPR_BOOT_LIKELY: return "likely";
  case HPR_BOOT_OTHER: return "other";
  case HPR_BOOT_UNKNOWN: break;
  }
  return "unknown";
}

static const char *namespace_of(const hearing *it, const hpr_birth *birth) {
  const uint64_t ours = it->here->host.pid_namespace;
  if (birth->pid_namespace == 0 || ours == 0) return "unknown";
  return birth->pid_namespace == ours ? "same" : "other";
}

/* By the name of whoever has the pid now, where names cannot be opened. */
static const char *name_by_number(const hearing *it, const hpr_birth *birth) {
  hpr_birth its = {0};
  hpr_handle handle;
  if (it->system->open(it->identity->pid, &handle) != 0) return "unavailable";
  const bool told = handle != HPR_NO_HANDLE && it->system->handle_name(handle, &its) == 0 &&
                    its.name_kind == birth->name_kind;
  if (handle != HPR_NO_HANDLE) it->system->close(handle);
  if (!told) return "unavailable";
  return its.name == birth->name ? "same" : "other";
}

static const char *name_of(const hearing *it, const hpr_birth *birth) {
  hpr_handle handle;
  if (birth->name_kind == 0) return "unrecorded";
  const int opened = it->system->reopen(birth, &handle);
  if (opened == HPR_ESRCH) return "gone";
  if (opened != 0) return name_by_number(it, birth);
  int32_t holder;
  bool ours;
  const int told = it->system->handle_pid(handle, &holder, &ours);
  it->system->close(handle);
  if (told == HPR_ESRCH) return "gone";
  return told == 0 && holder != it->identity->pid ? "other" : "same";
}

static const char *start_of(const hearing *it, const hpr_birth *birth, const hpr_facts *facts) {
  if (!hpr_same_time(it->here->host.time_namespace, birth->time_namespace)) return "incomparable";
  if (facts->start == 0) return "hidden";
  return facts->start == birth->start ? "same" : "other";
}

static void tell_birth(const hearing *it, bool seen, const hpr_facts *facts) {
  const hpr_birth *birth = &it->identity->birth;
  if (it->identity->state != HPR_RECORD_KNOWN || !hpr_birth_is_told(birth)) return;
  if (birth->form == HPR_BIRTH_FULL) tell(it, "namespace", namespace_of(it, birth));
  tell(it, "name", name_of(it, birth));
  if (seen) tell(it, "start", start_of(it, birth, facts));
}

static const char *group_of(const hearing *it) {
  int32_t member;
  const int32_t pid = it->identity->pid;
  if (it->system->group_of(pid) == pid) return "leads";
  return hpr_group_member(it->system, pid, &member) == 0 ? "members" : "none";
}

void hpr_explain(const hpr_system *system, const hpr_here *here, const hpr_identity *identity,
                 hpr_proof_visit visit, void *context) {
  const hearing it = {system, here, identity, visit, context};
  hpr_facts facts;
  tell(&it, "record", record_of(identity));
  tell(&it, "boot", boot_of(&it));
  if (!hpr_is_pid(identity->pid)) return;
  const int asked = system->signal(identity->pid, 0, false);
  const bool seen = system->look(identity->pid, &facts) == 0;
  tell(&it, "number", asked == HPR_ESRCH ? "free" : "held");
  if (asked != HPR_ESRCH) {
    tell(&it, "process", !seen ? "hidden" : facts.dead ? "dead" : "runs");
    tell(&it, "user", asked == HPR_EACCES ? "another" : "ours");
  }
  tell_birth(&it, seen, &facts);
  tell(&it, "group", group_of(&it));
  tell(&it, "kin", identity->kin ? "yes" : "no");
}
