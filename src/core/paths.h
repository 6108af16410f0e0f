/* core/paths.h: the folders of all entries, each of them kept once: a server works in a few. */
#ifndef HPR_CORE_PATHS_H
#define HPR_CORE_PATHS_H

/* All zero has none. */
typedef struct hpr_paths {
  struct hpr_path *list; /* by text */
} hpr_paths;

/* Puts an equal text (base/shared.h) in the place of *path, if there is one. */
void hpr_paths_share(hpr_paths *paths, char **path);

/* Its caller is about to drop it. */
void hpr_paths_leave(hpr_paths *paths, const char *path);

void hpr_paths_done(hpr_paths *paths);

#endif
