/* addon/signal_name.h: signals by the names that Node gives them. */
#ifndef HPR_ADDON_SIGNAL_NAME_H
#define HPR_ADDON_SIGNAL_NAME_H

#include "addon/core.h"

namespace hpr {

/* False: none that the registry sends. */
bool ToSignal(const char *name, hpr_signal *ret_signal);

/* Static storage. */
const char *SignalName(hpr_signal signal);

} // namespace hpr

#endif
