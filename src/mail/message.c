/* message - see message.h. */
#include "mail/message.h"
#include "base/mail_name.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum {
    LINE_MAX_QUOTED = 75, /* and the '=' of a soft line break (RFC 2045 §6.7) */
    WORD_BYTES = 15,      /* of an encoded word, which has at most 75 characters (RFC 2047 §2) */
    ID_BYTES = 16,
    DATE_SIZE = 64
};

static const char digits[] = "0123456789ABCDEF";

/* Template --------------------------------------------------------------------------------------*/

static bool fill(const struct message *message, struct buffer *text)
{
    static const char code[] = "{code}", minutes[] = "{minutes}";
    for (const char *at = message->text; *at;) {
        if (!strncmp(at, code, sizeof code - 1)) {
            buffer_text(text, secret_reveal(message->code));
            at += sizeof code - 1;
        } else if (!strncmp(at, minutes, sizeof minutes - 1)) {
            buffer_format(text, "%" PRId64, message->minutes);
            at += sizeof minutes - 1;
        } else {
            buffer_append(text, at++, 1);
        }
    }
    return !text->overflowed;
}

/* Body ------------------------------------------------------------------------------------------*/

static bool is_literal(unsigned char byte)
{
    return byte >= ' ' && byte <= '~' && byte != '=';
}

/* A blank at the end of a line, which servers take away, is escaped too. */
static void write_quoted_line(const char *line, size_t size, struct buffer *out)
{
    size_t width = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)line[i];
        bool literal = is_literal(byte) && !(byte == ' ' && i + 1 == size);
        size_t need = literal ? 1 : 3;
        if (width + need > LINE_MAX_QUOTED) {
            buffer_text(out, "=\r\n");
            width = 0;
        }
        if (literal)
            buffer_append(out, &line[i], 1);
        else
            buffer_format(out, "=%c%c", digits[byte >> 4], digits[byte & 15]);
        width += need;
    }
    buffer_text(out, "\r\n");
}

static void write_body(const struct buffer *text, struct buffer *out)
{
    const char *at = text->data ? text->data : "";
    while (*at) {
        size_t size = strcspn(at, "\n");
        write_quoted_line(at, size, out);
        at += size + (at[size] == '\n');
    }
}

/* Headers ---------------------------------------------------------------------------------------*/

static bool is_ascii(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text > 0x7e)
            return false;
    return true;
}

/* How many bytes of the text go into one encoded word: whole characters (RFC 2047 §5). */
static size_t word_size(const char *text)
{
    size_t size = strnlen(text, WORD_BYTES + 1);
    if (size <= WORD_BYTES)
        return size;
    for (size = WORD_BYTES; size > 1 && ((unsigned char)text[size] & 0xc0) == 0x80;)
        size--;
    return size;
}

/* As it is where it is ASCII; or else in encoded words, one a line, each byte escaped. */
static void write_subject(const char *subject, struct buffer *out)
{
    buffer_text(out, "Subject:");
    if (is_ascii(subject)) {
        buffer_format(out, " %s\r\n", subject);
        return;
    }
    for (size_t size; *subject; subject += size) {
        size = word_size(subject);
        buffer_text(out, " =?UTF-8?Q?");
        for (size_t i = 0; i < size; i++)
            buffer_format(out, "=%c%c", digits[(unsigned char)subject[i] >> 4],
                          digits[(unsigned char)subject[i] & 15]);
        buffer_text(out, "?=\r\n");
    }
}

/* Unique, and says nothing of this host or this account. */
static bool write_id(const char *from, struct buffer *out)
{
    unsigned char bytes[ID_BYTES];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return false;
    buffer_text(out, "Message-ID: <");
    for (size_t i = 0; i < sizeof bytes; i++)
        buffer_format(out, "%02x", (unsigned)bytes[i]);
    return buffer_format(out, "%s>\r\n", strrchr(from, '@'));
}

/* RFC 5322 §3.3. The names are those of the C locale, which this program never leaves. */
static bool write_date(int64_t now, struct buffer *out)
{
    char text[DATE_SIZE];
    struct tm broken_down;
    time_t time = (time_t)now;
    return gmtime_r(&time, &broken_down) &&
           strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &broken_down) &&
           buffer_format(out, "Date: %s\r\n", text);
}

static bool write_headers(const struct message *message, struct buffer *out)
{
    if (!write_date(message->date, out) || !write_id(message->from, out))
        return false;
    buffer_format(out, "From: <%s>\r\nTo: <%s>\r\n", message->from, message->to);
    write_subject(message->subject, out);
    /* RFC 3834 §5: so that no vacation notice answers. */
    return buffer_text(out, "MIME-Version: 1.0\r\n"
                            "Content-Type: text/plain; charset=utf-8\r\n"
                            "Content-Transfer-Encoding: quoted-printable\r\n"
                            "Auto-Submitted: auto-generated\r\n\r\n");
}

bool message_write(const struct message *message, struct buffer *out)
{
    struct buffer text;
    if (!mail_address_is_plain(message->from) || !mail_address_is_plain(message->to) ||
        mail_subject_flaw(message->subject))
        return false;
    buffer_init(&text, MESSAGE_SIZE_MAX);
    bool good = fill(message, &text) && write_headers(message, out);
    if (good)
        write_body(&text, out);
    buffer_clear(&text);
    good = good && !out->overflowed;
    if (!good)
        buffer_clear(out);
    return good;
}
