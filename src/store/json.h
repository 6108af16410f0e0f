/* store/json.h: JSON text, printed member by member. */
#ifndef HPR_STORE_JSON_H
#define HPR_STORE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

/*
 * Each of these adds one value, and a comma before it where one stands before. A key is printed as
 * it is; NULL: the value is an item of a list. Lack of memory shows in the buffer.
 */
void hpr_json_open(hpr_buffer *buffer, const char *key, char bracket);
void hpr_json_text(hpr_buffer *buffer, const char *key, const char *text);
void hpr_json_number(hpr_buffer *buffer, const char *key, int64_t number);
void hpr_json_flag(hpr_buffer *buffer, const char *key, bool flag);

/* A value that is JSON text already. */
void hpr_json_value(hpr_buffer *buffer, const char *key, const char *value);

/* Adds members that are JSON text already, with commas between them. */
void hpr_json_members(hpr_buffer *buffer, const char *members);

/* Ends the object or list. */
void hpr_json_close(hpr_buffer *buffer, char bracket);

#endif
