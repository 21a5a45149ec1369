/* multipart - bodies of multipart/form-data, cut at every place. */
#include "http/multipart.h"
#include "base/buffer.h"
#include <criterion/criterion.h>
#include <string.h>

#define TYPE      "multipart/form-data; boundary=XX"
#define BYTES(of) of, sizeof(of) - 1

/* What the events told: "name=data;" for each part. */
static struct buffer told;

static enum error begin(void *context, const char *name)
{
    (void)context;
    return buffer_format(&told, "%s=", name) ? ERROR_NONE : ERROR_INTERNAL;
}

static enum error data(void *context, const char *bytes, size_t size)
{
    (void)context;
    return buffer_append(&told, bytes, size) ? ERROR_NONE : ERROR_INTERNAL;
}

static enum error end(void *context)
{
    (void)context;
    return buffer_text(&told, ";") ? ERROR_NONE : ERROR_INTERNAL;
}

static const struct multipart_events events = { begin, data, end };

static void start(void)
{
    buffer_init(&told, 1 << 20);
}

static void finish(void)
{
    buffer_clear(&told);
}

TestSuite(multipart, .init = start, .fini = finish);

/* In two pieces, cut there, or (0) byte by byte. */
static enum error read_body(const char *type, const char *body, size_t size, size_t cut)
{
    struct multipart *multipart = multipart_new(type, &events, NULL);
    enum error error = multipart ? ERROR_NONE : ERROR_INVALID_MULTIPART;
    buffer_reset(&told);
    for (size_t at = 0, piece; !error && at < size; at += piece) {
        piece = cut == 0 ? 1 : (at == 0 ? cut : size - cut);
        error = multipart_feed(multipart, body + at, piece);
    }
    if (!error)
        error = multipart_finish(multipart);
    multipart_free(multipart);
    return error;
}

#define PART(name) "--XX\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n"
#define END        "\r\n--XX--\r\n"

static const struct {
    const char *what, *type, *body;
    size_t size;
    const char *told;
} good[] = {
    { "one part", TYPE, BYTES(PART("a") "1" END), "a=1;" },
    { "two parts", TYPE, BYTES(PART("a") "1\r\n" PART("b") "2" END), "a=1;b=2;" },
    { "no part", TYPE, BYTES("--XX--"), "" },
    { "an empty part", TYPE, BYTES(PART("a") END), "a=;" },
    { "a part that is a header alone", TYPE, BYTES(PART("a") "--XX--"), "a=;" },
    { "no line end behind the last boundary", TYPE, BYTES(PART("a") "1\r\n--XX--"), "a=1;" },
    { "a preamble and an epilogue", TYPE, BYTES("hello\r\n" PART("a") "1" END "bye\r\n--XX\r\n"),
      "a=1;" },
    { "blanks behind a boundary", TYPE,
      BYTES("--XX \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1" END), "a=1;" },
    { "line ends", TYPE, BYTES(PART("a") "\r\n\r\n\r\r\n-\r\n--\r\n--X\r\n--Y\r" END),
      "a=\r\n\r\n\r\r\n-\r\n--\r\n--X\r\n--Y\r;" },
    { "a boundary within a line", TYPE, BYTES(PART("a") "1--XX--2" END), "a=1--XX--2;" },
    { "a lone line end before it", TYPE, BYTES(PART("a") "\n--XX--\n" END), "a=\n--XX--\n;" },
    { "a part that begins almost like one", TYPE, BYTES(PART("a") "--X" END), "a=--X;" },
    { "NUL", TYPE, BYTES(PART("a") "\0\0" END), NULL },
    { "a quoted boundary", "multipart/form-data; boundary=\"a b:c=\\d\"",
      BYTES("--a b:c=d\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--a b:c=d--"),
      "a=1;" },
    { "a boundary beside parameters", "multipart/form-data; charset=utf-8; BOUNDARY=XX; x=y",
      BYTES(PART("a") "1" END), "a=1;" },
    { "the longest boundary",
      "multipart/form-data; "
      "boundary=0123456789012345678901234567890123456789012345678901234567890123456789",
      BYTES("--0123456789012345678901234567890123456789012345678901234567890123456789--"), "" },
    { "a file", TYPE,
      BYTES("--XX\r\nContent-Type: image/png\r\ncontent-disposition:form-data; "
            "filename=\"a;name=b\\\".png\"; NAME=a\r\nX-More: x\r\n\r\n1" END),
      "a=1;" },
    { "a name of the file in both ways", TYPE,
      BYTES("--XX\r\nContent-Disposition: form-data; name=a; filename=\"x\"; "
            "filename*=UTF-8''%e2%82%ac\r\n\r\n1" END),
      "a=1;" },
    { "an escaped name", TYPE, BYTES(PART("a\\\"b") "1" END), "a\"b=1;" },
    { "a name in UTF-8", TYPE, BYTES(PART("ü") "1" END), "ü=1;" },
    { "a folded header", TYPE,
      BYTES("--XX\r\nContent-Disposition: form-data;\r\n\tname=a\r\n\r\n1" END), "a=1;" },
    { "a transfer encoding that is none", TYPE,
      BYTES("--XX\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: "
            "Binary\r\n\r\n1" END),
      "a=1;" },
};

