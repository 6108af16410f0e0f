/* store/row.h: one entry of the pid file, as a record and as JSON text. */
#ifndef HPR_STORE_ROW_H
#define HPR_STORE_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "platform/process.h"
#include "store/scan.h"

enum { HPR_OWNER_ID_SIZE = 17 }; /* 16 hexadecimal digits and the final NUL */

/* Times that no server of ours can have written are no times. */
#define HPR_SPAWNED_UNKNOWN INT64_MIN

/* The processes that a row may stand for. */
typedef enum hpr_part {
  HPR_PART_AGENT,  /* the agent (pi), if it is another process than the registered one */
  HPR_PART_MAIN,   /* the registered one */
  HPR_PART_KEEPER, /* the keeper, if it is another process than the registered one */
  HPR_PART_FORMER, /* one whose place another has taken: it runs yet, or its group is left */
  HPR_PART_COUNT,
} hpr_part;

enum { HPR_MEMBERS_MAX = 8 }; /* any one of them proves the group */

/* Who was in the group that a process led, when the process had ended. */
typedef struct hpr_members {
  hpr_identity list[HPR_MEMBERS_MAX];
  size_t count;
} hpr_members;

/* A process that was sent the first signal, or was about to be. */
typedef struct hpr_asked {
  int32_t pid;
  hpr_birth birth;
} hpr_asked;

/* "ending": an end that was asked for, so that another server can go on with it. */
typedef struct hpr_ending_record {
  hpr_signal signal; /* the first one */
  int32_t grace_ms;  /* 0 or more; -1 = no SIGKILL */
  int64_t began_ms;  /* by CLOCK_MONOTONIC of the boot that the row's identities name: its grace */
  int64_t began_boot_ms; /* the same since that boot, suspend included: who has come since; 0 = not
                            known */
  bool tree;             /* all that the session has started is to end with it */
  hpr_asked *sent;
  size_t sent_count;
} hpr_ending_record;

/* What most rows do not have. The strings, the members and the ending belong to it. */
typedef struct hpr_row_rest {
  hpr_identity pi;     /* the agent: "piPid", "piIdentity" where there is a keeper, else
                          "agentPid", "agentIdentity"; pid 0 = none */
  hpr_identity former; /* "former", with its pid; pid 0 = none */
  hpr_identity keeper; /* "keeperPid", "keeperIdentity"; equal to main if the pids are equal */
  hpr_members *members[HPR_PART_COUNT]; /* "members" of an identity; NULL = none recorded */
  char *socket_path;                    /* "keeperSockPath" or NULL; never empty */
  char *goal;                           /* "goalId", the caller's own, or NULL; never empty */
  char *fields;              /* "fields", the caller's own: the text of an object, or NULL */
  char *unknown;             /* what else it has, to the letter, with commas between; or NULL */
  int64_t foreign_since_ms;  /* "foreignSince": since when its readers see that it is elsewhere and
                                that nobody is known to look after it, since 1970; 0 = it is not */
  int32_t registered_pid;    /* "registeredPid", if it is not main's any more; 0 = it is */
  hpr_ending_record *ending; /* how it is to end; NULL = not asked, or not by us */
} hpr_row_rest;

/* "owner": the registry that keeps a row. Its rows share one. */
typedef struct hpr_owner_name {
  hpr_identity identity;        /* of its process */
  char id[HPR_OWNER_ID_SIZE];   /* which registry of that process */
  char file[HPR_OWNER_ID_SIZE]; /* the birth number of the file with its lock; "" = none */
  char init[HPR_OWNER_ID_SIZE]; /* the lock of its process as process 1; "" = none */
  size_t uses;                  /* by how many it is shared */
  char *text;                   /* as it stands in their rows; NULL = in none so far */
} hpr_owner_name;

/* The strings belong to the row. All zero is an empty row that needs no hpr_row_done. */
typedef struct hpr_row {
  hpr_identity main;       /* "pid", "identity" */
  char *cwd;               /* never NULL in a row that was read; see base/shared.h */
  char *token;             /* "spawnToken" or NULL; never empty */
  char *session;           /* "sessionId", for people: the last one that held it, or NULL */
  int64_t spawned_ms;      /* since 1970, or HPR_SPAWNED_UNKNOWN; for people */
  int64_t spawned_boot_ms; /* "spawnedBootMs": the same since the boot that main names, suspend
                              included; for its age. 0 = not known */
  hpr_row_rest *rest;      /* NULL = it has nothing of that; see hpr_row_more */
  hpr_owner_name *owner;   /* NULL = the original module's; see hpr_row_owner */
  bool terminating;        /* asked to end; finish it */
  bool remainder; /* its processes have ended, and that was told; groups of them are left */
} hpr_row;

/* What most rows do not have: to be read, all zero where there is nothing; to be written, NULL for
 * lack of memory. */
