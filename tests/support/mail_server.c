/* mail_server - see mail_server.h. */
#include "support/mail_server.h"
#include "support/guard.h"
#include "support/http_client.h"
#include "support/processes.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <arpa/inet.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READY_MS = 20000, MAIL_MS = 10000, MAIL_SIZE = 65536, NOBODY = 65534 };

static int port;
static pid_t server = -1;

int mail_server_port(void)
{
    return port;
}

const char *mail_server_certificate(void)
{
    return stack_path("mail/server.pem");
}

const char *mail_server_other_certificate(void)
{
    return stack_path("mail/other.pem");
}

const char *mail_server_password_file(void)
{
    return stack_path("mail-password");
}

/* Files -----------------------------------------------------------------------------------------*/

static void write_text(const char *path, const char *content, mode_t mode)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file, "%s: %s", path, strerror(errno));
    fputs(content, file);
    fclose(file);
    chmod(path, mode);
}

static void make_certificate(const char *name)
{
    char output[4096];
    const struct process process = {
        .arguments = { "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                       "-subj", text("/CN=%s", name), "-addext", "subjectAltName=IP:127.0.0.1",
                       "-keyout", stack_path(text("mail/%s.key", name)), "-out",
                       stack_path(text("mail/%s.pem", name)) }
    };
    cr_assert_eq(process_run(&process, output, sizeof output), 0, "%s", output);
    chmod(stack_path(text("mail/%s.key", name)), 0644);
}

/* Whoever runs it, it is that account that stands in it, so that it needs no privilege. */
static void write_configuration(bool login)
{
    int user = (int)(geteuid() ? geteuid() : NOBODY), group = (int)(geteuid() ? getegid() : NOBODY);
    write_text(stack_path("mail/exim.conf"),
               text("exim_user = %d\nexim_group = %d\nkeep_environment =\nadd_environment =\n"
                    "primary_hostname = mail.example.org\nspool_directory = %s\n"
                    "log_file_path = %s/%%slog\npid_file_path = %s/pid\n"
                    "tls_advertise_hosts = *\ntls_certificate = %s\ntls_privatekey = %s\n"
                    "host_lookup =\nrfc1413_query_timeout = 0s\nsmtputf8_advertise_hosts =\n"
                    "deliver_drop_privilege = true\nacl_smtp_rcpt = recipient\nbegin acl\n"
                    "recipient:\n%s"
                    "  defer local_parts = later\n  deny local_parts = nobody\n  accept\n"
                    "begin routers\nall:\n  driver = accept\n  transport = box\n"
                    "begin transports\nbox:\n  driver = appendfile\n  user = %d\n  group = %d\n  "
                    "directory = %s/box\n"
                    "  maildir_format\n  create_directory\n"
                    "begin authenticators\nplain:\n  driver = plaintext\n  public_name = PLAIN\n"
                    "  server_prompts = :\n  server_advertise_condition = ${if def:tls_in_cipher}\n"
                    "  server_condition = ${if and{{eq{$auth2}{" MAIL_SERVER_USER
                    "}}{eq{$auth3}{" MAIL_SERVER_PASSWORD "}}}}\n",
                    user, group, stack_path("mail/spool"), stack_path("mail/spool"),
                    stack_path("mail"), mail_server_certificate(), stack_path("mail/server.key"),
                    login ? "  deny !authenticated = *\n" : "", user, group, stack_path("mail")),
               0644);
}

static void make_directory(const char *path)
{
    cr_assert(mkdir(path, 0755) == 0 || errno == EEXIST, "%s: %s", path, strerror(errno));
    if (geteuid() == 0)
        cr_assert_eq(chown(path, NOBODY, NOBODY), 0);
}

static void prepare(bool login)
{
    make_directory(stack_path("mail"));
    make_directory(stack_path("mail/spool"));
    if (access(mail_server_certificate(), F_OK)) {
        make_certificate("server");
        make_certificate("other");
        write_text(mail_server_password_file(), MAIL_SERVER_PASSWORD "\n", 0600);
    }
    write_configuration(login);
}

