/* base/text.h: questions about C strings that several layers ask. */
#ifndef HPR_BASE_TEXT_H
#define HPR_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Equal to the letter. NULL is equal to nothing, not even to NULL. */
bool hpr_same_text(const char *a, const char *b);

/* The number that a hexadecimal digit stands for; -1: it is none. */
int hpr_hex_digit(char c);

/*
 * Makes one line of words that are each ended by NUL, in their place: with spaces between, and
 * without the NULs that a process which has changed its title leaves at the end.
 */
void hpr_join_words(char *words, size_t size);

/*
 * Write the digits of a number, at least so many of them, and return their end, where no NUL is
 * written. Each row of a file has a dozen numbers, and snprintf() takes ten times as long.
 */
char *hpr_print_decimal(char *text, uint64_t number, int least);
char *hpr_print_hex(char *text, uint64_t number, int least);

#endif
