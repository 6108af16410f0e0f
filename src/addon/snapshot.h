/* addon/snapshot.h: entries as JavaScript objects, HeadlessSnapshot and HeadlessExit of index.d.ts.
 */
#ifndef HPR_ADDON_SNAPSHOT_H
#define HPR_ADDON_SNAPSHOT_H

#include <node_api.h>

#include "addon/core.h"

namespace hpr {

/* NULL for HPR_LINK_NONE. */
const char *LinkName(hpr_link link);

napi_value ToObject(napi_env env, const hpr_snapshot &entry);

/* HeadlessStats of index.d.ts. */
napi_value ToObject(napi_env env, const hpr_stats &stats);

/* With how it ended, where that is known. */
napi_value ToExit(napi_env env, const hpr_snapshot &entry);

} // namespace hpr

#endif
