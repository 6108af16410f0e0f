/* addon/addon.cc: what `require` of the binary returns: { Registry }. */
#include <napi.h>

#include "addon/registry_object.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("Registry", hpr::RegistryObject::Define(env));
  return exports;
}

NODE_API_MODULE(headless_pid_registry, Init)
