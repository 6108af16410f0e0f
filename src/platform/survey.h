/* platform/survey.h: the processes of this system, as people and the search for keepers see them.
 */
#ifndef HPR_PLATFORM_SURVEY_H
#define HPR_PLATFORM_SURVEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* One process at one moment. It may be gone by now: nothing here is proof of who it is. */
typedef struct hpr_survey_item {
  int32_t pid;
  int32_t parent;         /* 0: none, or hidden from us */
  int32_t group;          /* its process group, where the system has any; 0: none */
  bool ours;              /* runs as our effective user */
  int64_t started_ms;     /* since 1970, by today's clock; exact to 10 ms */
  int64_t cpu_ms;         /* user and system time that it has used so far */
  int64_t resident_bytes; /* memory, including what it shares with others */
  const char *command;    /* its arguments with spaces between; any bytes */
  const char *folder;     /* its working folder; NULL: unknown */
} hpr_survey_item;

/* The strings are valid during the call. */
typedef void (*hpr_survey_visit)(void *context, const hpr_survey_item *item);

/*
 * Visits all processes that the system shows us, without zombies, processes that
 * were just killed (where the system shows that) and kernel threads, in no particular order.
 * HPR_EMFILE, HPR_EUNKNOWN: the system shows no processes.
 */
int hpr_survey(hpr_survey_visit visit, void *context);

#endif
