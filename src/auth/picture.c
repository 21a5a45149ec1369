/* picture - see picture.h. */
#include "auth/picture.h"
#include "auth/picture_decoder.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIGITS = 32, ORPHAN_AGE_S = 3600, BATCH = 500 };

static const char jpeg[] = ".jpg", png[] = ".png", unfinished[] = ".new";

static enum error failed(const char *what, int reason)
{
    LOG(LOG_LEVEL_ERROR, "picture_failed", log_text("step", what),
        log_text("reason", strerror(reason)));
    return ERROR_INTERNAL;
}

/* The web server may go through it, and list nothing. */
static bool make_directory(const char *path)
{
    return mkdir(path, S_IRWXU) == 0 && chmod(path, S_IRWXU | S_IXGRP | S_IXOTH) == 0;
}

/* Made where it is missing. */
static enum error open_directory(const struct config *config, int *directory)
{
    const char *path = config->picture_directory;
    *directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*directory < 0 && errno == ENOENT && (make_directory(path) || errno == EEXIST))
        *directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *directory < 0 ? failed("open the directory", errno) : ERROR_NONE;
}

/* 128 random bits: nobody finds a picture by guessing. */
static void choose_stem(char stem[DIGITS + 1])
{
    unsigned char random[DIGITS / 2];
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(stem, DIGITS + 1, random, sizeof random);
}

static void join(const char *stem, const char *ending, char name[PICTURE_NAME_SIZE])
{
    snprintf(name, PICTURE_NAME_SIZE, "%.*s%s", DIGITS, stem, ending);
}

static int create(int directory, const char *name)
{
    return openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                  S_IRUSR | S_IWUSR);
}

enum error picture_receive(const struct config *config, int *upload)
{
    char stem[DIGITS + 1], name[PICTURE_NAME_SIZE];
    int directory;
    enum error error = open_directory(config, &directory);
    if (error)
        return error;
    choose_stem(stem);
    join(stem, unfinished, name);
    int file = create(directory, name);
    if (file < 0)
        error = failed("create", errno);
    else
        unlinkat(directory, name, 0);
    close(directory);
    if (!error)
        *upload = file;
    return error;
}

/* Storing ---------------------------------------------------------------------------------------*/

/* What a client is told of a status; NULL where it is not the client's fault. */
static const char *flaw_of(enum picture_status status)
{
    switch (status) {
    case PICTURE_UNKNOWN:
        return "This is not a JPEG, PNG, WebP or GIF picture.";
    case PICTURE_TOO_LARGE:
        return "A picture has at most 40 million pixels.";
    case PICTURE_BROKEN:
        return "This picture is damaged, or too costly to read.";
    default:
        return NULL;
    }
}

static enum error convert(const struct config *config, int upload, int output, const char **ending,
                          const char **flaw)
{
    enum picture_status status;
    enum error error = picture_decode(config->picture_program, upload, output, &status);
    if (error)
        return error;
    if (status == PICTURE_IS_JPEG || status == PICTURE_IS_PNG) {
        *ending = status == PICTURE_IS_JPEG ? jpeg : png;
        return ERROR_NONE;
    }
    *flaw = flaw_of(status);
    if (*flaw)
        return ERROR_UNSUPPORTED_PICTURE;
    LOG(LOG_LEVEL_ERROR, "picture_program_failed", log_integer("status", status));
    return ERROR_INTERNAL;
}

/* First the bytes are on the disk, then the name is: a name never stands for half a picture. */
static enum error publish(int directory, int file, const char *from, const char *to)
{
    if (fchmod(file, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH) || fsync(file))
        return failed("write", errno);
    if (renameat(directory, from, directory, to) || fsync(directory))
        return failed("rename", errno);
    return ERROR_NONE;
}

enum error picture_store(const struct config *config, int upload, char name[PICTURE_NAME_SIZE],
                         const char **flaw)
{
    char stem[DIGITS + 1], temporary[PICTURE_NAME_SIZE], final[PICTURE_NAME_SIZE];
    const char *ending = unfinished;
    int directory;
    enum error error = open_directory(config, &directory);
    if (error)
        return error;
    choose_stem(stem);
    join(stem, unfinished, temporary);
    int file = create(directory, temporary);
    if (file < 0) {
        error = failed("create", errno);
        goto out;
    }
    error = convert(config, upload, file, &ending, flaw);
    join(stem, ending, final);
    if (!error)
        error = publish(directory, file, temporary, final);
    if (error)
        unlinkat(directory, temporary, 0);
    else
        memcpy(name, final, sizeof final);
    close(file);
out:
    close(directory);
    return error;
}

/* What is stored --------------------------------------------------------------------------------*/

static bool is_ours(const char *name)
{
    if (strspn(name, "0123456789abcdef") != DIGITS)
        return false;
    const char *ending = name + DIGITS;
    return !strcmp(ending, jpeg) || !strcmp(ending, png) || !strcmp(ending, unfinished);
}

void picture_remove(const struct config *config, const char *name)
{
    int directory;
    if (!is_ours(name) || open_directory(config, &directory))
        return;
    if (unlinkat(directory, name, 0) && errno != ENOENT)
        failed("remove", errno);
    close(directory);
}

char *picture_url(const struct config *config, const char *name)
{
    struct buffer url;
    if (!name)
        return NULL;
    buffer_init(&url, strlen(config->picture_url) + strlen(name) + 1);
    buffer_format(&url, "%s/%s", config->picture_url, name);
    char *copy = memory_text(url.data);
    buffer_clear(&url);
    return copy;
}

/* Orphans ---------------------------------------------------------------------------------------*/

static bool is_old(int directory, const char *name)
{
    struct stat status;
    return fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode) &&
           clock_now() - status.st_mtime > ORPHAN_AGE_S;
}

/* The next names that may be those of orphans, as an array of PostgreSQL, which none of their
 * characters has a meaning in. Returns how many. */
static int next_batch(DIR *stream, struct buffer *names)
{
    const struct dirent *entry;
    int count = 0;
    buffer_reset(names);
    while (count < BATCH && (entry = readdir(stream)) != NULL) {
        if (!is_ours(entry->d_name) || !is_old(dirfd(stream), entry->d_name))
            continue;
        buffer_format(names, "%s%s", count ? "," : "{", entry->d_name);
        count++;
    }
    buffer_text(names, "}");
    return count;
}

static enum error remove_orphans(struct auth *auth, int directory, const char *names,
                                 int64_t *removed)
{
    struct db_result *result = NULL;
    const char *const values[] = { names };
    enum error error = db_run(auth->db, STATEMENT_PICTURE_ORPHANS, values, &result);
    if (error)
        return error;
    for (int row = 0; row < db_rows(result); row++)
        *removed += unlinkat(directory, db_value(result, row, 0), 0) == 0;
    db_result_free(result);
    return ERROR_NONE;
}

/* Where nobody made the directory there are no pictures. */
enum error picture_purge(struct auth *auth, int64_t *removed)
{
    struct buffer names;
    enum error error = ERROR_NONE;
    *removed = 0;
    DIR *stream = opendir(auth->config->picture_directory);
    if (!stream)
        return errno == ENOENT ? ERROR_NONE : failed("open the directory", errno);
    buffer_init(&names, (size_t)BATCH * PICTURE_NAME_SIZE + 2);
    while (!error && next_batch(stream, &names) > 0)
        error = remove_orphans(auth, dirfd(stream), names.data, removed);
    buffer_clear(&names);
    closedir(stream);
    return error;
}
