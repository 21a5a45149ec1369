/* password_reset - POST /password-reset/request/, /verify-otp/, /confirm/: a new password for who
 * has lost the old one. */
#include "api/handlers.h"
#include "auth/password.h"
#include "auth/reset.h"
#include "http/json.h"

/* Where no mail can be sent, there is no way to a new password. */
static bool is_offered(const struct exchange *exchange)
{
    return *exchange->config->mail_server != '\0';
}

struct proof {
    const char *email;
    size_t size;
    struct secret *code;
};

static void read_proof(struct exchange *exchange, struct proof *proof)
{
    json_text(exchange->body, "email", JSON_REQUIRED, &proof->email, &proof->size,
              &exchange->errors);
    json_secret(exchange->body, "otp", JSON_REQUIRED, &proof->code, &exchange->errors);
}

enum error reset_request_post(struct exchange *exchange)
{
    const char *email;
    size_t size;
    if (!is_offered(exchange))
        return ERROR_NOT_FOUND;
    if (!json_text(exchange->body, "email", JSON_REQUIRED, &email, &size, &exchange->errors))
        return ERROR_VALIDATION;
    enum error error = reset_request(exchange->auth, email, size, &exchange->client);
    if (!error)
        response_json(&exchange->response, STATUS_OK, json_object_new_object());
    return error;
}

enum error reset_verify_post(struct exchange *exchange)
{
    struct proof proof = { 0 };
    enum error error = ERROR_VALIDATION;
    if (!is_offered(exchange))
        return ERROR_NOT_FOUND;
    read_proof(exchange, &proof);
    if (!exchange->errors.count)
        error =
            reset_verify(exchange->auth, proof.email, proof.size, proof.code, &exchange->client);
    secret_free(proof.code);
    if (!error)
        response_json(&exchange->response, STATUS_OK, json_object_new_object());
    return error;
}

static void read_passwords(struct exchange *exchange, struct secret **wanted)
{
    struct secret *confirmation = NULL;
    struct field_errors *errors = &exchange->errors;
    if (json_secret(exchange->body, "new_password", JSON_REQUIRED, wanted, errors)) {
        const char *flaw = password_flaw(*wanted);
        if (flaw)
            field_errors_add(errors, "new_password", flaw);
    }
    if (json_secret(exchange->body, "confirm_password", JSON_REQUIRED, &confirmation, errors) &&
        *wanted && !secret_equal(*wanted, confirmation))
        field_errors_add(errors, "confirm_password", "This is not the same as the new password.");
    secret_free(confirmation);
}

enum error reset_confirm_post(struct exchange *exchange)
{
    struct proof proof = { 0 };
    struct secret *wanted = NULL;
    enum error error = ERROR_VALIDATION;
    if (!is_offered(exchange))
        return ERROR_NOT_FOUND;
    read_proof(exchange, &proof);
    read_passwords(exchange, &wanted);
    if (!exchange->errors.count)
        error = reset_confirm(exchange->auth, proof.email, proof.size, proof.code, wanted,
                              &exchange->client);
    secret_free(proof.code);
    secret_free(wanted);
    if (!error)
        response_status(&exchange->response, STATUS_NO_CONTENT);
    return error;
}
