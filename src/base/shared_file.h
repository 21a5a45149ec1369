/* shared_file - memory that the processes of this host share: a file of the run directory, mapped
 * by whoever opens it, because workers may have no common parent.
 *
 * A file has one layout. Where another is found there (of another version, or damaged), a new file
 * takes its place whole (rename(2)), and who has mapped the old one goes on in that. Its blocks are
 * allocated at once, so that a full disk cannot end a process later (SIGBUS). */
#ifndef BASE_SHARED_FILE_H
#define BASE_SHARED_FILE_H

#include <stddef.h>
#include <stdint.h>

struct shared_file_layout {
    const char *name;          /* in the directory */
    uint64_t id;               /* another one wherever a byte means something else */
    size_t size;               /* bytes that the caller uses; zero at first */
    void (*fill)(void *bytes); /* writes what is not zero at first; or NULL */
};

/* The bytes, aligned to 64, to be unmapped by the second. Never NULL: where there can be no file,
 * which is logged, the memory is this process's own. */
void *shared_file_map(const char *directory, const struct shared_file_layout *layout);
/* NULL-safe. */
void shared_file_unmap(void *bytes, const struct shared_file_layout *layout);

enum { SHARED_FILE_HASH_BEGIN = 0 };
/* For ids: the digest of `text`, with its NUL, behind what `id` is the digest of. */
uint64_t shared_file_hash(uint64_t id, const char *text);

#endif
