/* client - what is known of where a request comes from, as the database may keep it. */
#ifndef AUTH_CLIENT_H
#define AUTH_CLIENT_H

#include "auth/auth.h"

enum { CLIENT_USER_AGENT_SIZE = 512 + 1 };

/* The address where it is a numeric one, else NULL. */
const char *client_address(const struct client *client);
/* The user agent in UTF-8, cut where it is too long; NULL where there is none. */
const char *client_user_agent(const struct client *client, char clean[CLIENT_USER_AGENT_SIZE]);

#endif
