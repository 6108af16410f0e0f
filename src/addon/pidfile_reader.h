/* addon/pidfile_reader.h: a pid file for those who only want to look at it. */
#ifndef HPR_ADDON_PIDFILE_READER_H
#define HPR_ADDON_PIDFILE_READER_H

#include <node_api.h>

namespace hpr {

/*
 * readPidFile(path): { entries, refused, damaged }, of a missing file an empty one. Takes no lock
 * and writes nothing: the file is replaced in one step, so what is read is whole. Throws with a
 * code if the file must not or cannot be read.
 */
napi_value ReadPidFile(napi_env env, napi_callback_info info);

} // namespace hpr

#endif
