/* json_grammar - whether bytes are one JSON object by the letter of RFC 8259.
 *
 * json-c builds the tree, but even its strict mode takes NaN, Infinity, `1.`, `-01`, single quotes
 * and raw line breaks in strings; so the form is checked here first. */
#ifndef HTTP_JSON_GRAMMAR_H
#define HTTP_JSON_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>

/* One object with nothing around it but white space, well-formed UTF-8, at most `depth_max` levels
 * of objects and arrays. Two things that RFC 8259 leaves open are refused as well, because json-c
 * would silently change them: an escaped surrogate without its other half (RFC 7493 §2.1), and
 * U+0000 in the name of a member. *members gets the number of members of all objects, duplicates
 * included. */
bool json_grammar_check(const char *text, size_t size, int depth_max, size_t *members);

#endif
