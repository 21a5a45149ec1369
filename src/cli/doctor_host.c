/* doctor_host - see doctor.h: keys, socket, database. */
#include "auth/keyset.h"
#include "cli/doctor.h"
#include "db/migrate.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netdb.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { CONNECT_MS = 2000, HOST_SIZE = 256, PATH_SIZE = 4096 };

/* Keys ------------------------------------------------------------------------------------------*/

static const char *account_name(uid_t uid)
{
    /* cppcheck-suppress getpwuidCalled ; one thread */
    const struct passwd *account = getpwuid(uid);
    return account ? account->pw_name : "an account without a name";
}

/* Who cannot read the keys sees neither the files nor the database as the service does. */
enum verdict doctor_account(struct doctor *doctor)
{
    struct stat status;
    const char *directory = doctor->config->key_directory;
    if (stat(directory, &status)) {
        doctor_found(doctor, "%s: %s", directory, strerror(errno));
        doctor_mend(doctor, "therappai-auth key generate, as the account of the service");
        return VERDICT_WRONG;
    }
    bool ours = status.st_uid == geteuid();
    if (ours || (status.st_uid == 0 && access(directory, R_OK | X_OK) == 0)) {
        doctor_found(doctor, "%s", account_name(geteuid()));
        return VERDICT_GOOD;
    }
    doctor_found(doctor, "%s belongs to %s", directory, account_name(status.st_uid));
    doctor_mend(doctor, "sudo -u %s therappai-auth doctor", account_name(status.st_uid));
    return VERDICT_WRONG;
}

/* The first file that others may read, or false. */
static bool find_open_file(struct doctor *doctor, DIR *directory)
{
    struct stat status;
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] == '.' || fstatat(dirfd(directory), entry->d_name, &status, 0) ||
            !(status.st_mode & (S_IRWXG | S_IRWXO)))
            continue;
        doctor_found(doctor, "%s has mode %04o", entry->d_name, (unsigned)status.st_mode & 07777U);
        doctor_mend(doctor, "chmod 600 %s/%s", doctor->config->key_directory, entry->d_name);
        return true;
    }
    return false;
}

enum verdict doctor_key_files(struct doctor *doctor)
{
    struct stat status;
    const char *path = doctor->config->key_directory;
    DIR *directory = opendir(path);
    if (!directory || fstat(dirfd(directory), &status)) {
        doctor_found(doctor, "%s: %s", path, strerror(errno));
        if (directory)
            closedir(directory);
        return VERDICT_SKIPPED;
    }
    bool wrong = (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    if (wrong) {
        doctor_found(doctor, "%s has mode %04o", path, (unsigned)status.st_mode & 07777U);
        doctor_mend(doctor, "chmod 700 %s", path);
    } else {
        wrong = find_open_file(doctor, directory);
    }
    closedir(directory);
    return wrong ? VERDICT_WRONG : VERDICT_GOOD;
}

enum verdict doctor_keys(struct doctor *doctor)
{
    char message[KEY_MESSAGE_SIZE];
    struct keyset *keyset = NULL;
    if (keyset_load(doctor->config->key_directory, &keyset, message)) {
        doctor_found(doctor, "%s", message);
        return VERDICT_WRONG;
    }
    doctor_found(doctor, "%s signs, by %s", keyset_signing(keyset)->id,
                 key_algorithm_name(keyset_signing(keyset)->algorithm));
    keyset_free(keyset);
    return VERDICT_GOOD;
}

enum verdict doctor_data_key(struct doctor *doctor)
{
    char message[KEY_MESSAGE_SIZE];
    struct keyset *keyset = NULL;
    if (keyset_load(doctor->config->key_directory, &keyset, message)) {
        doctor_found(doctor, "%s", message);
        return VERDICT_WRONG;
    }
    const struct key *key = keyset_data(keyset);
    doctor_found(doctor, key ? "%s encrypts" : "none: nobody can store any", key ? key->id : "");
    keyset_free(keyset);
    return key ? VERDICT_GOOD : VERDICT_WRONG;
}

/* Pictures --------------------------------------------------------------------------------------*/

/* Whether the service can make the directory itself. */
static bool can_be_made(const char *path)
{
    struct stat status;
    char parent[PATH_SIZE];
    snprintf(parent, sizeof parent, "%.*s", (int)(strrchr(path, '/') - path), path);
    return stat(path, &status) && errno == ENOENT && access(parent, W_OK | X_OK) == 0;
}

enum verdict doctor_picture_directory(struct doctor *doctor)
{
    struct stat status;
    const char *path = doctor->config->picture_directory;
    if (can_be_made(path)) {
        doctor_found(doctor, "%s is made with the first picture", path);
        return VERDICT_SKIPPED;
    }
    if (stat(path, &status) || access(path, R_OK | W_OK | X_OK)) {
        doctor_found(doctor, "%s: %s", path, strerror(errno));
        doctor_mend(doctor, "install -d -m 711 -o %s %s", account_name(geteuid()), path);
        return VERDICT_WRONG;
    }
    doctor_found(doctor, "%s", path);
    if (!(status.st_mode & S_IWOTH))
        return VERDICT_GOOD;
    doctor_found(doctor, "%s has mode %04o", path, (unsigned)status.st_mode & 07777U);
    doctor_mend(doctor, "chmod 711 %s", path);
    return VERDICT_WRONG;
}

/* Socket ----------------------------------------------------------------------------------------*/

/* 0, or why nobody answers; within CONNECT_MS. */
static int try_connect(const struct sockaddr *address, socklen_t size)
{
    int problem = 0;
    socklen_t problem_size = sizeof problem;
    int probe = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0)
        return errno;
    if (connect(probe, address, size))
        problem = errno;
    if (problem == EINPROGRESS) {
        struct pollfd wait = { .fd = probe, .events = POLLOUT };
        problem = ETIMEDOUT;
        if (poll(&wait, 1, CONNECT_MS) > 0 &&
            getsockopt(probe, SOL_SOCKET, SO_ERROR, &problem, &problem_size))
            problem = errno;
    }
    close(probe);
    return problem;
}

