/* addon/registry_hot_calls.cc: RegistryObject's calls that every message makes, the plain cases. */
#include "addon/hot_call.h"
#include "addon/registry_object.h"

namespace hpr {

RegistryObject::Property RegistryObject::Hot(const char *name, napi_callback call) {
  napi_property_descriptor descriptor{};
  descriptor.utf8name = name;
  descriptor.method = call;
  descriptor.attributes = napi_default_method;
  return descriptor;
}

/* Whatever is not plain: closed, or arguments that may have to be refused. */
template <Napi::Value (RegistryObject::*general)(const Napi::CallbackInfo &)>
napi_value RegistryObject::CallGeneral(napi_env env, napi_callback_info info, void *self) {
  if (!self) return nullptr;
  return (static_cast<RegistryObject *>(self)->*general)(Napi::CallbackInfo(env, info));
}

static napi_value ToBoolean(napi_env env, bool value) {
  napi_value result = nullptr;
  napi_get_boolean(env, value, &result);
  return result;
}

napi_value RegistryObject::HotLinkByToken(napi_env env, napi_callback_info info) {
  HotCall call(env, info);
  hpr_registry *registry = OpenOne(call.self());
  const char *token = call.Text(0), *session = call.Text(1);
  const int32_t pi_pid = call.OptionalPid(2);
  if (!registry || !token || !session || pi_pid < 0)
    return CallGeneral<&RegistryObject::LinkByToken>(env, info, call.self());
  return ToBoolean(env, hpr_registry_link_by_token(registry, token, session, pi_pid));
}

napi_value RegistryObject::HotLinkByPid(napi_env env, napi_callback_info info) {
  HotCall call(env, info);
  hpr_registry *registry = OpenOne(call.self());
  const char *session = call.Text(0);
  const int32_t pid = call.OptionalPid(1);
  if (!registry || !session || pid <= 0)
    return CallGeneral<&RegistryObject::LinkByPid>(env, info, call.self());
  return ToBoolean(env, hpr_registry_link_by_pid(registry, session, pid));
}

napi_value RegistryObject::HotLinkSession(napi_env env, napi_callback_info info) {
  HotCall call(env, info);
  hpr_registry *registry = OpenOne(call.self());
  const char *session = call.Text(0), *cwd = call.Text(1);
  if (!registry || !session || !cwd)
    return CallGeneral<&RegistryObject::LinkSession>(env, info, call.self());
  return ToBoolean(env, hpr_registry_link_by_cwd(registry, session, cwd));
}

napi_value RegistryObject::HotGetPid(napi_env env, napi_callback_info info) {
  HotCall call(env, info);
  hpr_registry *registry = OpenOne(call.self());
  const char *session = call.Text(0);
  if (!registry || !session) return CallGeneral<&RegistryObject::GetPid>(env, info, call.self());
  const int32_t pid = hpr_registry_pid_of(registry, session);
  napi_value result = nullptr; /* undefined */
  if (pid != 0) napi_create_int32(env, pid, &result);
  return result;
}

napi_value RegistryObject::HotSize(napi_env env, napi_callback_info info) {
  HotCall call(env, info);
  hpr_registry *registry = OpenOne(call.self());
  if (!registry) return CallGeneral<&RegistryObject::Size>(env, info, call.self());
  napi_value result = nullptr;
  napi_create_uint32(env, static_cast<uint32_t>(hpr_registry_size(registry)), &result);
  return result;
}

} // namespace hpr
