/* addon/addon.cc: what `require` of the binary returns: { Registry, readPidFile, listProcesses }.
 *
 * node-addon-api makes the module. What runs while an environment ends is written against plain
 * Node-API: there node-addon-api takes every refusal for a fatal error and ends the program.
 */
#include <napi.h>

#include "addon/pidfile_reader.h"
#include "addon/process_survey.h"
#include "addon/registry_object.h"

static Napi::Value Function(napi_env env, const char *name, napi_callback call) {
  napi_value function = nullptr;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, call, nullptr, &function);
  return {env, function};
}

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("Registry", Napi::Value(env, hpr::RegistryObject::Define(env)));
  exports.Set("readPidFile", Function(env, "readPidFile", hpr::ReadPidFile));
  exports.Set("listProcesses", Function(env, "listProcesses", hpr::ListProcesses));
  return exports;
}

NODE_API_MODULE(headless_pid_registry, Init)
