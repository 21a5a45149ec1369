/* doctor_site - see doctor.h: what the web server makes of requests and answers. */
#include "base/clock.h"
#include "cli/doctor.h"
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KIB = 1024, REQUEST_ID_SIZE = 65 };

/* What a web server's header Server begins with. */
enum server { SERVER_OTHER, SERVER_APACHE, SERVER_NGINX, SERVER_LIGHTTPD, SERVER_COUNT };
static const char *const server_names[SERVER_COUNT] = {
    [SERVER_APACHE] = "Apache",
    [SERVER_NGINX] = "nginx",
    [SERVER_LIGHTTPD] = "lighttpd",
};

static enum server server_of(const struct doctor *doctor)
{
    for (enum server i = SERVER_OTHER + 1; i < SERVER_COUNT; i++)
        if (!strncasecmp(doctor->reply.server, server_names[i], strlen(server_names[i])))
            return i;
    return SERVER_OTHER;
}

/* So that the two can be told apart in the logs of several runs. */
static const char *own_request_id(char id[REQUEST_ID_SIZE])
{
    snprintf(id, REQUEST_ID_SIZE, "doctor-%d", (int)getpid());
    return id;
}

/* The first question of all: a token that cannot be one. What comes back says most of what there is
 * to say. */
enum verdict doctor_web_server(struct doctor *doctor)
{
    char url[DOCTOR_URL_SIZE], id[REQUEST_ID_SIZE], line[REQUEST_ID_SIZE + 32];
    char failure[CURL_FAILURE_SIZE];
    if (!*doctor->url) {
        doctor_found(doctor, "the option public_url is empty, and --url does not stand here");
        return VERDICT_SKIPPED;
    }
    snprintf(url, sizeof url, "%s%s/profile/", doctor->url, doctor->config->base_path);
    snprintf(line, sizeof line, "X-Request-Id: %s", own_request_id(id));
    const struct curl_request request = {
        .url = url, .headers = { "Authorization: Bearer not-a-token-of-anybody", line }
    };
    if (!curl_send(&request, &doctor->reply, failure)) {
        doctor_found(doctor, "%s", failure);
        if (strstr(failure, "does not start"))
            doctor_mend(doctor, "apt-get install curl");
        return VERDICT_WRONG;
    }
    doctor_found(doctor, "%s", *doctor->reply.server ? doctor->reply.server : url);
    return VERDICT_GOOD;
}

/* A web server that gets no answer from behind says so itself, without a code of ours. */
enum verdict doctor_backend(struct doctor *doctor)
{
    const struct curl_reply *reply = &doctor->reply;
    if (*reply->code || reply->status < 502 || reply->status > 504)
        return VERDICT_GOOD;
    doctor_found(doctor, "it answers %d", reply->status);
    if (*doctor->config->listen == '/')
        doctor_mend(
            doctor,
            "let the web server look for the socket at %s, and its account be in the group of "
            "that file (usermod -a -G)",
            doctor->config->listen);
    return VERDICT_WRONG;
}

enum verdict doctor_path(struct doctor *doctor)
{
    static const struct {
        const char *before, *after;
    } lines[SERVER_COUNT] = {
        [SERVER_APACHE] = { "<Location \"", "/\"> around ProxyPass" },
        [SERVER_NGINX] = { "location ", "/ { ... fastcgi_pass ... }" },
        [SERVER_LIGHTTPD] = { "therappai_auth_path = \"", "\"" },
    };
    const struct curl_reply *reply = &doctor->reply;
    const char *path = doctor->config->base_path;
    enum server server = server_of(doctor);
    if (*reply->code && reply->status != 404) {
        doctor_found(doctor, "%s", *path ? path : "/");
        return VERDICT_GOOD;
    }
    if (*reply->code) {
        doctor_found(doctor, "the service that runs has another base_path than %s",
                     *path ? path : "\"\"");
        doctor_mend(doctor, "systemctl reload therappai-auth");
        return VERDICT_WRONG;
    }
    doctor_found(doctor, "at %s%s/ somebody else answers, with %d", doctor->url, path,
                 reply->status);
    if (lines[server].before)
        doctor_mend(doctor, "%s%s%s", lines[server].before, path, lines[server].after);
    return VERDICT_WRONG;
}

