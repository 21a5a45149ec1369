/* libjwt_watch - sees libjwt at work: libjwt reads header and payload by jansson's json_loads, and
 * this program's own function of that name comes first and passes the call on. So a test can tell
 * whether libjwt got as far as the signature, and may give it payloads that are not JSON. */
#ifndef SUPPORT_LIBJWT_WATCH_H
#define SUPPORT_LIBJWT_WATCH_H

#include <stdbool.h>
#include <stddef.h>

/* Texts that libjwt parsed since the program began. A token whose signature it checks costs two:
 * the header, the payload. */
int libjwt_watch_count(void);
/* From now on a payload that is not JSON counts as an empty object, so that libjwt, which parses
 * before it verifies, goes on to the signature. */
void libjwt_watch_allow_any_payload(void);

/* Takes the place of jansson's. */
void *json_loads(const char *text, size_t flags, void *error);

#endif
