/* addon/snapshot.h: entries as JavaScript objects, HeadlessSnapshot and HeadlessExit of index.d.ts.
 */
#ifndef HPR_ADDON_SNAPSHOT_H
#define HPR_ADDON_SNAPSHOT_H

#include <napi.h>

#include "addon/core.h"

namespace hpr {

Napi::Object ToObject(Napi::Env env, const hpr_snapshot &entry);

/* With how it ended, where that is known. */
Napi::Object ToExit(Napi::Env env, const hpr_snapshot &entry);

} // namespace hpr

#endif
