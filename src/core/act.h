/* core/act.h: a turn's fourth step: watches and signals. Never under the file's lock. */
#ifndef HPR_CORE_ACT_H
#define HPR_CORE_ACT_H

#include "core/state.h"

/* Sets the watches that are missing, then sends the signals that its ending asks for. */
void hpr_act(hpr_registry *registry, hpr_entry *entry);

#endif
