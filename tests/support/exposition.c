/* exposition - see exposition.h. */
#include "support/exposition.h"
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME   "[a-zA-Z_:][a-zA-Z0-9_:]*"
#define LABEL  "[a-zA-Z_][a-zA-Z0-9_]*=\"([^\\\"]|\\\\[\\\"n])*\""
#define NUMBER "(0|[1-9][0-9]*)(\\.[0-9]+)?"
#define HELP   "^# HELP (" NAME ") (([^\\]|\\\\[\\n])+)$"
#define TYPE   "^# TYPE (" NAME ") (counter|gauge|histogram)$"
#define SAMPLE "^(" NAME ")(\\{(" LABEL "(," LABEL ")*)\\})? (" NUMBER ")$"
enum { LINE_SIZE = 1024, SERIES_MAX = 8192, FAMILIES_MAX = 256, PARTS = 12, FLAW_SIZE = 2048 };

struct family {
    char name[LINE_SIZE], type[LINE_SIZE];
    bool typed, sampled;
};

static struct {
    struct family families[FAMILIES_MAX];
    size_t family_count;
    char *series[SERIES_MAX];
    size_t series_count;
    /* The histogram that is being read. */
    char labels[LINE_SIZE]; /* without le */
    double bound, count;    /* of the last bucket */
    bool open, infinite, summed;
} reader;

static char *part(const char *line, const regmatch_t *match, char text[LINE_SIZE])
{
    int size = match->rm_so < 0 ? 0 : (int)(match->rm_eo - match->rm_so);
    snprintf(text, LINE_SIZE, "%.*s", size, match->rm_so < 0 ? "" : line + match->rm_so);
    return text;
}

static bool matches(const char *pattern, const char *line, regmatch_t parts[PARTS])
{
    regex_t expression;
    if (regcomp(&expression, pattern, REG_EXTENDED))
        abort();
    bool found = regexec(&expression, line, PARTS, parts, 0) == 0;
    regfree(&expression);
    return found;
}

static const char *begin_family(const char *name)
{
    if (reader.open)
        return "a histogram ends without _sum and _count";
    for (size_t i = 0; i < reader.family_count; i++)
        if (!strcmp(reader.families[i].name, name))
            return "a family comes twice";
    if (reader.family_count && !reader.families[reader.family_count - 1].typed)
        return "a family has no TYPE";
    if (reader.family_count == FAMILIES_MAX)
        return "too many families";
    struct family *family = &reader.families[reader.family_count++];
    *family = (struct family){ 0 };
    snprintf(family->name, sizeof family->name, "%s", name);
    return NULL;
}

static const char *set_type(struct family *family, const char *name, const char *type)
{
    size_t size = strlen(name);
    if (!family || strcmp(family->name, name) != 0 || family->typed)
        return "TYPE does not stand behind the HELP of its family";
    family->typed = true;
    snprintf(family->type, sizeof family->type, "%s", type);
    if (!strcmp(type, "counter") && (size < 6 || strcmp(name + size - 6, "_total") != 0))
        return "a counter does not end in _total";
    return NULL;
}

static const char *note_series(const char *line)
{
    char *series = strndup(line, (size_t)(strrchr(line, ' ') - line));
    for (size_t i = 0; i < reader.series_count; i++) {
        if (!strcmp(reader.series[i], series)) {
            free(series);
            return "a series comes twice";
        }
    }
    if (reader.series_count == SERIES_MAX) {
        free(series);
        return "too many series";
    }
    reader.series[reader.series_count++] = series;
    return NULL;
}

/* Takes le off the end of the labels. */
static bool take_bound(char labels[LINE_SIZE], double *bound)
{
    regmatch_t parts[PARTS];
    char number[LINE_SIZE];
    if (!matches("(,|^)le=\"(\\+Inf|" NUMBER ")\"$", labels, parts))
        return false;
    part(labels, &parts[2], number);
    *bound = strcmp(number, "+Inf") != 0 ? strtod(number, NULL) : -1;
    labels[parts[0].rm_so] = '\0';
    return true;
}