static void expect_good(size_t row, size_t cut)
{
    enum error error = read_body(good[row].type, good[row].body, good[row].size, cut);
    cr_assert_eq(error, ERROR_NONE, "%s, cut at %zu: %s", good[row].what, cut, error_name(error));
    if (good[row].told)
        cr_assert_str_eq(told.data ? told.data : "", good[row].told, "%s, cut at %zu",
                         good[row].what, cut);
    else
        cr_assert_eq(told.size, sizeof "a=\0\0;" - 1, "%s, cut at %zu", good[row].what, cut);
}

Test(multipart, is_read_the_same_wherever_it_is_cut)
{
    for (size_t row = 0; row < sizeof good / sizeof good[0]; row++)
        for (size_t cut = 0; cut <= good[row].size; cut++)
            expect_good(row, cut);
}

static const struct {
    const char *what, *body;
    size_t size;
    enum error error;
} bad[] = {
    { "nothing", BYTES(""), ERROR_INVALID_MULTIPART },
    { "no boundary", BYTES("hello"), ERROR_INVALID_MULTIPART },
    { "another boundary", BYTES("--YY--\r\n"), ERROR_INVALID_MULTIPART },
    { "no last boundary", BYTES(PART("a") "1\r\n--XX"), ERROR_INVALID_MULTIPART },
    { "half of the last boundary", BYTES(PART("a") "1\r\n--XX-"), ERROR_INVALID_MULTIPART },
    { "a boundary that goes on", BYTES("--XXY\r\n"), ERROR_INVALID_MULTIPART },
    { "one hyphen behind it", BYTES(PART("a") "1\r\n--XX-Y"), ERROR_INVALID_MULTIPART },
    { "a bare line feed behind it", BYTES("--XX\nContent-Disposition: form-data; name=a\n\n1" END),
      ERROR_INVALID_MULTIPART },
    { "a header that does not end", BYTES("--XX\r\nContent-Disposition: form-data; name=a\r\n"),
      ERROR_INVALID_MULTIPART },
    { "no header", BYTES("--XX\r\n\r\n1" END), ERROR_INVALID_MULTIPART },
    { "no disposition", BYTES("--XX\r\nContent-Type: text/plain\r\n\r\n1" END),
      ERROR_INVALID_MULTIPART },
    { "another disposition", BYTES("--XX\r\nContent-Disposition: file; name=a\r\n\r\n1" END),
      ERROR_INVALID_MULTIPART },
    { "no name", BYTES("--XX\r\nContent-Disposition: form-data; filename=a\r\n\r\n1" END),
      ERROR_INVALID_MULTIPART },
    { "two names", BYTES("--XX\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\n1" END),
      ERROR_INVALID_MULTIPART },
    { "two dispositions",
      BYTES("--XX\r\nContent-Disposition: form-data; name=a\r\nContent-Disposition: form-data; "
            "name=b\r\n\r\n1" END),
      ERROR_INVALID_MULTIPART },
    { "an open quotation", BYTES("--XX\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1" END),
      ERROR_INVALID_MULTIPART },
    { "NUL in a header",
      BYTES("--XX\r\nContent-Disposition: form-data; name=a\0; x=y\r\n\r\n1" END),
      ERROR_INVALID_MULTIPART },
    { "base64",
      BYTES("--XX\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: "
            "base64\r\n\r\nMQ==" END),
      ERROR_INVALID_MULTIPART },
};

