/* addon/keeper_sockets.h: keepers' sockets, which may lie on a dead mount: never on this thread. */
#ifndef HPR_ADDON_KEEPER_SOCKETS_H
#define HPR_ADDON_KEEPER_SOCKETS_H

#include <node_api.h>

namespace hpr {

/*
 * connectToKeeper(sockPath, recordedAt, keep, told): looks, as platform/listener.h does, and calls
 * told(code, connection, listener): "" or an HPR_E… code; with `keep` the open descriptor, which is
 * the caller's; and { pid, identity } of a listener that is proved. False: no thread for it.
 */
napi_value ConnectToKeeper(napi_env env, napi_callback_info info);

/* isSharedFolder(folder, told): calls told(shared), see platform/file.h. False: no thread for it.
 */
napi_value IsSharedFolder(napi_env env, napi_callback_info info);

/* unreadBytes(connection): undefined where the system does not tell. */
napi_value UnreadBytes(napi_env env, napi_callback_info info);

} // namespace hpr

#endif
