/* store/row.h: one entry of the pid file, as a record and as JSON text. */
#ifndef HPR_STORE_ROW_H
#define HPR_STORE_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/process.h"
#include "store/scan.h"

enum { HPR_OWNER_ID_SIZE = 17 }; /* 16 hexadecimal digits and the final NUL */

/* Times that no server of ours can have written are no times. */
#define HPR_SPAWNED_UNKNOWN INT64_MIN

struct cJSON;

/* The strings belong to the row. All zero is an empty row that needs no hpr_row_done. */
typedef struct hpr_row {
  hpr_identity main;   /* "pid", "identity" */
  hpr_identity pi;     /* "piPid", "piIdentity"; pid 0 = none */
  hpr_identity keeper; /* "keeperPid", "keeperIdentity"; equal to main if the pids are equal */
  char *cwd;           /* never NULL in a row that was read */
  char *token;         /* "spawnToken" or NULL; never empty */
  char *socket_path;   /* "keeperSockPath" or NULL; never empty */
  char *session;       /* "sessionId", for people: the last one that held it, or NULL */
  int64_t spawned_ms;  /* since 1970, or HPR_SPAWNED_UNKNOWN */
  bool terminating;    /* asked to end; finish it */
  hpr_identity owner;  /* the server that keeps it; pid 0 = the original module */
  char owner_id[HPR_OWNER_ID_SIZE]; /* which registry of that server */
  struct cJSON *unknown;            /* members that we do not know, kept to the letter; or NULL */
} hpr_row;

/*
 * Reads an entry's text. HPR_EINVAL: it must not be acted on, and *ret_row is not written (no
 * valid pid, a field of the wrong type, a key twice, a NUL in a string). HPR_ENOMEM.
 */
int hpr_row_read(hpr_span text, hpr_row *ret_row);

/* Writes an entry's text, ended by NUL; the caller frees it with free(). HPR_ENOMEM. */
int hpr_row_write(const hpr_row *row, char **ret_text);

/*
 * Copies a text into a row's field; NULL or "" leaves none, as in the original module. HPR_ENOMEM:
 * the field is as it was.
 */
int hpr_row_set_text(char **field, const char *text);

/*
 * The registered process is gone and its pi is not: pi takes its place. A keeper that is another
 * process than the registered one stays.
 */
void hpr_row_stand_in(hpr_row *row);

/* Releases what the row owns and empties it. */
void hpr_row_done(hpr_row *row);

#endif
