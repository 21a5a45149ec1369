/* statements - all SQL that workers run, by name; nowhere else is any. Columns and parameters stand
 * beside each statement. */
#ifndef DB_STATEMENTS_H
#define DB_STATEMENTS_H

#include <stdbool.h>

enum statement {
    STATEMENT_INVALID = 0,

    /* email, email key, name, password hash, address or null, request id or null → id. Gives the
       account the role `user`. ERROR_DUPLICATE: email taken. Audited. */
    STATEMENT_USER_CREATE,
    /* id → id, email, name, password hash, roles, created (ISO 8601), disabled of the next 500
       accounts by id */
    STATEMENT_USER_EXPORT,
    /* ACTOR is who makes the change: operator, account, address, request id, each or null.
       ACTOR, event, email, email key, name, password hash, roles, whether it is disabled → id. No
       row: there is no such role. ERROR_DUPLICATE: email taken. Audited. */
    STATEMENT_USER_ADD,
    /* id or null, email key or null, idle seconds → as USER_LIST */
    STATEMENT_USER_LOOK_UP,
    /* part of an email key or null, part of a name or null, role or null, disabled or null, idle
       seconds, id, number → id, email, name, roles, disabled, created, password changed, last login
       (ISO 8601), sessions that live, of so many accounts behind that id */
    STATEMENT_USER_LIST,
    /* Of these each says whether there is such an account (and role), whether it is the last
       administrator and therefore stays, whether anything changed, and whether it is beyond the
       rights of the actor and therefore stays. Audited where it changed.
       ACTOR, id, password hash; every session ends */
    STATEMENT_USER_SET_PASSWORD,
    /* ACTOR, id, whether the last administrator may go, disabled; every session ends */
    STATEMENT_USER_SET_DISABLED,
    /* ACTOR, id, role */
    STATEMENT_USER_GIVE_ROLE,
    /* ACTOR, id, whether the last administrator may go, role */
    STATEMENT_USER_TAKE_ROLE,
    /* ACTOR, id, whether the last administrator may go */
    STATEMENT_USER_DELETE,
    /* ACTOR, id, name or null, disabled or null, roles or null: what is null stays */
    STATEMENT_USER_CHANGE,
    /* user id, session id, permission, id of the account that it is about or null, roles or null →
       caller disabled, whether the caller has the permission, whether there is such an account,
       whether all permissions of that account are the caller's too, whether there are such roles,
       whether all permissions of theirs are the caller's too. No row: the caller's account or
       session is gone. */
    STATEMENT_ADMIN_CHECK,
    /* user id, idle seconds → of each session that lives: id, created, last used, expires (ISO
       8601), address, user agent */
    STATEMENT_USER_SESSIONS,
    /* ACTOR, session id or null, user id or null → number of sessions ended. Audited. */
    STATEMENT_USER_END_SESSIONS,
    /* → name, permissions, number of accounts of each role */
    STATEMENT_ROLE_LIST,
    /* For the owner. ACTOR, name, permissions → whether it is new. Audited. */
    STATEMENT_ROLE_SET,
    /* ACTOR, name → whether there is such a role, whether it is gone: one that accounts have
       stays. Audited. */
    STATEMENT_ROLE_DELETE,
    /* user id or null, event or null, seconds or null, number, id or null → at (ISO 8601), event,
       user, actor, operator, session, address, request id, detail, id of so many rows, of the last
       seconds, before that id, the newest first */
    STATEMENT_AUDIT_LIST,
    /* email key → id, password hash, disabled, roles, permissions (see USER columns below). No row:
       no such account. */
    STATEMENT_USER_FOR_LOGIN,
    /* user id, session id → id, email, name, profile_pic, disabled. No row: account or session
       gone. */
    STATEMENT_PROFILE_READ,
    /* user id, session id, name → as PROFILE_READ after the change */
    STATEMENT_PROFILE_RENAME,
    /* user id, session id, name or null for as it is, picture or null for none, address, request id
     * → as PROFILE_READ after the change, picture before. Audited. */
    STATEMENT_PROFILE_PICTURE,
    /* names, as an array → those that no account's picture has */
    STATEMENT_PICTURE_ORPHANS,

    /* session id, user id, lifetime in seconds, address or null, user agent or null, new password
     * hash or null, the hash that was verified, request id or null → disabled, roles, permissions.
     * One row, or none where the password was changed, or the account deleted, meanwhile. A
     * disabled account gets a row and no session. Audited. */
    STATEMENT_SESSION_CREATE,
    /* session id, generation presented, generation to set at least (the same for on-use and off,
     * one more for strict), idle seconds → user id, alive, disabled, generation before, advanced,
     * roles, permissions. `alive`: neither ended nor expired nor idle. `advanced`: this call moved
     * the generation. Where the presented generation is below the row's nothing is written. Commits
     * asynchronously. No row: unknown session. Not repeatable, because under
       strict rotation the second time is a replay. */
    STATEMENT_SESSION_REFRESH,
    /* session id, user id or null for any, reason, event for the audit log, address or null,
       request id or null → number of sessions ended; synchronous, repeatable, audited where one
       ended */
    STATEMENT_SESSION_END,

