/* sandbox - shuts the process in for good: what it is fed may own it, and shall gain nothing. */
#ifndef PICTURE_SANDBOX_H
#define PICTURE_SANDBOX_H

#include <stdbool.h>

/* From then on the process has its three standard descriptors and may read, write and allocate, to
 * a limit of memory, time and output; any other system call kills it. It goes when its parent goes.
 * False where that could not be had. */
bool sandbox_enter(void);

#endif
