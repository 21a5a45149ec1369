/* picture_decoder - has the program therappai-auth-picture decode a picture, since this process
 * holds keys. */
#ifndef AUTH_PICTURE_DECODER_H
#define AUTH_PICTURE_DECODER_H

#include "base/error.h"
#include "base/picture_status.h"

/* Runs the program with `input` from its beginning as standard input, `output` as standard output
 * and an empty environment. One that a signal ended says PICTURE_BROKEN. Errors, logged:
 * ERROR_UNAVAILABLE (it was not done in time), ERROR_INTERNAL. */
enum error picture_decode(const char *program, int input, int output, enum picture_status *status);

#endif
