/* mail_file - see mail_file.h. */
#include "mail/mail_file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_SIZE_MAX = 16384, PASSWORD_MAX = 1024 };

static const char *access_flaw(const struct stat *status, bool is_private)
{
    if (!S_ISREG(status->st_mode))
        return "is not a regular file";
    if (status->st_size > FILE_SIZE_MAX)
        return "is too long";
    if (!is_private)
        return NULL;
    if (status->st_uid != geteuid() && status->st_uid != 0)
        return "belongs neither to the user that runs this nor to root";
    return status->st_mode & (S_IRWXG | S_IRWXO) ? "is open to others than its owner (chmod 600)"
                                                 : NULL;
}

static bool read_all(int file, struct secret *text)
{
    size_t done = 0, size = secret_size(text);
    while (done < size) {
        ssize_t count = read(file, secret_bytes(text) + done, size - done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        done += (size_t)count;
    }
    return true;
}

/* Non-blocking, so that a FIFO in its place keeps nobody waiting. */
static const char *read_file(const char *path, bool is_private, struct secret **text)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0)
        return strerror(errno);
    const char *flaw = fstat(file, &status) ? strerror(errno) : access_flaw(&status, is_private);
    if (!flaw) {
        *text = secret_new_empty((size_t)status.st_size);
        flaw = read_all(file, *text) ? NULL : "cannot be read";
    }
    close(file);
    return flaw;
}

/* Control characters but line feed, and tab where `tab` says so. */
static bool has_control(const struct secret *text, bool tab)
{
    const char *bytes = secret_reveal(text);
    for (size_t i = 0; i < secret_size(text); i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte == 0x7f || (byte < ' ' && byte != '\n' && !(tab && byte == '\t')))
            return true;
    }
    return false;
}

static const char *password_flaw(const struct secret *line)
{
    const char *text = secret_reveal(line);
    size_t size = strcspn(text, "\n");
    if (size == 0 || size > PASSWORD_MAX || has_control(line, false))
        return "has no password in its first line, or a control character";
    return secret_size(line) > size + 1 ? "has more than one line" : NULL;
}

static const char *template_flaw(const struct secret *text)
{
    if (!strstr(secret_reveal(text), "{code}"))
        return "has no {code} in it";
    return has_control(text, true) ? "has control characters other than line feeds and tabs" : NULL;
}

static bool complain(const char *option, const char *path, const char *flaw, char *message)
{
    snprintf(message, MAIL_MESSAGE_SIZE, "%s '%.256s': %s", option, path, flaw);
    return false;
}

bool mail_file_password(const struct config *config, struct secret **password,
                        char message[MAIL_MESSAGE_SIZE])
{
    struct secret *line = NULL;
    *password = NULL;
    if (!*config->mail_password_file)
        return true;
    const char *flaw = read_file(config->mail_password_file, true, &line);
    if (!flaw)
        flaw = password_flaw(line);
    if (!flaw)
        *password = secret_new(secret_reveal(line), strcspn(secret_reveal(line), "\n"));
    secret_free(line);
    return !flaw || complain("mail_password_file", config->mail_password_file, flaw, message);
}

bool mail_file_template(const struct config *config, struct secret **text,
                        char message[MAIL_MESSAGE_SIZE])
{
    struct secret *content = NULL;
    const char *flaw = read_file(config->mail_template, false, &content);
    if (!flaw)
        flaw = template_flaw(content);
    if (flaw) {
        secret_free(content);
        return complain("mail_template", config->mail_template, flaw, message);
    }
    *text = content;
    return true;
}

bool mail_file_check(const struct config *config, char message[MAIL_MESSAGE_SIZE])
{
    struct secret *password = NULL, *text = NULL;
    bool good = !*config->mail_server || (mail_file_password(config, &password, message) &&
                                          mail_file_template(config, &text, message));
    secret_free(password);
    secret_free(text);
    return good;
}
