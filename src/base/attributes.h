/* attributes - compiled into every file (-include): functions that lose the bounds of memory do not
 * compile, and neither does a secret where a text is expected (gcc before 14 only warns). */
#ifndef BASE_ATTRIBUTES_H
#define BASE_ATTRIBUTES_H

#include <stdio.h>
#include <string.h>

/* Where they are macros (fortified by clang), poisoning them would be an error by itself. */
#undef sprintf
#undef vsprintf
#pragma GCC poison strcpy strcat sprintf vsprintf gets strtok
#pragma GCC diagnostic error "-Wincompatible-pointer-types"
#pragma GCC diagnostic error "-Wint-conversion"

#endif