const hpr_row_rest *hpr_row_more(const hpr_row *row);
hpr_row_rest *hpr_row_add_more(hpr_row *row);
/* Gives its memory back where there is nothing. */
void hpr_row_trim(hpr_row *row);

/* Who keeps it; of the original module's pid 0. */
const hpr_owner_name *hpr_row_owner(const hpr_row *row);

/* A name that rows can share, all zero, with one use; NULL: no memory. And the end of a use. */
hpr_owner_name *hpr_owner_name_new(void);
void hpr_owner_name_drop(hpr_owner_name *name);

/* What proves it from now on: see `file` and `init`. */
void hpr_owner_name_prove(hpr_owner_name *name, const char *file, const char *init);

/* From now on the row is that owner's. */
void hpr_row_set_owner(hpr_row *row, hpr_owner_name *owner);

/*
 * Reads an entry's text. HPR_EINVAL: it must not be acted on, and *ret_row is not written (no
 * valid pid, a field of the wrong type, a key twice, a NUL in a string). HPR_ENOMEM.
 */
int hpr_row_read(hpr_span text, hpr_row *ret_row);

/* The same for a value that hpr_scan_value has found to be sound, and not unspeakable. */
int hpr_row_read_scanned(hpr_span text, hpr_row *ret_row);

/* Adds an entry's text, of one line. Lack of memory shows in the buffer. */
void hpr_row_write(const hpr_row *row, hpr_buffer *buffer);

/*
 * Both for an announced token: a process that may be started with it, and has not been
 * registered. Its row has a token, a time and an owner, and no process. The text is a
 * value that was scanned.
 */
int hpr_row_read_announced(hpr_span text, hpr_row *ret_row);
void hpr_row_write_announced(const hpr_row *row, hpr_buffer *buffer);

/* Who one of its processes is, and under which key that stands; `is_pi`: the agent is a keeper's.
 */
const hpr_identity *hpr_row_identity(const hpr_row *row, hpr_part part);
const char *hpr_row_identity_key(hpr_part part, bool is_pi);

/*
 * Copies a text into a row's field; NULL or "" leaves none, as in the original module. HPR_ENOMEM:
 * the field is as it was.
 */
int hpr_row_set_text(char **field, const char *text);

/* The same for its keeper's socket and its goal. */
int hpr_row_set_socket_path(hpr_row *row, const char *path);
int hpr_row_set_goal(hpr_row *row, const char *goal);

/*
 * Keeps a copy of the caller's own fields, the text of a JSON object. HPR_EINVAL: a reader of the
 * file would refuse it (no object, a key twice, a NUL in a string, nested too deeply). HPR_ENOMEM.
 * Then the row is as it was.
 */
int hpr_row_set_fields(hpr_row *row, const char *fields);

/*
 * The registered process is gone and its agent is not: the agent takes its place. A keeper that is
 * another process stays. `keep_group`: something is left of the former one's group.
 */
void hpr_row_promote(hpr_row *row, bool keep_group);

/*
 * The agent is another one now: what was recorded of the members of its group is dropped, or stays
 * with `former`, who it was (NULL: nothing stays).
 */
void hpr_row_leave_agent(hpr_row *row, const hpr_identity *former);

/* Makes a remainder of the agent's group, with its members. HPR_ENOMEM: they are where they were.
 */
int hpr_row_split_agent(hpr_row *row, const char *session, hpr_row *ret_remainder);

/* The former one is not its any more. */
void hpr_row_drop_former(hpr_row *row);

/* The pid that was registered, whoever has taken its place. */
int32_t hpr_row_registered_pid(const hpr_row *row);

/* What a row is told by, whoever has taken the registered process's place, or has proved it. */
typedef struct hpr_origin {
  hpr_identity main;
  int64_t spawned_ms;
  int32_t pid; /* the registered one */
} hpr_origin;

hpr_origin hpr_row_origin_of(const hpr_row *row);

/* True if both are of one registration, and not of two under one pid. */
bool hpr_origin_equal(const hpr_origin *one, const hpr_origin *other);

/* Takes a copy; an empty list is none. HPR_ENOMEM: it is as it was. */
int hpr_row_set_members(hpr_row *row, hpr_part part, const hpr_members *members);

/* Says how it is to end, and that nobody was asked yet. HPR_ENOMEM: it is as it was. */
int hpr_row_begin_ending(hpr_row *row, const hpr_ending_record *how);

/* Forgets how it is to end. */
void hpr_row_drop_ending(hpr_row *row);

/* Whether that process was sent the first signal, and saying so. HPR_ENOMEM: not said. */
bool hpr_row_was_asked(const hpr_row *row, const hpr_identity *identity);
int hpr_row_add_asked(hpr_row *row, const hpr_identity *identity);
void hpr_row_drop_asked(hpr_row *row, const hpr_identity *identity);

/* Releases what the row owns and empties it. */
void hpr_row_done(hpr_row *row);

#endif
