/* platform/windows/token.h: whom a process runs as. */
#ifndef HPR_PLATFORM_WINDOWS_TOKEN_H
#define HPR_PLATFORM_WINDOWS_TOKEN_H

#include <stdbool.h>

/*
 * Our user as TOKEN_USER, or whom new files of ours belong to as TOKEN_OWNER. The caller frees
 * them. HPR_ENOMEM, HPR_EACCES, …
 */
int hpr_token_user(void **ret_user);
int hpr_token_heir(void **ret_heir);

/* True if an open process runs as our user. False also if it cannot be told. */
bool hpr_token_is_ours(void *process);

#endif
