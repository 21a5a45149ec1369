/* docs - GET /docs/: the interface, described for people. A page of our own that shows
 * /openapi.json; it asks nobody else for anything. */
#include "api/handlers.h"
#include "http/etag.h"

/* The files of api/docs/, as bytes (Makefile.am). */
static const unsigned char script[] = {
#include "api/docs/script.inc"
};
static const unsigned char style[] = {
#include "api/docs/style.inc"
};

enum { PAGE_MAX = 4096 };

/* base_path has nothing in it that would need an escape (options.c). Addresses are absolute,
 * because the page may be opened with its last slash and without. */
static const char page_format[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<title>therappai-auth</title>\n"
    "<link rel=\"icon\" href=\"data:,\">\n"
    "<link rel=\"stylesheet\" href=\"%s/docs/style.css\">\n"
    "<script src=\"%s/docs/script.js\" defer></script>\n"
    "</head>\n"
    "<body data-document=\"%s/openapi.json\">\n"
    "<main><p>Loading …</p></main>\n"
    "<noscript><p>This page needs JavaScript. <a href=\"%s/openapi.json\">The description for\n"
    "programs</a> says the same.</p></noscript>\n"
    "</body>\n"
    "</html>\n";

static enum error answer(struct exchange *exchange, const char *content_type, const void *bytes,
                         size_t size)
{
    response_bytes(&exchange->response, STATUS_OK, content_type, bytes, size);
    etag_answer(exchange->request, &exchange->response);
    return ERROR_NONE;
}

enum error docs_get(struct exchange *exchange)
{
    const char *base = exchange->config->base_path;
    struct buffer page;
    buffer_init(&page, PAGE_MAX);
    buffer_format(&page, page_format, base, base, base, base);
    response_header(&exchange->response, "Content-Security-Policy",
                    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
                    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    response_header(&exchange->response, "Referrer-Policy", "no-referrer");
    enum error error = answer(exchange, "text/html; charset=utf-8", page.data, page.size);
    buffer_clear(&page);
    return error;
}

enum error docs_script_get(struct exchange *exchange)
{
    return answer(exchange, "text/javascript; charset=utf-8", script, sizeof script);
}

enum error docs_style_get(struct exchange *exchange)
{
    return answer(exchange, "text/css; charset=utf-8", style, sizeof style);
}
