/* multipart - see multipart.h. */
#include "http/multipart.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "http/request_headers.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { BOUNDARY_SIZE = 71, DELIMITER_SIZE = BOUNDARY_SIZE + 4 };

enum state {
    STATE_PREAMBLE,
    STATE_BOUNDARY, /* just behind one */
    STATE_LAST,     /* behind one and a hyphen */
    STATE_PADDING,  /* blanks behind one (RFC 2046 §5.1.1: transport-padding) */
    STATE_LINE_END, /* behind the CR of its line */
    STATE_HEADER,
    STATE_DATA,
    STATE_EPILOGUE
};

struct multipart {
    const struct multipart_events *events;
    void *context;
    enum state state;
    char delimiter[DELIMITER_SIZE]; /* CR LF "--" boundary: it has one CR, at its beginning */
    size_t delimiter_length;
    size_t matched;  /* bytes of the delimiter that were the last ones */
    size_t borrowed; /* of these, how many are no data: a line's end that came before the data */
    struct buffer header;
    int parts;
};

/* Bytes under way. */
struct cursor {
    const char *at, *end;
};

static bool is_boundary(const char *text)
{
    size_t size = strlen(text);
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'()+_,-./:=? ";
    return size > 0 && size < BOUNDARY_SIZE && text[size - 1] != ' ' &&
           !text[strspn(text, alphabet)];
}

/* The delimiter's own line end may be one that came before (RFC 2046 §5.1.1: no preamble, no body).
 */
static void borrow_line_end(struct multipart *multipart)
{
    multipart->matched = multipart->borrowed = 2;
}

struct multipart *multipart_new(const char *content_type, const struct multipart_events *events,
                                void *context)
{
    char boundary[BOUNDARY_SIZE + 1];
    if (request_parameter(content_type, "boundary", boundary, sizeof boundary) != PARAMETER_FOUND ||
        !is_boundary(boundary))
        return NULL;
    struct multipart *multipart = memory_new(sizeof *multipart);
    *multipart = (struct multipart){ .events = events, .context = context };
    borrow_line_end(multipart);
    snprintf(multipart->delimiter, sizeof multipart->delimiter, "\r\n--%s", boundary);
    multipart->delimiter_length = strlen(multipart->delimiter);
    buffer_init(&multipart->header, MULTIPART_HEADER_MAX);
    return multipart;
}

void multipart_free(struct multipart *multipart)
{
    if (!multipart)
        return;
    buffer_clear(&multipart->header);
    free(multipart);
}

/* The header of a part --------------------------------------------------------------------------*/

/* Continuation lines become one line (RFC 5322 §2.2.3). */
static void unfold(char *header)
{
    for (char *at = strstr(header, "\r\n"); at; at = strstr(at + 2, "\r\n"))
        if (at[2] == ' ' || at[2] == '\t')
            at[0] = at[1] = ' ';
}

/* The value of the line where the header has that name, else NULL. */
static const char *value_of(const char *line, const char *name)
{
    size_t size = strlen(name);
    if (strncasecmp(line, name, size) != 0 || line[size] != ':')
        return NULL;
    return line + size + 1;
}

/* RFC 7578 §4.2: form-data, and one name. */
static bool take_disposition(const char *value, char name[MULTIPART_NAME_SIZE])
{
    value += strspn(value, " \t");
    size_t size = strcspn(value, "; \t");
    return size == strlen("form-data") && strncasecmp(value, "form-data", size) == 0 &&
           request_parameter(value, "name", name, MULTIPART_NAME_SIZE) == PARAMETER_FOUND;
}

/* RFC 7578 §4.7: what a browser sends is never encoded; what were, would be taken as it is. */
static bool is_plain(const char *encoding)
{
    static const char *const plain[] = { "binary", "8bit", "7bit" };
    encoding += strspn(encoding, " \t");
    size_t size = strcspn(encoding, " \t");
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        if (size == strlen(plain[i]) && strncasecmp(encoding, plain[i], size) == 0)
            return true;
    return false;
}

/* Lines end in CR LF, which is overwritten. */
static bool read_header(char *header, char name[MULTIPART_NAME_SIZE])
{
    int names = 0;
    unfold(header);
    for (char *line = header, *end; (end = strstr(line, "\r\n")); line = end + 2) {
        *end = '\0';
        const char *disposition = value_of(line, "Content-Disposition");
        const char *encoding = value_of(line, "Content-Transfer-Encoding");
        if (disposition && (++names > 1 || !take_disposition(disposition, name)))
            return false;
        if (encoding && !is_plain(encoding))
            return false;
    }
    return names == 1;
}

