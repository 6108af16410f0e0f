/* platform/native.h: the inside of the native processes, for the files that share it. */
#ifndef HPR_PLATFORM_NATIVE_H
#define HPR_PLATFORM_NATIVE_H

#include "platform/descent.h"
#include "platform/found.h"
#include "platform/groups.h"
#include "platform/held.h"
#include "platform/identity.h"

typedef struct hpr_native {
  const hpr_system *system;
  int32_t opener; /* the process that may act; a fork of it may not */
  hpr_here here;
  hpr_held *held;        /* handles of those who are watched, where their names cannot be opened */
  hpr_held *turn;        /* handles of those who were found in this turn */
  hpr_ancestry ancestry; /* as it was read in this turn */
  hpr_groups groups;     /* as they were in this turn */
  bool names_open;       /* a process was opened by its name: then all that have one can be */
  hpr_exit_notice notice;
  void *notice_context;
  hpr_watcher *watcher; /* NULL until the first watch */
} hpr_native;

/* True for SAME and GROUP: it can be signalled. */
bool hpr_verdict_is_reachable(hpr_verdict verdict);

/* The handles from here on are one too many to be kept; the rest is the server's. */
hpr_handle hpr_native_limit(const hpr_native *self);

/* Ours, read at most once in a turn. */
const hpr_ancestry *hpr_native_ancestry(hpr_native *self);

/*
 * Looks at a process so that the facts are known to be those of the handle's process, which is the
 * caller's; HPR_NO_HANDLE where the system has none. HPR_ESRCH, HPR_EMFILE, HPR_ENOMEM,
 * HPR_EUNKNOWN.
 */
int hpr_native_pin(const hpr_system *system, int32_t pid, hpr_handle *ret_handle,
                   hpr_facts *ret_facts);

/* Records who has that pid. 0 if the identity is KNOWN; its kinship is yet to be told. */
int hpr_native_record(hpr_native *self, int32_t pid, hpr_facts *ret_facts,
                      hpr_identity *ret_identity);

/* --- the functions of hpr_process_ops, by the file that they stand in ------------------------- */

/* process.c */
hpr_verdict hpr_native_verify(void *self, const hpr_identity *identity);

/* identify.c */
void hpr_native_identify(void *self, int32_t pid, const hpr_identity *family,
                         hpr_identity *ret_identity);
void hpr_native_identify_recorded(void *self, int32_t pid, int64_t recorded_ms,
                                  hpr_identity *ret_identity);
void hpr_native_renew(void *self, hpr_identity *identity);

/* signal.c */
int hpr_native_signal(void *self, const hpr_identity *identity, hpr_signal signal, hpr_scope scope);
bool hpr_native_leads(void *self, const hpr_identity *identity);
bool hpr_native_is_member(void *self, const hpr_identity *identity, int32_t group);
int hpr_native_signal_group(void *self, const hpr_identity *member, int32_t group,
                            hpr_signal signal);

/* relatives.c */
int hpr_native_descendants(void *self, const hpr_identity *root, hpr_identity *ret_descendants,
                           size_t capacity, size_t *ret_count);
int hpr_native_members(void *self, const hpr_identity *leader, hpr_identity *ret_members,
                       size_t capacity, size_t *ret_count);
bool hpr_native_is_around_us(void *self, const hpr_identity *identity);
int hpr_native_lineage(void *self, int32_t pid, hpr_ancestor ret_line[HPR_LINEAGE_MAX],
                       size_t *ret_count);
int hpr_native_list(void *self, hpr_seen **ret_list, size_t *ret_count);

/* traits.c */
hpr_mark hpr_native_mark(void *self, const hpr_identity *identity, const char *token,
                         const char *pid_file);
size_t hpr_native_marked(void *self, int32_t pid, const char *const tokens[], size_t count,
                         const char *pid_file);
bool hpr_native_same_user(void *self, const hpr_identity *a, const hpr_identity *b);
uint32_t hpr_native_other_user(void *self, const hpr_identity *identity);
int hpr_native_command(void *self, const hpr_identity *identity, char **ret_words,
                       size_t *ret_size);
int hpr_native_folder(void *self, const hpr_identity *identity, char **ret_path);
int64_t hpr_native_age_ms(void *self, const hpr_identity *identity);
int64_t hpr_native_since_ms(void *self, const hpr_identity *identity, int64_t boot_ms);

/* watching.c */
int hpr_native_watch(void *self, const hpr_identity *identity, uint64_t watch,
                     hpr_verdict *ret_verdict);
void hpr_native_unwatch(void *self, uint64_t watch);

#endif
