/* browser - a headless Chromium, driven by chromedriver (W3C WebDriver), that reaches nothing but
 * this machine. Needs a stack, whose directory holds its profile. */
#ifndef SUPPORT_BROWSER_H
#define SUPPORT_BROWSER_H

#include "support/http_client.h"
#include <stdbool.h>

/* What is missing on this machine for it, or NULL. */
const char *browser_lacks(void);
/* One window with one tab. */
void browser_start(void);
/* For .fini, before stack_stop. */
void browser_stop(void);

/* Returns when the page has loaded. The same address again is a reload. */
void browser_open(const char *url);
const char *browser_address(void);
/* Another tab, which is now the one that is meant; its handle. */
const char *browser_new_tab(void);
void browser_tab(const char *handle);
const char *browser_current_tab(void);

/* Runs the body of an async function in the page, and gives what it returns, as JSON. What it
 * throws fails the test. */
json_object *browser_run(const char *script);
/* The same, for a text, a number or a truth value; as a text. */
const char *browser_say(const char *script);

/* The cookies that it would send to the page's address, HttpOnly ones too: an array. */
json_object *browser_cookies(void);

/* What the console said since the last call, and what was sent and came over the network: arrays of
 * {"level", "message"}. The message of the latter is JSON of the DevTools protocol. */
json_object *browser_console(void);
json_object *browser_network(void);

#endif
