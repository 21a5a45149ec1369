/* shared_file - see shared_file.h. */
#include "base/shared_file.h"
#include "base/log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_TRIES = 200, LOCK_PAUSE_NS = 10000000, TEMPORARY_SIZE = 128, ALIGNMENT = 64 };

/* Before the caller's bytes. */
struct header {
    char magic[16];
    uint64_t id, size;
    char unused[ALIGNMENT - 32];
};
static const char magic[16] = "therappai-auth1";

static size_t whole_size(const struct shared_file_layout *layout)
{
    return sizeof(struct header) + layout->size;
}

static struct header header_of(const struct shared_file_layout *layout)
{
    struct header header = { .id = layout->id, .size = layout->size };
    memcpy(header.magic, magic, sizeof magic);
    return header;
}

/* Only one process at a time makes a file, or two of them would count in two. One that was stopped
 * in the middle of it must not stop the others: so they wait 2 s at most. */
static bool lock(int directory)
{
    static const struct timespec pause = { .tv_nsec = LOCK_PAUSE_NS };
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(directory, LOCK_EX | LOCK_NB) == 0)
            return true;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return false;
        nanosleep(&pause, NULL);
    }
    return false;
}

static int failed(int file, int reason)
{
    if (file >= 0)
        close(file);
    errno = reason;
    return -1;
}

/* A file of another owner could be cut short under our hands. */
static bool is_ours(int file, const struct shared_file_layout *layout)
{
    struct stat status;
    struct header found, wanted = header_of(layout);
    return fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid() &&
           status.st_size == (off_t)whole_size(layout) &&
           pread(file, &found, sizeof found, 0) == (ssize_t)sizeof found &&
           memcmp(&found, &wanted, sizeof found) == 0 &&
           posix_fallocate(file, 0, (off_t)whole_size(layout)) == 0;
}

/* The descriptor, or -1. */
static int open_existing(int directory, const struct shared_file_layout *layout)
{
    int file = openat(directory, layout->name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file >= 0 && !is_ours(file, layout))
        return failed(file, EINVAL);
    return file;
}

/* NULL where there is no memory. `how`: MAP_SHARED, or MAP_PRIVATE | MAP_ANONYMOUS without a file.
 */
static struct header *map(int file, int how, const struct shared_file_layout *layout)
{
    /* cppcheck-suppress invalidFunctionArg ; -1 where there is no file, as mmap(2) says */
    struct header *header = mmap(NULL, whole_size(layout), PROT_READ | PROT_WRITE, how, file, 0);
    if (header == MAP_FAILED)
        return NULL;
    return header;
}

static bool write_file(int file, const struct shared_file_layout *layout)
{
    errno = posix_fallocate(file, 0, (off_t)whole_size(layout));
    struct header *header = errno ? NULL : map(file, MAP_SHARED, layout);
    if (!header)
        return false;
    *header = header_of(layout);
    if (layout->fill)
        layout->fill(header + 1);
    return munmap(header, whole_size(layout)) == 0;
}

/* Nobody sees it before it is complete. */
static int make(int directory, const struct shared_file_layout *layout)
{
    char name[TEMPORARY_SIZE];
    snprintf(name, sizeof name, "%s.new", layout->name);
    unlinkat(directory, name, 0); /* of one who died here; nobody else is: we hold the lock */
    int file = openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return -1;
    if (write_file(file, layout) && renameat(directory, name, directory, layout->name) == 0)
        return file;
    int reason = errno;
    unlinkat(directory, name, 0);
    return failed(file, reason);
}

/* The descriptor, or -1 with errno. */
static int open_or_make(const char *path, const struct shared_file_layout *layout)
{
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return -1;
    int file = open_existing(directory, layout);
    if (file < 0 && lock(directory)) {
        file = open_existing(directory, layout);
        if (file < 0)
            file = make(directory, layout);
    }
    int reason = errno;
    close(directory);
    errno = reason;
    return file;
}

static struct header *own_memory(const struct shared_file_layout *layout)
{
    struct header *header = map(-1, MAP_PRIVATE | MAP_ANONYMOUS, layout);
    if (!header)
        abort();
    if (layout->fill)
        layout->fill(header + 1);
    return header;
}

void *shared_file_map(const char *directory, const struct shared_file_layout *layout)
{
    int file = open_or_make(directory, layout);
    struct header *header = file >= 0 ? map(file, MAP_SHARED, layout) : NULL;
    if (!header) {
        LOG(LOG_LEVEL_ERROR, "not_shared", log_text("directory", directory),
            log_text("file", layout->name), log_text("reason", strerror(errno)));
        header = own_memory(layout);
    }
    if (file >= 0)
        close(file);
    return header + 1;
}

void shared_file_unmap(void *bytes, const struct shared_file_layout *layout)
{
    if (bytes)
        munmap((struct header *)bytes - 1, whole_size(layout));
}

/* FNV-1a. */
uint64_t shared_file_hash(uint64_t id, const char *text)
{
    uint64_t hash = id ? id : UINT64_C(14695981039346656037);
    for (;; text++) {
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
        if (!*text)
            return hash;
    }
}
