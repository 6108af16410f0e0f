/* store/signal_name.h: signals by the names that the file and the API call them. */
#ifndef HPR_STORE_SIGNAL_NAME_H
#define HPR_STORE_SIGNAL_NAME_H

#include <stdbool.h>

#include "platform/process.h"

/* "SIGTERM" and so on. Static storage. */
const char *hpr_signal_name(hpr_signal signal);

/* False: no name of ours. */
bool hpr_signal_read(const char *name, hpr_signal *ret_signal);

#endif