static const char *try_unix(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int problem = try_connect((const struct sockaddr *)&address, sizeof address);
    if (problem == EAGAIN)
        return "too many connections wait: all workers are busy or stuck";
    return problem ? strerror(problem) : NULL;
}

/* "host:port", an IPv6 host in brackets. */
static const char *try_tcp(const char *place)
{
    char host[HOST_SIZE];
    const char *colon = strrchr(place, ':');
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *addresses = NULL;
    bool bracketed = *place == '[';
    snprintf(host, sizeof host, "%.*s", (int)(colon - place) - (bracketed ? 2 : 0),
             place + bracketed);
    int problem = getaddrinfo(host, colon + 1, &hints, &addresses);
    if (problem)
        return gai_strerror(problem);
    for (const struct addrinfo *a = addresses; a; a = a->ai_next)
        if ((problem = try_connect(a->ai_addr, a->ai_addrlen)) == 0)
            break;
    freeaddrinfo(addresses);
    return problem ? strerror(problem) : NULL;
}

enum verdict doctor_socket(struct doctor *doctor)
{
    const char *place = doctor->config->listen;
    if (!*place) {
        doctor_found(doctor, "the option listen is empty: the socket is handed over");
        return VERDICT_SKIPPED;
    }
    const char *problem = *place == '/' ? try_unix(place) : try_tcp(place);
    doctor_found(doctor, "%s%s%s", place, problem ? ": " : "", problem ? problem : "");
    return problem ? VERDICT_WRONG : VERDICT_GOOD;
}

/* Database --------------------------------------------------------------------------------------*/

enum look { USER, MIGHTY, MILLISECONDS };

/* NULL where the database does not answer. */
static struct db_result *look(struct doctor *doctor)
{
    struct db_result *result = NULL;
    return db_run(doctor->db, STATEMENT_CONNECTION_LOOK, NULL, &result) ? NULL : result;
}

enum verdict doctor_database(struct doctor *doctor)
{
    struct db_result *result = look(doctor);
    if (!result) {
        doctor_found(doctor, "the line above says why");
        return VERDICT_WRONG;
    }
    doctor_found(doctor, "as %s", db_value(result, 0, USER));
    db_result_free(result);
    return VERDICT_GOOD;
}

enum verdict doctor_database_role(struct doctor *doctor)
{
    struct db_result *result = look(doctor);
    bool mighty = result && db_boolean(result, 0, MIGHTY);
    if (mighty)
        doctor_found(doctor, "%s may: a worker that is taken over could drop them",
                     db_value(result, 0, USER));
    db_result_free(result);
    return result && !mighty ? VERDICT_GOOD : VERDICT_WRONG;
}

enum verdict doctor_schema(struct doctor *doctor)
{
    struct db_result *result = NULL;
    if (db_run(doctor->db, STATEMENT_SCHEMA_VERSION, NULL, &result)) {
        doctor_found(doctor, "no migration was applied, or the role may not see them");
        return VERDICT_WRONG;
    }
    int64_t version = db_integer(result, 0, 0);
    db_result_free(result);
    doctor_found(doctor, "%" PRId64 " of %d", version, (int)MIGRATE_SCHEMA_VERSION);
    return version >= MIGRATE_SCHEMA_VERSION ? VERDICT_GOOD : VERDICT_WRONG;
}

/* A database that was restored beside other keys: what its accounts told does not open. */
enum verdict doctor_personal_info(struct doctor *doctor)
{
    enum { KEY_ID, ACCOUNTS };
    char message[KEY_MESSAGE_SIZE];
    struct keyset *keyset = NULL;
    struct db_result *result = NULL;
    enum verdict verdict = VERDICT_SKIPPED;
    if (keyset_load(doctor->config->key_directory, &keyset, message))
        doctor_found(doctor, "first: keys");
    else if (db_run(doctor->db, STATEMENT_PERSONAL_INFO_KEYS, NULL, &result))
        doctor_found(doctor, "the line above says why");
    else
        verdict = VERDICT_GOOD;
    for (int row = 0; verdict == VERDICT_GOOD && row < db_rows(result); row++) {
        const char *id = db_value(result, row, KEY_ID);
        if (keyset_find_data(keyset, id))
            continue;
        doctor_found(doctor, "%s of %s accounts is not", id, db_value(result, row, ACCOUNTS));
        verdict = VERDICT_WRONG;
    }
    db_result_free(result);
    keyset_free(keyset);
    return verdict;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The question takes its time: the database looked at its clock some time between. */
enum verdict doctor_clock(struct doctor *doctor)
{
    int64_t before = now_ms();
    struct db_result *result = look(doctor);
    int64_t after = now_ms(), theirs = result ? db_integer(result, 0, MILLISECONDS) : 0;
    if (!result)
        return VERDICT_WRONG;
    db_result_free(result);
    int64_t apart = theirs < before ? before - theirs : theirs - after;
    if (apart < 0)
        apart = 0;
    doctor_found(doctor,
                 "%" PRId64 ".%03" PRId64 " s apart, %" PRId64 " s are allowed (clock_leeway)",
                 apart / 1000, apart % 1000, doctor->config->clock_leeway_s);
    return apart <= doctor->config->clock_leeway_s * 1000 ? VERDICT_GOOD : VERDICT_WRONG;
}
