/* text - texts that others wrote, as a terminal or a program may get them. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include "base/buffer.h"
#include <stddef.h>

/* Appends the text so that a terminal shows it and does nothing else: control characters, those
 * that turn the direction of writing or that nobody sees, line separators and what is no UTF-8
 * become \u{HEX} and \x{HEX}. Returns how many columns it takes. */
size_t text_for_terminal(struct buffer *out, const char *text);

/* Appends the text as a string of JSON (RFC 8259 §7), quotes included. What a terminal would not
 * show is escaped, so that it can be looked at there too; what is no UTF-8 becomes U+FFFD. */
void text_for_json(struct buffer *out, const char *text);

/* Words separated by single spaces, as an array of such strings. */
void text_list_for_json(struct buffer *out, const char *words);

#endif
