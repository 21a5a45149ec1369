/* smtp - see smtp.h. */
#include "mail/smtp.h"
#include "base/mail_name.h"
#include <curl/curl.h>
#include <string.h>

bool smtp_start(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

void smtp_finish(void)
{
    curl_global_cleanup();
}

struct upload {
    const char *at;
    size_t left;
};

static size_t give(char *to, size_t size, size_t count, void *context)
{
    struct upload *upload = context;
    size_t most = size * count, used = upload->left < most ? upload->left : most;
    memcpy(to, upload->at, used);
    upload->at += used;
    upload->left -= used;
    return used;
}

/* smtps:// is TLS anyway. */
static curl_usessl tls_of(const struct config *config)
{
    if (config->mail_tls == MAIL_TLS_NEVER ||
        (config->mail_tls == MAIL_TLS_REMOTE && mail_server_is_local(config->mail_server)))
        return CURLUSESSL_NONE;
    return CURLUSESSL_ALL;
}

/* No proxy of the environment, no signals, no .netrc; certificate and name are verified. */
static bool set_connection(CURL *curl, const struct config *config)
{
    return !curl_easy_setopt(curl, CURLOPT_URL, config->mail_server) &&
           !curl_easy_setopt(curl, CURLOPT_PROXY, "") &&
           !curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) &&
           !curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)config->mail_timeout_ms) &&
           !curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)tls_of(config)) &&
           !curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
           !curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) &&
           !curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) &&
           (!*config->mail_ca_file ||
            !curl_easy_setopt(curl, CURLOPT_CAINFO, config->mail_ca_file));
}

static bool set_login(CURL *curl, const struct config *config, const struct secret *password)
{
    return !password || (!curl_easy_setopt(curl, CURLOPT_USERNAME, config->mail_user) &&
                         !curl_easy_setopt(curl, CURLOPT_PASSWORD, secret_reveal(password)));
}

static bool set_mail(CURL *curl, const struct smtp_mail *mail, const struct curl_slist *recipients,
                     struct upload *upload)
{
    return !curl_easy_setopt(curl, CURLOPT_MAIL_FROM, mail->from) &&
           !curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients) &&
           !curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L) &&
           !curl_easy_setopt(curl, CURLOPT_READFUNCTION, give) &&
           !curl_easy_setopt(curl, CURLOPT_READDATA, upload);
}

/* What went wrong, in libcurl's words, before the server heard of the mail: with the server, or
 * with what it is to know of us. */
static bool is_servers_fault(CURLcode code)
{
    static const CURLcode faults[] = {
        CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT,          CURLE_LOGIN_DENIED,
        CURLE_USE_SSL_FAILED,       CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR,
        CURLE_SSL_CACERT_BADFILE,   CURLE_SSL_CERTPROBLEM,          CURLE_URL_MALFORMAT,
        CURLE_FAILED_INIT,          CURLE_UNSUPPORTED_PROTOCOL,     CURLE_OUT_OF_MEMORY,
        CURLE_OPERATION_TIMEDOUT,
    };
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        if (code == faults[i])
            return true;
    return false;
}

static enum smtp_outcome outcome_of(CURLcode code, long reply)
{
    if (code == CURLE_OK)
        return SMTP_SENT;
    if (is_servers_fault(code))
        return SMTP_UNREACHABLE;
    return reply >= 500 && reply <= 599 ? SMTP_REFUSED : SMTP_POSTPONED;
}

enum smtp_outcome smtp_send(const struct config *config, const struct secret *password,
                            const struct smtp_mail *mail, struct smtp_report *report)
{
    struct upload upload = { mail->message, mail->size };
    struct curl_slist *recipients = curl_slist_append(NULL, mail->to);
    CURL *curl = curl_easy_init();
    CURLcode code = CURLE_FAILED_INIT;
    *report = (struct smtp_report){ 0 };
    if (curl && recipients && set_connection(curl, config) && set_login(curl, config, password) &&
        set_mail(curl, mail, recipients, &upload)) {
        code = curl_easy_perform(curl);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &report->reply);
    }
    report->reason = curl_easy_strerror(code);
    curl_easy_cleanup(curl);
    curl_slist_free_all(recipients);
    return outcome_of(code, report->reply);
}