    /* user id, session id, idle seconds → disabled, then of each session that lives: id, created,
       last used, expires (ISO 8601), address, user agent, whether it is this one. No row: this one
       is over. */
    STATEMENT_SESSION_LIST,
    /* user id, session id, id of the session to end or null for all, address or null, request id or
       null → disabled, number ended. No row: this one is over. Audited. */
    STATEMENT_SESSION_END_OWN,

    /* user id, session id → disabled, password hash. No row: account or session gone. */
    STATEMENT_PASSWORD_READ,
    /* user id, session id, the hash that was verified, address or null, request id or null, new
       hash → 1, or 0 where the account's hash is another or the session is over. Audited. */
    STATEMENT_PASSWORD_CHANGE,
    /* user id, session id, the hash that was verified, address or null, request id or null → 1, or
       0 as above. Audited. */
    STATEMENT_ACCOUNT_DELETE,
    /* ACTOR, user id or null, email key or null, least seconds since the last code → whether there
       is such an account, whether it is disabled, whether a mail goes. Audited where it does.
       Commits asynchronously. */
    STATEMENT_RESET_REQUEST,
    /* email key, MACs of the code separated by spaces, most wrong attempts, address or null,
       request id or null → whether it is right. A wrong one is counted and audited. */
    STATEMENT_RESET_TRY,
    /* email key, MACs as above, most wrong attempts, new hash, address or null, request id or null
       → whether it is changed; every session ends. Audited, either way. */
    STATEMENT_RESET_CONFIRM,
    /* → number of codes removed (over for more than a day; at most 1,000 a call) */
    STATEMENT_RESET_PURGE,
    /* seconds until a mail is given up → id, attempts, whether it is the last one, email, email key
       of the mail that is due; it is due again later. No row: none. */
    STATEMENT_OUTBOX_TAKE,
    /* id, attempts, MAC of the code, its life in seconds → 1, or 0 where the mail is no longer
       wanted */
    STATEMENT_OUTBOX_ISSUE,
    /* id, attempts, event for the audit log or null → nothing. Removes it. */
    STATEMENT_OUTBOX_END,
    /* user id, session id → disabled, created, then event, at, address of each row of the audit
       log. No row: account or session gone. */
    STATEMENT_ACCOUNT_HISTORY,
    /* user id, session id → account disabled; and, null where nothing was told, key id, date of
       birth, goals, therapy focus, addiction type, mood, contact number (bytes). No row: account or
       session gone. */
    STATEMENT_PERSONAL_INFO_READ,
    /* user id, session id, address or null, request id or null, key id, and the six → account
       disabled (then nothing changed). No row: account or session gone. Audited. */
    STATEMENT_PERSONAL_INFO_WRITE,
    /* key id → number of accounts of that key, and of others */
    STATEMENT_PERSONAL_INFO_COUNT,
    /* → key id, number of its accounts */
    STATEMENT_PERSONAL_INFO_KEYS,
    /* key id, user id → of the next 100 behind that user whose key is another: user id, version of
       the row, key id, and the six */
    STATEMENT_PERSONAL_INFO_OLD,
    /* user id, version of the row, key id, and the six → nothing. Only where the row is that
       version still. */
    STATEMENT_PERSONAL_INFO_RENEW,

    /* caller's user id, caller's session id, session id of a token or null, idle seconds → caller
     * disabled; and, null where the session or its account is over: user id, idle for too long,
     * generation, created and the end if it is not used (seconds since 1970), permissions. No row:
     * the caller's account or session is gone. */
    STATEMENT_TOKEN_INTROSPECT,

    /* event, user id or null, actor's id or null, session id or null, address or null, request id
       or null, detail or null → nothing */
    STATEMENT_AUDIT_WRITE,
    /* event, operator → nothing */
    STATEMENT_AUDIT_OPERATION,
    /* retention in seconds → number of rows removed (at most 1,000 a call) */
    STATEMENT_AUDIT_PURGE,

    /* → the newest migration's number; for readyz */
    STATEMENT_SCHEMA_VERSION,
    /* → the role, whether it may make tables, milliseconds since 1970; for doctor */
    STATEMENT_CONNECTION_LOOK,
    /* → number of sessions removed (ended or expired for more than 30 days; at most 1,000 of each a
       call) */
    STATEMENT_SESSION_PURGE,

    STATEMENT_COUNT
};

struct statement_entry {
    const char *name; /* also the name of the prepared statement */
    const char *sql;
    int parameters;
    bool repeatable; /* a read, or a write that does no harm when it happens twice */
};

/* The table's row. */
const struct statement_entry *statement_entry(enum statement statement);

#endif