enum verdict doctor_authorization(struct doctor *doctor)
{
    static const char *const remedies[SERVER_COUNT] = {
        [SERVER_OTHER] = "",
        [SERVER_APACHE] = "CGIPassAuth On (mod_fcgid: FcgidPassHeader Authorization)",
        [SERVER_NGINX] = "fastcgi_param HTTP_AUTHORIZATION $http_authorization;",
        [SERVER_LIGHTTPD] = "take out what changes \"Authorization\" in setenv.set-request-header",
    };
    const struct curl_reply *reply = &doctor->reply;
    doctor_found(doctor, "%d %s", reply->status, reply->code);
    if (reply->status == 401 && !strcmp(reply->code, "invalid_token"))
        return VERDICT_GOOD;
    if (strcmp(reply->code, "missing_token") != 0) {
        doctor_mend(doctor, "look into the log of the service");
        return VERDICT_WRONG;
    }
    doctor_found(doctor, "the web server keeps it to itself (missing_token)");
    doctor_mend(doctor, "%s", remedies[server_of(doctor)]);
    return VERDICT_WRONG;
}

enum verdict doctor_request_id(struct doctor *doctor)
{
    char id[REQUEST_ID_SIZE];
    const char *came = doctor->reply.request_id;
    if (!strcmp(came, own_request_id(id)))
        return VERDICT_GOOD;
    doctor_found(doctor, "sent %s, and got %s", id, *came ? came : "none");
    return VERDICT_WRONG;
}

static void tell_body_limit(struct doctor *doctor, int64_t bytes)
{
    int64_t kib = (bytes + KIB - 1) / KIB;
    switch (server_of(doctor)) {
    case SERVER_APACHE:
        /* mod_proxy_fcgi pays no heed to LimitRequestBody. */
        doctor_mend(doctor,
                    "<If \"%%{HTTP:Content-Length} -gt %" PRId64 "\">; and with mod_fcgid"
                    " FcgidMaxRequestLen %" PRId64,
                    bytes, bytes);
        break;
    case SERVER_NGINX:
        doctor_mend(doctor, "client_max_body_size %" PRId64 "k;", kib);
        break;
    case SERVER_LIGHTTPD:
        doctor_mend(doctor, "server.max-request-size = %" PRId64, kib);
        break;
    case SERVER_OTHER:
    case SERVER_COUNT:
    default:
        break;
    }
}

/* Whether a body of so many blanks gets to the service, which answers `option` where it takes less.
 */
static enum verdict try_body(struct doctor *doctor, const char *path, int64_t bytes,
                             const char *option)
{
    char url[DOCTOR_URL_SIZE], failure[CURL_FAILURE_SIZE];
    struct curl_reply reply = { 0 };
    snprintf(url, sizeof url, "%s%s%s", doctor->url, doctor->config->base_path, path);
    const struct curl_request request = { .url = url,
                                          .headers = { "Content-Type: application/json" },
                                          .body_size = (size_t)bytes };
    if (!curl_send(&request, &reply, failure)) {
        doctor_found(doctor, "of %" PRId64 " bytes: %s", bytes, failure);
        tell_body_limit(doctor, bytes);
        return VERDICT_WRONG;
    }
    if (*reply.code && reply.status != 413) {
        doctor_found(doctor, "%" PRId64 " bytes", bytes);
        return VERDICT_GOOD;
    }
    doctor_found(doctor, "of %" PRId64 " bytes: %d, %s%s", bytes, reply.status,
                 *reply.code ? "from a service that runs with another " : "from the web server",
                 *reply.code ? option : "");
    if (*reply.code)
        doctor_mend(doctor, "systemctl reload therappai-auth");
    else
        tell_body_limit(doctor, bytes);
    return VERDICT_WRONG;
}

