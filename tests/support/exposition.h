/* exposition - reads the text format of Prometheus, version 0.0.4, and forgives nothing, not even
 * what a scraper would. */
#ifndef SUPPORT_EXPOSITION_H
#define SUPPORT_EXPOSITION_H

#include <stddef.h>

/* NULL, or the rule that a line of the text breaks, with the line (static): form of lines, names,
 * labels, escapes and numbers; HELP, then TYPE, then the samples of a family, which comes once; no
 * series twice; counters are whole, and end in _total; a histogram has buckets that rise to +Inf,
 * a sum, and a count that is that of +Inf. */
const char *exposition_flaw(const char *text);

/* The value of a series, written as in the text: name{label="value",…}; 0 where it is not there. */
double exposition_value(const char *text, const char *series);

#endif
