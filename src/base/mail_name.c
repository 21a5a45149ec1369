/* mail_name - see mail_name.h. */
#include "base/mail_name.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DIGITS  "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

enum { LOCAL_MAX = 64, DOMAIN_MAX = 255, ADDRESS_MAX = 254 /* RFC 5321 §4.5.3.1 */ };

static const char plain_scheme[] = "smtp://", tls_scheme[] = "smtps://";

/* Where the host begins; NULL where it is neither scheme. */
static const char *host_of(const char *server)
{
    if (!strncmp(server, plain_scheme, sizeof plain_scheme - 1))
        return server + sizeof plain_scheme - 1;
    if (!strncmp(server, tls_scheme, sizeof tls_scheme - 1))
        return server + sizeof tls_scheme - 1;
    return NULL;
}

/* The length of the name, or of the IPv6 address with its brackets; 0 where it is neither. */
static size_t host_length(const char *host)
{
    if (*host != '[')
        return strspn(host, LETTERS DIGITS ".-");
    size_t size = strspn(host + 1, DIGITS "abcdefABCDEF:.") + 2;
    return size > 3 && host[size - 1] == ']' ? size : 0;
}

const char *mail_server_flaw(const char *text)
{
    const char *host = host_of(text);
    if (!*text)
        return NULL;
    size_t length = host ? host_length(host) : 0;
    if (length == 0 || length > DOMAIN_MAX || host[length] != ':')
        return "it is smtp://host:port or smtps://host:port";
    const char *port = host + length + 1;
    long number = strtol(port, NULL, 10);
    if (!*port || strlen(port) > 5 || port[strspn(port, DIGITS)] || number < 1 || number > 65535)
        return "the port is 1 to 65535, and nothing comes after it";
    return NULL;
}

bool mail_server_is_tls(const char *server)
{
    return !strncmp(server, tls_scheme, sizeof tls_scheme - 1);
}

/* 127.0.0.0/8 by its digits alone: 127.example.org is somebody else's. */
bool mail_server_is_local(const char *server)
{
    static const char *const names[] = { "localhost", "[::1]" };
    const char *host = host_of(server);
    size_t length = host ? host_length(host) : 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (length == strlen(names[i]) && !strncasecmp(host, names[i], length))
            return true;
    return length > 4 && !strncmp(host, "127.", 4) && strspn(host, DIGITS ".") == length;
}

/* Parts of the allowed characters with single dots between them. */
static bool is_dotted(const char *text, size_t size, const char *allowed)
{
    if (size == 0 || text[0] == '.' || text[size - 1] == '.')
        return false;
    for (size_t i = 0; i < size; i++)
        if (text[i] == '\0' || !(text[i] == '.' ? text[i + 1] != '.' : !!strchr(allowed, text[i])))
            return false;
    return true;
}

bool mail_address_is_plain(const char *address)
{
    const char *at = strchr(address, '@');
    size_t local = at ? (size_t)(at - address) : 0, size = strlen(address);
    return at && size <= ADDRESS_MAX && local <= LOCAL_MAX &&
           is_dotted(address, local, LETTERS DIGITS "!#$%&'*+-/=?^_`{|}~") &&
           is_dotted(at + 1, size - local - 1, LETTERS DIGITS "-") && at[1] != '-' &&
           address[size - 1] != '-';
}

const char *mail_from_flaw(const char *text)
{
    return !*text || mail_address_is_plain(text) ? NULL
                                                 : "it is an address such as no-reply@example.org";
}

static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return true;
    return false;
}

const char *mail_user_flaw(const char *text)
{
    return strlen(text) <= 255 && !has_control(text)
               ? NULL
               : "it has at most 255 bytes, and no control characters";
}

const char *mail_subject_flaw(const char *text)
{
    return *text && strlen(text) <= 200 && !has_control(text)
               ? NULL
               : "it has 1 to 200 bytes, and no control characters";
}

/* Mail has a sender, and a password goes to nobody else's eyes. */
const char *mail_options_flaw(const struct config *config)
{
    if (*config->mail_server && !*config->mail_from)
        return "with mail_server, mail_from is the address that mail comes from";
    if (!*config->mail_user != !*config->mail_password_file)
        return "mail_user and mail_password_file belong together";
    if (*config->mail_user && config->mail_tls == MAIL_TLS_NEVER &&
        !mail_server_is_local(config->mail_server) && !mail_server_is_tls(config->mail_server))
        return "with mail_tls = never, mail_user's password would go unencrypted";
    return NULL;
}
