/* addon/addon.cc: what `require` of the binary returns: { Registry, readPidFile, listProcesses }.
 */
#include <napi.h>

#include "addon/pidfile_reader.h"
#include "addon/process_survey.h"
#include "addon/registry_object.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("Registry", hpr::RegistryObject::Define(env));
  exports.Set("readPidFile", Napi::Function::New<hpr::ReadPidFile>(env, "readPidFile"));
  exports.Set("listProcesses", Napi::Function::New<hpr::ListProcesses>(env, "listProcesses"));
  return exports;
}

NODE_API_MODULE(headless_pid_registry, Init)
