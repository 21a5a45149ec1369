/* key_file - one key file: its name, who may have touched it, and what is in it (rules in
 * keyset.h). */
#ifndef AUTH_KEY_FILE_H
#define AUTH_KEY_FILE_H

#include "auth/keyset.h"
#include <sys/stat.h>

enum { KEY_FILE_NAME_SIZE = KEY_ID_MAX + 32 };

/* Fills id, algorithm and state from a file's name. False where it is no name of a key. */
bool key_file_parse_name(const char *name, struct key *key);
/* What is wrong with a name that is none. */
void key_file_explain_name(const char *name, char message[KEY_MESSAGE_SIZE]);
/* The time that an id begins with, as those of `key generate` do, in seconds since 1970; or -1. */
int64_t key_file_time(const char *id);
/* The name of a key's file. */
void key_file_format_name(const struct key *key, char name[KEY_FILE_NAME_SIZE]);

/* Opens the key directory, which must belong to us or root, and be writable by its owner alone: who
 * may put a file there may sign. *status tells its state before anything is read from it. -1 with a
 * sentence in message. */
int key_file_open_directory(const char *path, struct stat *status, char message[KEY_MESSAGE_SIZE]);

/* Reads when the file of a key got its name, which is when its state changed; what cannot be told
 * stays 0. */
void key_file_read_change(int directory, struct key *key);

/* Reads the material of a key whose name was parsed. Symbolic links are followed (key directories
 * that are mounted into containers are made of them): what counts is the file behind, which must be
 * a regular one of mode 0600 or stricter, owned by us or root; only who may write the directory can
 * make a link. False with a sentence in message. */
bool key_file_read(int directory, struct key *key, char message[KEY_MESSAGE_SIZE]);
/* Wipes what the key owns. */
void key_file_clear(struct key *key);

#endif
