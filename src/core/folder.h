/* core/folder.h: whether an entry works in a folder, whatever its path; never waits for a dead
 * mount. */
#ifndef HPR_CORE_FOLDER_H
#define HPR_CORE_FOLDER_H

#include "core/state.h"

/*
 * Looks up the folder of a new entry. Where that would mean waiting for a file system, the host is
 * asked to do it on another thread.
 */
void hpr_folder_learn(hpr_registry *registry, hpr_entry *entry);

/* A path and the folder it leads to, which is looked up when comparing text is not enough. */
typedef struct hpr_place {
  const char *path;
  bool looked;
  bool dead;        /* a file system did not answer during this call */
  hpr_folder_id id; /* all 0: not known within a tenth of a second */
} hpr_place;

/*
 * True if the entry works there: the paths are equal or, as far as that is known within two tenths
 * of a second, lead to the same folder.
 */
bool hpr_folder_is_at(hpr_registry *registry, hpr_entry *entry, hpr_place *place);

#endif