/* Process ---------------------------------------------------------------------------------------*/

static struct sockaddr_in address_of(int number)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)number),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int bind_anywhere(int *its_port)
{
    struct sockaddr_in address = address_of(0);
    socklen_t size = sizeof address;
    int bound = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(bind(bound, (struct sockaddr *)&address, sizeof address) == 0 &&
              getsockname(bound, (struct sockaddr *)&address, &size) == 0);
    *its_port = ntohs(address.sin_port);
    return bound;
}

int mail_server_free_port(void)
{
    int its_port;
    close(bind_anywhere(&its_port));
    return its_port;
}

int mail_server_silent(int *its_port)
{
    int listener = bind_anywhere(its_port);
    cr_assert_eq(listen(listener, 16), 0);
    return listener;
}

static bool listens(const void *unused)
{
    struct sockaddr_in address = address_of(port);
    int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected = connect(probe, (struct sockaddr *)&address, sizeof address) == 0;
    (void)unused;
    close(probe);
    return connected || !guard_alive(server);
}

void mail_server_start(const struct mail_server_options *options)
{
    static const char *const as_nobody[] = { "setpriv", "--reuid=65534", "--regid=65534",
                                             "--clear-groups" };
    port = options->port ? options->port : mail_server_free_port();
    prepare(options->login);
    const char *const command[] = { "exim4", "-C",  stack_path("mail/exim.conf"),
                                    "-bdf",  "-oX", text("127.0.0.1:%d", port) };
    struct process process = { .log = stack_path("exim.log") };
    size_t used = 0;
    for (size_t i = 0; geteuid() == 0 && i < sizeof as_nobody / sizeof as_nobody[0]; i++)
        process.arguments[used++] = as_nobody[i];
    for (size_t i = 0; i < sizeof command / sizeof command[0]; i++)
        process.arguments[used++] = command[i];
    server = process_start(&process);
    cr_assert(process_await(listens, NULL, READY_MS) && guard_alive(server),
              "no mail server: see exim.log, and whether exim4-daemon-light is installed");
}

void mail_server_stop(void)
{
    process_stop(server);
    server = -1;
}

/* Mail ------------------------------------------------------------------------------------------*/

int mail_server_count(void)
{
    glob_t found;
    int count = 0;
    if (glob(stack_path("mail/box/new/*"), 0, NULL, &found) == 0)
        count = (int)found.gl_pathc;
    globfree(&found);
    return count;
}

static bool has_mail(const void *unused)
{
    (void)unused;
    return mail_server_count() > 0;
}

const char *mail_server_take(void)
{
    static char content[MAIL_SIZE];
    glob_t found;
    cr_assert(process_await(has_mail, NULL, MAIL_MS), "no mail:\n%s", stack_log());
    cr_assert_eq(glob(stack_path("mail/box/new/*"), 0, NULL, &found), 0);
    cr_assert_eq(found.gl_pathc, 1, "%zu mails", found.gl_pathc);
    FILE *file = fopen(found.gl_pathv[0], "r");
    cr_assert_not_null(file);
    content[fread(content, 1, sizeof content - 1, file)] = '\0';
    fclose(file);
    unlink(found.gl_pathv[0]);
    globfree(&found);
    return text("%s", content);
}

static bool is_outbox_empty(const void *unused)
{
    (void)unused;
    return !strcmp(stack_sql("select count(*) from mail_outbox"), "0");
}

bool mail_server_await_outbox(void)
{
    return process_await(is_outbox_empty, NULL, MAIL_MS);
}

const char *mail_server_code(const char *mail)
{
    static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    const char *body = strstr(mail, "\n\n");
    for (const char *at = body ? body : ""; *at; at++)
        if (strspn(at, symbols) == 4 && at[4] == '-' && strspn(at + 5, symbols) == 4)
            return text("%.9s", at);
    cr_assert_fail("no code in: %s", mail);
    return "";
}