static const char *take_bucket(char labels[LINE_SIZE], double value)
{
    double bound;
    if (!take_bound(labels, &bound))
        return "a bucket has no le at its end";
    if (!reader.open) {
        snprintf(reader.labels, sizeof reader.labels, "%s", labels);
        reader.open = true;
        reader.infinite = reader.summed = false;
        reader.bound = reader.count = 0;
    }
    if (reader.infinite || strcmp(labels, reader.labels) != 0)
        return "buckets of two histograms are mixed";
    if (value < reader.count || (bound >= 0 && bound <= reader.bound))
        return "buckets do not rise";
    reader.infinite = bound < 0;
    reader.bound = bound;
    reader.count = value;
    return NULL;
}

static const char *take_histogram(const struct family *family, const char *name,
                                  char labels[LINE_SIZE], double value)
{
    const char *suffix = name + strlen(family->name);
    if (!strcmp(suffix, "_bucket"))
        return take_bucket(labels, value);
    if (!reader.open || !reader.infinite || strcmp(labels, reader.labels) != 0)
        return "this does not stand behind its buckets";
    if (!strcmp(suffix, "_sum") && !reader.summed) {
        reader.summed = true;
        return NULL;
    }
    if (strcmp(suffix, "_count") != 0 || !reader.summed)
        return "behind the buckets there stand _sum and _count";
    reader.open = false;
    return value == reader.count ? NULL : "_count is not that of +Inf";
}

static const char *take_sample(const char *line, const regmatch_t parts[PARTS])
{
    char name[LINE_SIZE], labels[LINE_SIZE], number[LINE_SIZE];
    struct family *family = reader.family_count ? &reader.families[reader.family_count - 1] : NULL;
    part(line, &parts[1], name);
    part(line, &parts[3], labels);
    part(line, &parts[7], number);
    if (!family || !family->typed || strncmp(name, family->name, strlen(family->name)) != 0)
        return "a sample does not stand behind the TYPE of its family";
    bool histogram = !strcmp(family->type, "histogram");
    if (!strcmp(family->type, "counter") && strchr(number, '.'))
        return "a counter of events is no whole number";
    if (!histogram && strcmp(name, family->name) != 0)
        return "a sample has not the name of its family";
    const char *flaw = note_series(line);
    if (!flaw && histogram)
        flaw = take_histogram(family, name, labels, strtod(number, NULL));
    return flaw;
}

static const char *line_flaw(const char *line)
{
    regmatch_t parts[PARTS];
    char name[LINE_SIZE], type[LINE_SIZE];
    struct family *last = reader.family_count ? &reader.families[reader.family_count - 1] : NULL;
    if (matches(HELP, line, parts))
        return begin_family(part(line, &parts[1], name));
    if (matches(TYPE, line, parts))
        return set_type(last, part(line, &parts[1], name), part(line, &parts[2], type));
    return matches(SAMPLE, line, parts) ? take_sample(line, parts)
                                        : "this is no HELP, no TYPE and no sample";
}

static void forget(void)
{
    for (size_t i = 0; i < reader.series_count; i++)
        free(reader.series[i]);
    memset(&reader, 0, sizeof reader);
}

const char *exposition_flaw(const char *text)
{
    static char message[FLAW_SIZE];
    const char *flaw = *text ? NULL : "there is nothing";
    forget();
    *message = '\0';
    while (!flaw && *text) {
        char line[LINE_SIZE];
        size_t size = strcspn(text, "\n");
        if (!text[size] || size >= sizeof line)
            flaw = "a line has no end";
        snprintf(line, sizeof line, "%.*s", (int)size, text);
        if (!flaw)
            flaw = line_flaw(line);
        if (flaw)
            snprintf(message, sizeof message, "%s: %s", flaw, line);
        text += size + (text[size] == '\n');
    }
    if (!flaw && reader.open)
        snprintf(message, sizeof message, "the last histogram has no _sum and _count");
    forget();
    return *message ? message : flaw;
}

double exposition_value(const char *text, const char *series)
{
    size_t size = strlen(series);
    for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
        if (!strncmp(text, series, size) && text[size] == ' ')
            return strtod(text + size, NULL);
    return 0;
}
