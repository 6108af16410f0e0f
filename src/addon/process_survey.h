/* addon/process_survey.h: platform/survey.h as a list. */
#ifndef HPR_ADDON_PROCESS_SURVEY_H
#define HPR_ADDON_PROCESS_SURVEY_H

#include <node_api.h>

namespace hpr {

/*
 * listProcesses(): [{ pid, parentPid?, group, ours, startedAt, cpuMs, residentBytes, command,
 * cwd? }]. Throws an Error with `code` where the system shows no processes.
 */
napi_value ListProcesses(napi_env env, napi_callback_info info);

} // namespace hpr

#endif