Test(multipart, that_is_broken_is_refused_wherever_it_is_cut)
{
    for (size_t row = 0; row < sizeof bad / sizeof bad[0]; row++)
        for (size_t cut = 0; cut <= bad[row].size; cut++)
            cr_assert_eq(read_body(TYPE, bad[row].body, bad[row].size, cut), bad[row].error,
                         "%s, cut at %zu", bad[row].what, cut);
}

#define SIXTY_MORE "012345678901234567890123456789012345678901234567890123456789"

Test(multipart, has_a_boundary_of_rfc_2046)
{
    static const char *const types[] = {
        "multipart/form-data",
        "multipart/form-data; boundary",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=\"XX \"",
        "multipart/form-data; boundary=\"X\r\nX\"",
        "multipart/form-data; boundary=\"X@X\"",
        "multipart/form-data; boundary=XX; boundary=XX",
        "multipart/form-data; boundary=\"XX",
        "multipart/form-data; boundary=XX YY",
        "multipart/form-data; boundary=0123456789" SIXTY_MORE "0",
    };
    cr_assert_eq(read_body(TYPE, BYTES("--XX--"), 0), ERROR_NONE, "positive control");
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        cr_assert_null(multipart_new(types[i], &events, NULL), "%s", types[i]);
}

Test(multipart, has_so_many_parts_and_no_more)
{
    struct buffer body;
    buffer_init(&body, 1 << 16);
    for (int i = 0; i < MULTIPART_PARTS_MAX; i++)
        buffer_text(&body, PART("a") "\r\n");
    size_t size = body.size;
    buffer_text(&body, "--XX--");
    cr_assert_eq(read_body(TYPE, body.data, body.size, 0), ERROR_NONE);
    body.size = size;
    buffer_text(&body, PART("a") END);
    cr_assert_eq(read_body(TYPE, body.data, body.size, 0), ERROR_PAYLOAD_TOO_LARGE);
    buffer_clear(&body);
}

Test(multipart, has_headers_of_so_many_bytes_and_no_more)
{
    static const char head[] = "Content-Disposition: form-data; name=a\r\nX: ";
    for (int more = 0; more < 2; more++) {
        struct buffer body;
        buffer_init(&body, 1 << 16);
        buffer_format(&body, "--XX\r\n%s", head);
        size_t fill = MULTIPART_HEADER_MAX - strlen(head) - 4 + (size_t)more;
        memset(buffer_room(&body, fill), 'x', fill);
        buffer_extend(&body, fill);
        buffer_text(&body, "\r\n\r\n1" END);
        cr_assert_eq(read_body(TYPE, body.data, body.size, 0),
                     more ? ERROR_INVALID_MULTIPART : ERROR_NONE);
        buffer_clear(&body);
    }
}

/* A name of a field that we know is shorter; a longer one must not become one by being cut. */
Test(multipart, cuts_a_long_name)
{
    struct buffer body;
    buffer_init(&body, 1 << 16);
    buffer_text(&body, "--XX\r\nContent-Disposition: form-data; name=");
    for (int i = 0; i < 100; i++)
        buffer_text(&body, "x");
    buffer_text(&body, "\r\n\r\n1" END);
    cr_assert_eq(read_body(TYPE, body.data, body.size, 0), ERROR_NONE);
    cr_assert_eq(told.size, MULTIPART_NAME_SIZE - 1 + sizeof "=1;" - 1);
    buffer_clear(&body);
}

static enum error refuse(void *context, const char *bytes, size_t size)
{
    (void)context;
    (void)bytes;
    (void)size;
    return ERROR_BUSY;
}

Test(multipart, ends_at_an_error_of_who_is_told)
{
    static const struct multipart_events busy = { begin, refuse, end };
    static const char body[] = PART("a") "1" END;
    struct multipart *multipart = multipart_new(TYPE, &busy, NULL);
    cr_assert_eq(multipart_feed(multipart, body, sizeof body - 1), ERROR_BUSY);
    cr_assert_str_eq(told.data, "a=");
    multipart_free(multipart);
}
