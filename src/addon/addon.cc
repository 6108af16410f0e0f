/* addon/addon.cc: what `require` of the binary returns: { Registry, readPidFile, listProcesses,
 * connectToKeeper, isSharedFolder, unreadBytes }.
 *
 * node-addon-api makes the module. What runs while an environment ends is written against plain
 * Node-API: there node-addon-api takes every refusal for a fatal error and ends the program.
 */
#include <napi.h>

#include "addon/keeper_sockets.h"
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
  exports.Set("connectToKeeper", Function(env, "connectToKeeper", hpr::ConnectToKeeper));
  exports.Set("isSharedFolder", Function(env, "isSharedFolder", hpr::IsSharedFolder));
  exports.Set("unreadBytes", Function(env, "unreadBytes", hpr::UnreadBytes));
  return exports;
}

NODE_API_MODULE(headless_pid_registry, Init)
