/* addon/core.h: the core's one public header, for C++. */
#ifndef HPR_ADDON_CORE_H
#define HPR_ADDON_CORE_H

extern "C" {
#include "core/registry.h"
#include "store/signal_name.h"
}

#endif
