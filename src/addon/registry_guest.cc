/* addon/registry_guest.cc: RegistryObject's calls for one that was opened as a guest. */
#include "addon/registry_object.h"
#include "addon/results.h"
#include "addon/snapshot.h"

namespace hpr {

namespace {

const char *VerdictName(hpr_verdict verdict) {
  switch (verdict) {
  case HPR_VERDICT_SAME: return "same";
  case HPR_VERDICT_GROUP: return "group";
  case HPR_VERDICT_GONE: return "gone";
  case HPR_VERDICT_STRANGER: return "stranger";
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
  }
  return "unnamed";
}

Napi::Object ToBorrowed(Napi::Env env, const hpr_borrowed &it) {
  Napi::Object object = ToObject(env, it.entry);
  object.Set("verdict", VerdictName(it.verdict));
  object.Set("owner", OwnershipName(it.owner));
  SetPid(object, "ownerPid", it.owner_pid);
  SetPid(object, "standsFor", it.stands_for);
  object.Set("canEnd", it.can_end);
  return object;
}

struct Look {
  Napi::Array entries, refused;
};

void Visit(void *context, const hpr_borrowed *it) {
  auto *look = static_cast<Look *>(context);
  Napi::Env env = look->entries.Env();
  if (it->refused)
    look->refused.Set(look->refused.Length(),
                      Napi::String::New(env, it->refused, it->refused_size));
  else
    look->entries.Set(look->entries.Length(), ToBorrowed(env, *it));
}

} // namespace

Napi::Value RegistryObject::Borrow(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  if (!IsOpen(env)) return env.Undefined();
  Look look{Napi::Array::New(env), Napi::Array::New(env)};
  bool damaged;
  const int result = hpr_registry_borrow(registry_, Visit, &look, &damaged);
  if (result != 0) {
    ThrowError(env, result);
    return env.Undefined();
  }
  Napi::Object contents = Napi::Object::New(env);
  contents.Set("entries", look.entries);
  contents.Set("refused", look.refused);
  contents.Set("damaged", damaged);
  return contents;
}

Napi::Value RegistryObject::Tidy(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  if (!IsOpen(env)) return env.Undefined();
  size_t dropped;
  const int result = hpr_registry_tidy(registry_, &dropped);
  if (result == 0) return Napi::Number::New(env, static_cast<double>(dropped));
  ThrowError(env, result);
  return env.Undefined();
}

} // namespace hpr
