/* addon/addon.cc: what `require` of the binary returns: { Registry, readPidFile, listProcesses }.
 */
#include "addon/pidfile_reader.h"
#include "addon/process_survey.h"
#include "addon/registry_object.h"
#include "addon/values.h"

NAPI_MODULE_INIT() {
  const auto set = [&](const char *name, napi_callback call) {
    napi_value function = nullptr;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, call, nullptr, &function);
    hpr::Set(env, exports, name, function);
  };
  hpr::Set(env, exports, "Registry", hpr::RegistryObject::Define(env));
  set("readPidFile", hpr::ReadPidFile);
  set("listProcesses", hpr::ListProcesses);
  return exports;
}
