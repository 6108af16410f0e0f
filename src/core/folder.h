/* core/folder.h: which folder an entry works in, by all its names, dead mounts left aside. */
#ifndef HPR_CORE_FOLDER_H
#define HPR_CORE_FOLDER_H

#include "core/state.h"

/*
 * Learns it, when the entry is made. Where its file system would have to be asked the host is; it
 * asks elsewhere.
 */
void hpr_folder_learn(hpr_registry *registry, hpr_entry *entry);

/* A path, and where it leads: looked for when its text alone does not do. */
typedef struct hpr_place {
  const char *path;
  bool looked;
  bool dead;        /* some file system has not answered in this call */
  hpr_folder_id id; /* all 0: not to be told within a tenth of a second */
} hpr_place;

/*
 * True if the entry works there: by the text of both paths or, as far as they can be told within
 * two tenths of a second, because they lead to one folder.
 */
bool hpr_folder_is_at(hpr_registry *registry, hpr_entry *entry, hpr_place *place);

#endif
