/* addon/registry_guest.cc: the calls of a registry that was opened as a guest. */
#include "addon/registry_object.h"
#include "addon/values.h"
#include "addon/snapshot.h"

namespace hpr {

namespace {

const char *VerdictName(hpr_verdict verdict) {
  switch (verdict) {
  case HPR_VERDICT_SAME: return "same";
  case HPR_VERDICT_GROUP: return "group";
  case HPR_VERDICT_GONE: return "gone";
  case HPR_VERDICT_STRANGER: return "stranger";
  case HPR_VERDICT_NOT_HERE:
  case HPR_VERDICT_ELSEWHERE:
  case HPR_VERDICT_FOREIGN: return "foreign";
  case HPR_VERDICT_UNKNOWN: return "unknown";
  }
  return "unknown";
}

const char *OwnershipName(hpr_ownership owner) {
  switch (owner) {
  case HPR_OWNER_UNNAMED: return "unnamed";
  case HPR_OWNER_GONE: return "gone";
  case HPR_OWNER_LIVES: return "alive";
  case HPR_OWNER_ELSEWHERE: return "elsewhere";
  }
  return "unnamed";
}

napi_value ToBorrowed(napi_env env, const hpr_borrowed &it) {
  napi_value object = ToObject(env, it.entry);
  SetText(env, object, "verdict", VerdictName(it.verdict));
  SetText(env, object, "owner", OwnershipName(it.owner));
  SetPid(env, object, "ownerPid", it.owner_pid);
  SetPid(env, object, "standsFor", it.stands_for);
  Set(env, object, "canEnd", Boolean(env, it.can_end));
  Set(env, object, "leftovers", Number(env, static_cast<double>(it.leftovers)));
  Set(env, object, "canForget", Boolean(env, it.can_forget));
  return object;
}

struct Look {
  napi_env env;
  napi_value entries, refused;
};

void Visit(void *context, const hpr_borrowed *it) {
  const auto *look = static_cast<Look *>(context);
  napi_env env = look->env;
  if (it->refused)
    Append(env, look->refused, Text(env, it->refused, it->refused_size));
  else
    Append(env, look->entries, ToBorrowed(env, *it));
}

} // namespace

napi_value Borrow(Call &call, hpr_registry *registry) {
  napi_env env = call.env();
  Look look{env, List(env), List(env)};
  bool damaged;
  const int result = hpr_registry_borrow(registry, Visit, &look, &damaged);
  if (result != 0) return call.Fail(result);
  napi_value contents = Object(env);
  Set(env, contents, "entries", look.entries);
  Set(env, contents, "refused", look.refused);
  Set(env, contents, "damaged", Boolean(env, damaged));
  return contents;
}

/* explain(pid): [{ row, about, pid, proof, said }] */
napi_value Explain(Call &call, hpr_registry *registry) {
  struct {
    napi_env env;
    napi_value items;
  } list = {call.env(), List(call.env())};
  const int32_t pid = call.Pid(0, "pid");
  if (!call.ok()) return nullptr;
  const int result = hpr_registry_explain(
      registry, pid,
      [](void *context, const hpr_testimony *told) {
        const auto *it = static_cast<decltype(list) *>(context);
        napi_value object = Object(it->env);
        Set(it->env, object, "row", Number(it->env, static_cast<double>(told->row)));
        SetText(it->env, object, "about", told->about);
        SetPid(it->env, object, "pid", told->pid);
        SetText(it->env, object, "proof", told->proof);
        SetText(it->env, object, "said", told->said);
        Append(it->env, it->items, object);
      },
      &list);
  return result == 0 ? list.items : call.Fail(result);
}

napi_value Tidy(Call &call, hpr_registry *registry) {
  size_t dropped;
  const int result = hpr_registry_tidy(registry, &dropped);
  return result == 0 ? Number(call.env(), static_cast<double>(dropped)) : call.Fail(result);
}

napi_value Forget(Call &call, hpr_registry *registry) {
  size_t dropped;
  const int result = hpr_registry_forget(registry, &dropped);
  return result == 0 ? Number(call.env(), static_cast<double>(dropped)) : call.Fail(result);
}

} // namespace hpr
