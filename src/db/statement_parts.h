/* statement_parts - pieces of SQL that several statements are made of; for statements.c alone. */
#ifndef DB_STATEMENT_PARTS_H
#define DB_STATEMENT_PARTS_H

/* Names of roles and of their permissions, each once, in a stable order. */
#define ROLES_OF(user)                                                                             \
    "coalesce((select string_agg(role, ' ' order by role collate \"C\") from user_roles"           \
    " where user_id = " user "), '')"
#define PERMISSIONS_OF(user)                                                                       \
    "coalesce((select string_agg(distinct permission collate \"C\", ' '"                           \
    " order by permission collate \"C\") from user_roles ur join roles r on r.name = ur.role,"     \
    " unnest(r.permissions) permission where ur.user_id = " user "), '')"

/* The audit log's row of the change that the statement makes: a common table expression that takes
 * account, actor and session from `source`, and the client's address and request id from
 * parameters. */
#define AUDIT(source, event, user, actor, session, address, request)                               \
    "audited as (insert into audit (event, user_id, actor_id, session_id, address, request_id)"    \
    " select " event ", " user ", " actor ", " session ", " address "::text, " request "::text"    \
    " from " source ")"

/* The same of a change that an operator or an administrator makes: the first four parameters say
 * who (audit_actor_values). */
#define AUDIT_BY_ACTOR(source, event, user, session, detail)                                       \
    "audited as (insert into audit"                                                                \
    " (event, user_id, operator, actor_id, address, request_id, session_id, detail)"               \
    " select " event ", " user ", $1::text, $2::bigint, $3::text, $4::text, " session ", " detail  \
    "::text from " source ")"

/* The account that parameter 5 names, and whether it may go, as administrators do; parameter 6 says
 * whether the last one may. */
#define FOUND_FOR_LOSS                                                                             \
    "found as materialized (select id, account_verdict($2::bigint, id, '{}', not $6::boolean)"     \
    " as verdict from users where id = $5::bigint)"
#define IF_GOOD "(select id from found where verdict = 'good')"
#define OUTCOME                                                                                    \
    " select exists (select from found), exists (select from found where verdict = 'last'),"       \
    " exists (select from changed), exists (select from found where verdict = 'beyond')"

#define SESSION_IDLES(idle) "s.last_used_at <= now() - " idle "::bigint * interval '1 second'"

/* Of the accounts for which a condition on user_roles `ur` holds. */
#define PERMISSIONS_HELD(condition)                                                                \
    "select unnest(r.permissions) as permission from user_roles ur"                                \
    " join roles r on r.name = ur.role where " condition

/* clang-format off */
/* What an operator sees of an account `u`. */
#define ACCOUNT_COLUMNS(idle) \
    "u.id, u.email, u.name, " ROLES_OF("u.id") ", u.disabled_at is not null, " \
    ISO_TIME("u.created_at") ", " ISO_TIME("u.password_changed_at") ", " \
    "(select " ISO_TIME("max(s.created_at)") " from sessions s where s.user_id = u.id), " \
    "(select count(*) from sessions s where s.user_id = u.id and " SESSION_LIVES \
    " and not " SESSION_IDLES(idle) ")"
/* clang-format on */

#define SESSION_LIVES "s.ended_at is null and s.expires_at > now()"

/* The account and the session that the first two parameters name, where the session lives. */
#define CALLER                                                                                     \
    "caller as (select u.id, s.id as session, u.created_at, u.disabled_at is not null as disabled" \
    " from users u join sessions s on s.user_id = u.id"                                            \
    " where u.id = $1::bigint and s.id = $2::uuid and " SESSION_LIVES ")"

#define PERSONAL_INFO                                                                              \
    "i.date_of_birth, i.goals, i.therapy_focus, i.addiction_type, i.mood, i.contact_number"

#define ISO_TIME(time) "to_char(" time " at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"

#endif
