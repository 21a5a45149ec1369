/* keyset_generate - makes a key and its file; see keyset.h. */
#include "auth/key_file.h"
#include "auth/key_pem.h"
#include "base/clock.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* HS256: as long as a block of SHA-256, which is as much as HMAC uses. */
enum { HS256_KEY_SIZE = 64, HEXADECIMAL_MAX = HS256_KEY_SIZE * 2 + 2 };
enum { NAME_TRIES = 8 };

static struct secret *new_hexadecimal(size_t size)
{
    unsigned char bytes[HS256_KEY_SIZE];
    char text[HEXADECIMAL_MAX];
    randombytes_buf(bytes, size);
    sodium_bin2hex(text, sizeof text, bytes, size);
    text[size * 2] = '\n';
    struct secret *line = secret_new(text, size * 2 + 1);
    secret_wipe(bytes, sizeof bytes);
    secret_wipe(text, sizeof text);
    return line;
}

static struct secret *new_material(enum key_algorithm algorithm)
{
    switch (algorithm) {
    case KEY_HS256:
        return new_hexadecimal(HS256_KEY_SIZE);
    case KEY_MAC:
        return new_hexadecimal(KEY_MAC_SIZE);
    case KEY_DATA:
        return new_hexadecimal(KEY_DATA_SIZE);
    case KEY_ES256:
    case KEY_RS256:
    case KEY_EDDSA:
        return key_pem_new(algorithm);
    default:
        return NULL;
    }
}

/* The latest time in the names of the directory, or -1. */
static int64_t newest_time(int directory)
{
    int64_t newest = -1;
    const struct dirent *entry;
    struct key key;
    int own = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = own < 0 ? NULL : fdopendir(own);
    if (!stream) {
        if (own >= 0)
            close(own);
        return -1;
    }
    /* cppcheck-suppress readdirCalled ; one thread, and readdir_r is deprecated */
    while ((entry = readdir(stream)) != NULL) {
        int64_t time = key_file_parse_name(entry->d_name, &key) ? key_file_time(key.id) : -1;
        if (time > newest)
            newest = time;
    }
    closedir(stream);
    return newest;
}

/* The youngest signs, so the new name is later than all there are, even where the clock was set
 * back or a key was made within the same second. */
static void choose_id(int directory, struct key *key)
{
    char stamp[32] = "";
    struct tm parts;
    int64_t newest = newest_time(directory), now = clock_now();
    time_t chosen = (time_t)(newest >= now ? newest + 1 : now);
    gmtime_r(&chosen, &parts);
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &parts);
    snprintf(key->id, sizeof key->id, "%s-%08x", stamp, (unsigned)randombytes_random());
}

static bool write_all(int file, const struct secret *text)
{
    size_t done = 0, size = secret_size(text);
    while (done < size) {
        ssize_t count = write(file, secret_reveal(text) + done, size - done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return false;
        done += (size_t)count;
    }
    return fchmod(file, S_IRUSR | S_IWUSR) == 0 && fsync(file) == 0;
}

/* A name with a dot in front is not looked at until the whole file appears under its own name. */
static bool write_file(int directory, const char *name, const struct secret *text)
{
    char temporary[KEY_FILE_NAME_SIZE + 8];
    snprintf(temporary, sizeof temporary, ".%s.new", name);
    int file = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                      S_IRUSR | S_IWUSR);
    if (file < 0)
        return false;
    bool good = write_all(file, text);
    int saved = errno;
    if (close(file) && good) {
        good = false;
        saved = errno;
    }
    if (good && linkat(directory, temporary, directory, name, 0)) {
        good = false;
        saved = errno;
    }
    unlinkat(directory, temporary, 0);
    errno = saved;
    return good && fsync(directory) == 0;
}

static bool write_key(int directory, struct key *key, const struct secret *text)
{
    char name[KEY_FILE_NAME_SIZE];
    for (int i = 0; i < NAME_TRIES; i++) {
        choose_id(directory, key);
        key_file_format_name(key, name);
        if (write_file(directory, name, text))
            return true;
        if (errno != EEXIST)
            return false;
    }
    return false;
}

enum error keyset_generate(const char *directory, enum key_algorithm algorithm,
                           enum key_state state, char id[KEY_ID_MAX + 1],
                           char message[KEY_MESSAGE_SIZE])
{
    struct stat status;
    struct key key = { .algorithm = algorithm, .state = state };
    enum error error = ERROR_INTERNAL;
    struct secret *text = sodium_init() < 0 ? NULL : new_material(algorithm);
    int opened = -1;
    if (!text) {
        snprintf(message, KEY_MESSAGE_SIZE, "a key of this kind cannot be made");
        goto out;
    }
    if (mkdir(directory, S_IRWXU) && errno != EEXIST) {
        snprintf(message, KEY_MESSAGE_SIZE, "key directory '%s': %s", directory, strerror(errno));
        goto out;
    }
    opened = key_file_open_directory(directory, &status, message);
    if (opened < 0)
        goto out;
    if (!write_key(opened, &key, text)) {
        snprintf(message, KEY_MESSAGE_SIZE, "key directory '%s': cannot write a file: %s",
                 directory, strerror(errno));
        goto out;
    }
    memcpy(id, key.id, sizeof key.id);
    error = ERROR_NONE;
out:
    if (opened >= 0)
        close(opened);
    secret_free(text);
    return error;
}
