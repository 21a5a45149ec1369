/* postman - see postman.h. */
#include "proc/postman.h"
#include "auth/keyset.h"
#include "auth/outbox.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mail_name.h"
#include "mail/mail_file.h"
#include "mail/message.h"
#include "mail/smtp.h"

/* What the mail server wants, and the text; read anew for each mail, so that they can be changed
 * without a restart. */
struct supplies {
    struct secret *password, *text;
};

static void clear(struct supplies *supplies)
{
    secret_free(supplies->password);
    secret_free(supplies->text);
}

static enum error fetch(const struct config *config, struct supplies *supplies)
{
    char message[MAIL_MESSAGE_SIZE];
    if (mail_file_password(config, &supplies->password, message) &&
        mail_file_template(config, &supplies->text, message))
        return ERROR_NONE;
    LOG(LOG_LEVEL_ERROR, "mail_not_ready", log_text("reason", message));
    return ERROR_UNAVAILABLE;
}

static enum smtp_outcome send(const struct config *config, const struct supplies *supplies,
                              const struct outbox_letter *letter, const struct secret *code,
                              struct smtp_report *report)
{
    const struct message message = { .from = config->mail_from,
                                     .to = letter->email,
                                     .subject = config->mail_subject,
                                     .date = clock_now(),
                                     .text = secret_reveal(supplies->text),
                                     .code = code,
                                     .minutes = config->reset_lifetime_s / 60 };
    struct buffer wire;
    enum smtp_outcome outcome = SMTP_REFUSED;
    *report = (struct smtp_report){ .reason = "the message cannot be written" };
    buffer_init(&wire, MESSAGE_SIZE_MAX);
    if (message_write(&message, &wire)) {
        const struct smtp_mail mail = { config->mail_from, letter->email, wire.data, wire.size };
        outcome = smtp_send(config, supplies->password, &mail, report);
    }
    buffer_clear(&wire);
    return outcome;
}

/* The mail stays where it is to be tried again. */
static enum error conclude(struct auth *auth, const struct outbox_letter *letter,
                           enum smtp_outcome outcome, const struct smtp_report *report)
{
    if (outcome == SMTP_SENT) {
        LOG(LOG_LEVEL_INFO, "mail_sent", log_integer("outbox", letter->id),
            log_integer("attempts", letter->attempts));
        return outbox_end(auth, letter, NULL);
    }
    bool given_up = outcome == SMTP_REFUSED || letter->last;
    LOG(given_up ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN, given_up ? "mail_given_up" : "mail_not_sent",
        log_integer("outbox", letter->id), log_integer("attempts", letter->attempts),
        log_text("reason", report->reason), log_integer("reply", report->reply));
    enum error error =
        given_up ? outbox_end(auth, letter, "password_reset_undelivered") : ERROR_NONE;
    return !error && outcome == SMTP_UNREACHABLE ? ERROR_UNAVAILABLE : error;
}

static enum error deliver(struct auth *auth, const struct outbox_letter *letter,
                          const struct supplies *supplies)
{
    struct secret *code = NULL;
    struct smtp_report report;
    enum error error = outbox_issue(auth, letter, &code);
    if (error)
        return error;
    if (!code)
        return outbox_end(auth, letter, NULL);
    enum smtp_outcome outcome = send(auth->config, supplies, letter, code, &report);
    secret_free(code);
    return conclude(auth, letter, outcome, &report);
}

/* An address that needs an extension (RFC 6531), or quotes, gets no mail. */
static enum error refuse(struct auth *auth, const struct outbox_letter *letter)
{
    static const struct smtp_report report = { "the address is not a plain one", 0 };
    return conclude(auth, letter, SMTP_REFUSED, &report);
}

enum error postman_deliver(struct auth *auth, int64_t *done)
{
    struct supplies supplies = { 0 };
    struct outbox_letter letter;
    bool taken = false;
    *done = 0;
    enum error error = fetch(auth->config, &supplies);
    if (!error)
        error = outbox_take(auth, &letter, &taken);
    if (!error && taken) {
        *done = 1;
        keyset_refresh(auth->keyset, false);
        error = mail_address_is_plain(letter.email) ? deliver(auth, &letter, &supplies)
                                                    : refuse(auth, &letter);
    }
    clear(&supplies);
    return error;
}
