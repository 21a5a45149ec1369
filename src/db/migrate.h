/* migrate - brings the schema up to date from numbered files, each in a transaction of its own,
 * under an advisory lock. */
#ifndef DB_MIGRATE_H
#define DB_MIGRATE_H

#include "base/error.h"
#include "db/db.h"
#include <stddef.h>
#include <stdint.h>

/* The schema that this program was built for: the number of the last file in sql/. */
enum { MIGRATE_SCHEMA_VERSION = 2 };

enum migrate_state {
    MIGRATE_APPLIED,
    MIGRATE_PENDING,
    MIGRATE_CHANGED /* applied with another checksum */,
    MIGRATE_MISSING /* applied, file gone */
};

/* Called for each migration, in order; applied_at is NULL where it is pending. */
typedef void migrate_report(void *context, int number, const char *name, enum migrate_state state,
                            const char *applied_at);

/* Files are `NNNN-name.sql` in `directory`, numbered from 0001 without gaps; the checksum is that
 * of the file's bytes. Applies what is pending. A changed or missing file, a gap or a bad name
 * stops it before anything is applied, with a sentence in message. Two at once: the second waits
 * (a minute at most) for the first and finds nothing to do; for that the connection must be one to
 * the server itself, not through a pooler in transaction mode. `report` is called for each one
 * applied. */
enum error migrate_run(struct db *db, const char *directory, migrate_report *report, void *context,
                       char *message, size_t size);
/* Reports each and changes nothing; works on an empty database. ERROR_NONE; where anything is not
 * applied, *current is false. */
enum error migrate_status(struct db *db, const char *directory, migrate_report *report,
                          void *context, bool *current, char *message, size_t size);

#endif