/* Blanks are no JSON: whatever refuses them, it changes nothing. */
enum verdict doctor_body_limit(struct doctor *doctor)
{
    return try_body(doctor, "/login/", doctor->config->body_limit, "body_limit");
}

/* The service wants a token before it looks at a body: what refuses this one by its size is before
 * the service. */
enum verdict doctor_upload_limit(struct doctor *doctor)
{
    return try_body(doctor, "/profile/", doctor->config->upload_limit, "upload_limit");
}

/* Pictures --------------------------------------------------------------------------------------*/

enum { PATH_SIZE = 4096, NAME_SIZE = 32 + sizeof ".png" };

/* A file with its own name in it, as readable as a picture. Where this breaks off, the housekeeper
 * finds it as it finds every picture that nobody has. */
static bool put_probe(const char *directory, char name[NAME_SIZE], char path[PATH_SIZE])
{
    snprintf(name, NAME_SIZE, "%016" PRIx64 "%016" PRIx64 ".png", (uint64_t)clock_monotonic_us(),
             (uint64_t)getpid());
    snprintf(path, PATH_SIZE, "%s/%s", directory, name);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file < 0)
        return false;
    bool good = write(file, name, strlen(name)) == (ssize_t)strlen(name) &&
                fchmod(file, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH) == 0;
    close(file);
    if (!good)
        unlink(path);
    return good;
}

static void tell_pictures(struct doctor *doctor, int status)
{
    static const struct {
        const char *before, *between, *after;
    } lines[SERVER_COUNT] = {
        [SERVER_OTHER] = { "let the web server answer at ", "/ with the files of ", "" },
        [SERVER_APACHE] = { "Alias \"", "/\" \"", "/\"" },
        [SERVER_NGINX] = { "location ", "/ { alias ", "/; }" },
        [SERVER_LIGHTTPD] = { "alias.url += (\"", "/\" => \"", "/\")" },
    };
    const struct config *config = doctor->config;
    enum server server = server_of(doctor);
    if (status == 403)
        doctor_mend(doctor, "chmod 711 %s, and let the web server into every folder above",
                    config->picture_directory);
    else
        doctor_mend(doctor, "%s%s%s%s%s", lines[server].before, config->picture_url,
                    lines[server].between, config->picture_directory, lines[server].after);
}

static enum verdict judge_picture(struct doctor *doctor, const char *url, const char *expected)
{
    char failure[CURL_FAILURE_SIZE];
    struct curl_reply reply = { 0 };
    const struct curl_request request = { .url = url };
    if (!curl_send(&request, &reply, failure)) {
        doctor_found(doctor, "%s: %s", doctor->config->picture_url, failure);
        return VERDICT_WRONG;
    }
    if (reply.status != 200 || strcmp(reply.body, expected) != 0) {
        doctor_found(doctor, "at %s/ it answers %d%s", doctor->config->picture_url, reply.status,
                     reply.status == 200 ? " with something else" : "");
        tell_pictures(doctor, reply.status);
        return VERDICT_WRONG;
    }
    doctor_found(doctor, "%s/, %s", doctor->config->picture_url, reply.type);
    if (!strncmp(reply.type, "image/png", strlen("image/png")))
        return VERDICT_GOOD;
    doctor_mend(doctor, "let the web server know that .png is image/png, and .jpg image/jpeg");
    return VERDICT_WRONG;
}

enum verdict doctor_pictures(struct doctor *doctor)
{
    char url[DOCTOR_URL_SIZE * 3], name[NAME_SIZE], path[PATH_SIZE];
    const struct config *config = doctor->config;
    if (!put_probe(config->picture_directory, name, path)) {
        doctor_found(doctor, "first: picture-dir");
        return VERDICT_SKIPPED;
    }
    snprintf(url, sizeof url, "%s%s/%s", *config->picture_url == '/' ? doctor->url : "",
             config->picture_url, name);
    enum verdict verdict = judge_picture(doctor, url, name);
    unlink(path);
    return verdict;
}