/* The header is whole where it is empty, or ends in an empty line. */
static bool is_header_whole(const struct buffer *header)
{
    static const char end[] = "\r\n\r\n";
    size_t size = sizeof end - 1;
    if (header->size == 2)
        return memcmp(header->data, end, 2) == 0;
    return header->size >= size && memcmp(header->data + header->size - size, end, size) == 0;
}

static enum error take_header(struct multipart *multipart, struct cursor *cursor)
{
    char name[MULTIPART_NAME_SIZE];
    struct buffer *header = &multipart->header;
    while (cursor->at < cursor->end && !is_header_whole(header)) {
        if (!*cursor->at || !buffer_append(header, cursor->at, 1))
            return ERROR_INVALID_MULTIPART;
        cursor->at++;
    }
    if (!is_header_whole(header))
        return ERROR_NONE;
    if (!read_header(header->data, name))
        return ERROR_INVALID_MULTIPART;
    buffer_reset(header);
    multipart->state = STATE_DATA;
    borrow_line_end(multipart);
    return multipart->events->begin(multipart->context, name);
}

/* Between the boundaries ------------------------------------------------------------------------*/

static enum error tell(const struct multipart *multipart, const char *bytes, size_t size)
{
    if (multipart->state != STATE_DATA || size == 0)
        return ERROR_NONE;
    return multipart->events->data(multipart->context, bytes, size);
}

static enum error reach_boundary(struct multipart *multipart)
{
    bool is_part = multipart->state == STATE_DATA;
    multipart->matched = multipart->borrowed = 0;
    multipart->state = STATE_BOUNDARY;
    return is_part ? multipart->events->end(multipart->context) : ERROR_NONE;
}

/* Goes on with what may be the delimiter. Where it is none, the bytes that looked like it were
 * data. */
static enum error take_candidate(struct multipart *multipart, struct cursor *cursor)
{
    while (cursor->at < cursor->end && *cursor->at == multipart->delimiter[multipart->matched]) {
        cursor->at++;
        if (++multipart->matched == multipart->delimiter_length)
            return reach_boundary(multipart);
    }
    if (cursor->at == cursor->end)
        return ERROR_NONE;
    const char *data = multipart->delimiter + multipart->borrowed;
    size_t size = multipart->matched - multipart->borrowed;
    multipart->matched = multipart->borrowed = 0;
    return tell(multipart, data, size);
}

/* Up to a CR, which may begin the delimiter. */
static enum error take_data(struct multipart *multipart, struct cursor *cursor)
{
    if (multipart->matched > 0)
        return take_candidate(multipart, cursor);
    const char *from = cursor->at;
    const char *found = memchr(from, '\r', (size_t)(cursor->end - from));
    cursor->at = found ? found : cursor->end;
    enum error error = tell(multipart, from, (size_t)(cursor->at - from));
    if (!error && found) {
        cursor->at++;
        multipart->matched = 1;
    }
    return error;
}

/* Behind a boundary: "--" where it is the last, else blanks and a line's end. */
static enum error take_boundary_end(struct multipart *multipart, char byte)
{
    static const struct {
        enum state from;
        char byte;
        enum state to;
    } steps[] = {
        { STATE_BOUNDARY, '-', STATE_LAST },      { STATE_LAST, '-', STATE_EPILOGUE },
        { STATE_BOUNDARY, ' ', STATE_PADDING },   { STATE_BOUNDARY, '\t', STATE_PADDING },
        { STATE_PADDING, ' ', STATE_PADDING },    { STATE_PADDING, '\t', STATE_PADDING },
        { STATE_BOUNDARY, '\r', STATE_LINE_END }, { STATE_PADDING, '\r', STATE_LINE_END },
        { STATE_LINE_END, '\n', STATE_HEADER },
    };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (steps[i].from != multipart->state || steps[i].byte != byte)
            continue;
        multipart->state = steps[i].to;
        if (multipart->state == STATE_HEADER && ++multipart->parts > MULTIPART_PARTS_MAX)
            return ERROR_PAYLOAD_TOO_LARGE;
        return ERROR_NONE;
    }
    return ERROR_INVALID_MULTIPART;
}

enum error multipart_feed(struct multipart *multipart, const char *bytes, size_t size)
{
    struct cursor cursor = { bytes, bytes + size };
    enum error error = ERROR_NONE;
    while (!error && cursor.at < cursor.end && multipart->state != STATE_EPILOGUE) {
        switch (multipart->state) {
        case STATE_PREAMBLE:
        case STATE_DATA:
            error = take_data(multipart, &cursor);
            break;
        case STATE_HEADER:
            error = take_header(multipart, &cursor);
            break;
        default:
            error = take_boundary_end(multipart, *cursor.at++);
            break;
        }
    }
    return error;
}

enum error multipart_finish(const struct multipart *multipart)
{
    return multipart->state == STATE_EPILOGUE ? ERROR_NONE : ERROR_INVALID_MULTIPART;
}
