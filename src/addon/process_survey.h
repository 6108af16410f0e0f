/* addon/process_survey.h: platform/survey.h as a list. */
#ifndef HPR_ADDON_PROCESS_SURVEY_H
#define HPR_ADDON_PROCESS_SURVEY_H

#include <napi.h>

namespace hpr {

/*
 * listProcesses(): [{ pid, parentPid?, group, ours, startedAt, cpuMs, residentBytes, command,
 * cwd? }]. Throws an Error with `code` where the system shows no processes.
 */
Napi::Value ListProcesses(const Napi::CallbackInfo &info);

} // namespace hpr

#endif
