/* statements - see statements.h. */
#include "db/statements.h"
#include "db/statement_parts.h"
#include <stddef.h>

static const struct statement_entry table[STATEMENT_COUNT] = {
    [STATEMENT_USER_CREATE] = {
        "user_create",
        "with new_user as ("
        " insert into users (email, email_key, name, password) values ($1, $2, $3, $4)"
        " returning id), new_role as ("
        " insert into user_roles (user_id, role) select id, 'user' from new_user), "
        AUDIT("new_user", "'sign_up'", "id", "null", "null", "$5", "$6")
        " select id from new_user",
        6, false,
    },
    [STATEMENT_USER_EXPORT] = {
        "user_export",
        "select id, email, name, password, " ROLES_OF("users.id") ", " ISO_TIME("created_at")
        ", disabled_at is not null from users where id > $1::bigint order by id limit 500",
        1, true,
    },
    [STATEMENT_USER_ADD] = {
        "user_add",
        "with wanted as ("
        " select distinct role from unnest(string_to_array($10::text, ' ')) role), new_user as ("
        " insert into users (email, email_key, name, password, disabled_at)"
        " select $6::text, $7::text, $8::text, $9::text, case when $11::boolean then now() end"
        " where not exists (select from wanted where role not in (select name from roles))"
        " and account_verdict($2::bigint, null, string_to_array($10::text, ' '), false) = 'good'"
        " returning id), new_roles as ("
        " insert into user_roles (user_id, role) select id, role from new_user, wanted), "
        AUDIT_BY_ACTOR("new_user", "$5::text", "id", "null", "nullif($10::text, '')")
        " select id from new_user",
        11, false,
    },
    [STATEMENT_USER_LOOK_UP] = {
        "user_look_up",
        "select " ACCOUNT_COLUMNS("$3") " from users u"
        " where u.id = $1::bigint or u.email_key = $2::text",
        3, true,
    },
    [STATEMENT_USER_LIST] = {
        "user_list",
        "select " ACCOUNT_COLUMNS("$5") " from users u where u.id > $6::bigint"
        " and ($1::text is null and $2::text is null or position($1::text in u.email_key) > 0"
        " or position(lower($2::text) in lower(u.name)) > 0)"
        " and ($3::text is null"
        " or exists (select from user_roles r where r.user_id = u.id and r.role = $3::text))"
        " and ($4::boolean is null or $4::boolean = (u.disabled_at is not null))"
        " order by u.id limit $7::bigint",
        7, true,
    },
    [STATEMENT_USER_SET_PASSWORD] = {
        "user_set_password",
        "with changed as materialized (select u.id from users u where u.id = $5::bigint"
        " and password_set(u.id, null, null, $6::text)), "
        AUDIT_BY_ACTOR("changed", "'password_set'", "id", "null", "null")
        " select exists (select from changed), false, exists (select from changed), false",
        6, false,
    },
    /* A login that was under way when the account was disabled may have opened a session that is
     * not seen here. Nobody can use it, and it ends when the account is enabled. */
    [STATEMENT_USER_SET_DISABLED] = {
        "user_set_disabled",
        "with " FOUND_FOR_LOSS ", changed as ("
        " update users set disabled_at = case when $7::boolean then now() end"
        " where id = " IF_GOOD " and (disabled_at is not null) <> $7::boolean returning id), ended as ("
        " update sessions set ended_at = now(), end_reason = 'disabled'"
        " where user_id = (select id from changed) and ended_at is null), "
        AUDIT_BY_ACTOR("changed",
                       "case when $7::boolean then 'account_disabled' else 'account_enabled' end",
                       "id", "null", "null")
        OUTCOME,
        7, true,
    },
    [STATEMENT_USER_GIVE_ROLE] = {
        "user_give_role",
        "with found as materialized (select u.id, r.name,"
        " account_verdict($2::bigint, u.id, array[r.name], false) as verdict from users u, roles r"
        " where u.id = $5::bigint and r.name = $6::text), changed as ("
        " insert into user_roles (user_id, role) select id, name from found where verdict = 'good'"
        " on conflict do nothing returning user_id), "
        AUDIT_BY_ACTOR("changed", "'role_given'", "user_id", "null", "$6")
        OUTCOME,
        6, true,
    },
    [STATEMENT_USER_TAKE_ROLE] = {
        "user_take_role",
        "with found as materialized (select u.id, account_verdict($2::bigint, u.id, '{}',"
        " not $6::boolean and r.name = 'admin') as verdict from users u, roles r"
        " where u.id = $5::bigint and r.name = $7::text), changed as ("
        " delete from user_roles where user_id = " IF_GOOD
        " and role = $7::text returning user_id), "
        AUDIT_BY_ACTOR("changed", "'role_taken'", "user_id", "null", "$7")
        OUTCOME,
        7, true,
    },
    [STATEMENT_USER_DELETE] = {
        "user_delete",
        "with " FOUND_FOR_LOSS ", changed as (delete from users"
        " where id = " IF_GOOD " returning id), "
        AUDIT_BY_ACTOR("changed", "'account_deleted'", "id", "null", "null")
        OUTCOME,
        6, false,
    },
    [STATEMENT_USER_CHANGE] = {
        "user_change",
        "with wanted as (select unnest(string_to_array($8::text, ' ')) as role), "
        "found as materialized (select id, name as old_name, disabled_at is not null as was_disabled,"
        " account_verdict($2::bigint, id, array(select role from wanted), coalesce($7::boolean, false)"
        " or ($8::text is not null and 'admin' not in (select role from wanted))) as verdict"
        " from users where id = $5::bigint),"
        " changed as (update users u set name = coalesce($6::text, u.name), disabled_at ="
        " case when $7::boolean is null or $7::boolean = found.was_disabled then u.disabled_at"
        " when $7::boolean then now() end from found where u.id = found.id and verdict = 'good'"
        " returning u.id, u.name, found.old_name, found.was_disabled), ended as ("
        " update sessions set ended_at = now(), end_reason = 'disabled' where ended_at is null"
        " and user_id = (select id from changed where was_disabled <> $7::boolean)), taken as ("
        " delete from user_roles where $8::text is not null and user_id = (select id from changed)"
        " and role not in (select role from wanted) returning user_id, role), given as ("
        " insert into user_roles (user_id, role) select id, role from changed, wanted"
        " on conflict do nothing returning user_id, role), events as ("
        " select id, case when $7::boolean then 'account_disabled' else 'account_enabled' end as event,"
        " null as role from changed where was_disabled <> $7::boolean"
        " union all select id, 'account_renamed', null from changed where name <> old_name"
        " union all select user_id, 'role_taken', role from taken"
        " union all select user_id, 'role_given', role from given), "
        AUDIT_BY_ACTOR("events", "event", "id", "null", "role")
        OUTCOME,
        8, false,
    },
    [STATEMENT_ADMIN_CHECK] = {
        "admin_check",
        "with " CALLER ", mine as (" PERMISSIONS_HELD("ur.user_id = $1::bigint") ")"
        " select caller.disabled, $3::text in (select permission from mine),"
        " $4::bigint is null or exists (select from users where id = $4::bigint),"
        " not exists (" PERMISSIONS_HELD("ur.user_id = $4::bigint") " except select permission from mine),"
        " not exists (select unnest(string_to_array($5::text, ' ')) except select name from roles),"
        " not exists (select unnest(r.permissions) from roles r"
        " where r.name = any (string_to_array($5::text, ' ')) except select permission from mine)"
        " from caller",
        5, true,
    },
    [STATEMENT_USER_SESSIONS] = {
        "user_sessions",
        "select s.id, " ISO_TIME("s.created_at") ", " ISO_TIME("s.last_used_at") ", "
        ISO_TIME("least(s.expires_at, s.last_used_at + $2::bigint * interval '1 second')")
        ", s.address, s.user_agent from sessions s where s.user_id = $1::bigint and "
        SESSION_LIVES " and not " SESSION_IDLES("$2") " order by s.last_used_at desc, s.id limit 1000",
        2, true,
    },
    [STATEMENT_USER_END_SESSIONS] = {
        "user_end_sessions",
        "with ended as (update sessions s set ended_at = now(), end_reason = 'operator'"
        " where (s.id = $5::uuid or s.user_id = $6::bigint) and " SESSION_LIVES
        " returning s.id, s.user_id), "
        AUDIT_BY_ACTOR("ended", "'session_ended'", "user_id", "id", "null")
        " select count(*) from ended",
        6, true,
    },
    [STATEMENT_ROLE_LIST] = {
        "role_list",
        "select r.name, array_to_string(r.permissions, ' '),"
        " (select count(*) from user_roles u where u.role = r.name) from roles r"
        " order by r.name collate \"C\"",
        0, true,
    },
    [STATEMENT_ROLE_SET] = {
        "role_set",
        "with changed as (insert into roles as r (name, permissions)"
        " values ($5::text, string_to_array($6::text, ' ')) on conflict (name)"
        " do update set permissions = excluded.permissions returning xmax = 0 as new), "
        AUDIT_BY_ACTOR("changed", "'role_set'", "null::bigint", "null::uuid",
                       "$5::text || ': ' || $6")
        " select new from changed",
        6, true,
    },
    [STATEMENT_ROLE_DELETE] = {
        "role_delete",
        "with changed as (delete from roles r where r.name = $5::text"
        " and not exists (select from user_roles u where u.role = r.name) returning name), "
        AUDIT_BY_ACTOR("changed", "'role_deleted'", "null::bigint", "null::uuid", "name")
        " select exists (select from roles where name = $5::text), exists (select from changed)",
        5, true,
    },
    [STATEMENT_AUDIT_LIST] = {
        "audit_list",
        "select " ISO_TIME("at") ", event, user_id, actor_id, operator, session_id, address,"
        " request_id, detail, id from audit where ($1::bigint is null or user_id = $1::bigint)"
        " and ($2::text is null or event = $2::text)"
        " and ($3::bigint is null or at > now() - $3::bigint * interval '1 second')"
        " and ($5::bigint is null or id < $5::bigint) order by id desc limit $4::bigint",
        5, true,
    },
    [STATEMENT_USER_FOR_LOGIN] = {
        "user_for_login",
        "select id, password, disabled_at is not null, " ROLES_OF("users.id") ", "
        PERMISSIONS_OF("users.id") " from users where email_key = $1",
        1, true,
    },
    [STATEMENT_PROFILE_READ] = {
        "profile_read",
        "select u.id, u.email, u.name, u.profile_pic, u.disabled_at is not null"
        " from users u join sessions s on s.user_id = u.id"
        " where u.id = $1::bigint and s.id = $2::uuid and " SESSION_LIVES,
        2, true,
    },
    [STATEMENT_PROFILE_RENAME] = {
        "profile_rename",
        "with target as (select u.id from users u join sessions s on s.user_id = u.id"
        " where u.id = $1::bigint and s.id = $2::uuid and " SESSION_LIVES "), changed as ("
        " update users set name = $3::text where id = (select id from target) and disabled_at is null"
        " returning id, email, name, profile_pic, false as disabled)"
        " select id, email, name, profile_pic, disabled from changed union all"
        " select u.id, u.email, u.name, u.profile_pic, true from users u"
        " where u.id = (select id from target) and u.disabled_at is not null",
        3, true, /* the same name twice is the same name */
    },
    /* The lock makes two that change the picture wait for each other, so that each is told the one
     * that it replaced. */
    [STATEMENT_PROFILE_PICTURE] = {
        "profile_picture",
        "with target as (select u.id, u.profile_pic as replaced"
        " from users u join sessions s on s.user_id = u.id"
        " where u.id = $1::bigint and s.id = $2::uuid and " SESSION_LIVES
        " for no key update of u), changed as ("
        " update users u set name = coalesce($3::text, u.name), profile_pic = $4::text from target"
        " where u.id = target.id and u.disabled_at is null"
        " returning u.id, u.email, u.name, u.profile_pic, target.replaced), "
        AUDIT("changed", "'picture_changed'", "id", "id", "$2::uuid", "$5", "$6")
        " select id, email, name, profile_pic, false, replaced from changed union all"
        " select u.id, u.email, u.name, u.profile_pic, true, null from users u"
        " where u.id = (select id from target) and u.disabled_at is not null",
        6, true, /* the second time the picture replaces itself */
    },
    [STATEMENT_PICTURE_ORPHANS] = {
        "picture_orphans",
        "select file from unnest($1::text[]) file"
        " where not exists (select from users u where u.profile_pic = file)",
        1, true,
    },
    /* The lock on the account makes this and a change of the password, or the end of the account,
     * wait for each other; what is selected after the wait is the account as it is then. */
    [STATEMENT_SESSION_CREATE] = {
        "session_create",
        "with account as ("
        " select id, disabled_at is not null as disabled from users"
        " where id = $2::bigint and password = $7::text for no key update), rehashed as ("
        " update users set password = $6::text"
        " where $6::text is not null and id = (select id from account where not disabled)),"
        " created as ("
        " insert into sessions (id, user_id, expires_at, address, user_agent)"
        " select $1::uuid, id, now() + $3::bigint * interval '1 second', $4::text, $5::text"
        " from account where not disabled returning id, user_id), "
        AUDIT("created", "'login'", "user_id", "user_id", "id", "$4", "$8")
        " select disabled, " ROLES_OF("account.id") ", " PERMISSIONS_OF("account.id")
        " from account",
        8, false,
    },
    /* One statement, so that nothing comes between looking and moving. Of calls that race, all see
     * the generation that was before any of them moved it, so that none is taken for a replay; the
     * update of each waits for the one before it, and looks again at the row as that one left it
     * (READ COMMITTED), so that a generation moves up alone, and once. It writes only where the
     * generation or the coarse time of the last use must move: a client that never uses its
     * successor costs a write a minute at most. A commit that is lost in a crash does no harm,
     * because the token proves its generation; `setting` is part of the update's join so that it
     * takes effect before there is anything to commit, and only then.
     * Not repeatable: under strict rotation the second time would look like a replay. */
    [STATEMENT_SESSION_REFRESH] = {
        "session_refresh",
        "with setting as materialized ("
        " select set_config('synchronous_commit', 'off', true) as value), found as ("
        " select s.id, s.user_id, s.generation, s.expires_at, u.disabled_at is not null as disabled, "
        SESSION_LIVES
        " and s.last_used_at > now() - $4::bigint * interval '1 second' as alive"
        " from sessions s join users u on u.id = s.user_id where s.id = $1::uuid), moved as ("
        " update sessions s set generation = greatest(s.generation, $3::integer),"
        " last_used_at = now() from found, setting where s.id = found.id and found.alive"
        " and not found.disabled and setting.value is not null and " SESSION_LIVES
        " and s.generation <= $2::integer"
        " and (s.generation < $3::integer or s.last_used_at < now() - interval '1 minute')"
        " returning true)"
        " select user_id, alive, disabled, generation,"
        " generation < $3::integer and exists (select from moved), "
        ROLES_OF("found.user_id") ", " PERMISSIONS_OF("found.user_id")
        ", floor(extract(epoch from least(expires_at, now() + interval '10 years') - now()))::bigint"
        " from found",
        4, false,
    },
    [STATEMENT_SESSION_END] = {
        "session_end",
        "with ended as (update sessions set ended_at = now(), end_reason = $3::text"
        " where id = $1::uuid and ($2::bigint is null or user_id = $2::bigint) and ended_at is null"
        " returning id, user_id), "
        AUDIT("ended", "$4::text", "user_id", "case $3::text when 'logout' then user_id end", "id",
              "$5", "$6")
        " select count(*) from ended",
        6, true,
    },
    [STATEMENT_SESSION_LIST] = {
        "session_list",
        "with " CALLER " select caller.disabled, s.id, " ISO_TIME("s.created_at") ", "
        ISO_TIME("s.last_used_at") ", "
        ISO_TIME("least(s.expires_at, s.last_used_at + $3::bigint * interval '1 second')")
        ", s.address, s.user_agent, s.id = caller.session"
        " from caller join sessions s on s.user_id = caller.id where " SESSION_LIVES
        " and (s.id = caller.session or s.last_used_at > now() - $3::bigint * interval '1 second')"
        " order by s.last_used_at desc, s.id limit 1000",
        3, true,
    },
    [STATEMENT_SESSION_END_OWN] = {
        "session_end_own",
        "with " CALLER ", ended as ("
        " update sessions s set ended_at = now(), end_reason = 'ended'"
        " where s.user_id = (select id from caller where not disabled)"
        " and ($3::uuid is null or s.id = $3::uuid) and " SESSION_LIVES " returning s.id, s.user_id), "
        AUDIT("ended", "'session_ended'", "user_id", "user_id", "id", "$4", "$5")
        " select disabled, (select count(*) from ended) from caller",
        5, false,
    },
    [STATEMENT_PASSWORD_READ] = {
        "password_read",
        "with " CALLER " select caller.disabled, u.password from caller join users u using (id)",
        2, true,
    },
    [STATEMENT_PASSWORD_CHANGE] = {
        "password_change",
        "with " CALLER ", changed as materialized (select id, session from caller"
        " where not disabled and password_set(id, session, $3::text, $6::text)), "
        AUDIT("changed", "'password_changed'", "id", "id", "session", "$4", "$5")
        " select count(*) from changed",
        6, false,
    },
    [STATEMENT_ACCOUNT_DELETE] = {
        "account_delete",
        "with " CALLER ", gone as (delete from users"
        " where id = (select id from caller where not disabled) and password = $3::text"
        " returning id, profile_pic), "
        AUDIT("gone", "'account_deleted'", "id", "id", "$2::uuid", "$4", "$5")
        " select count(*), max(profile_pic) from gone",
        5, false,
    },
    /* One that is not durable at once can be asked for again; and so an account costs hardly more
     * than none. */
    [STATEMENT_RESET_REQUEST] = {
        "reset_request",
        "with setting as materialized ("
        " select set_config('synchronous_commit', 'off', true) as value), account as ("
        " select id, disabled_at is not null as disabled from users"
        " where id = $5::bigint or email_key = $6::text), queued as ("
        " insert into mail_outbox (user_id, kind) select a.id, 'password_reset'"
        " from account a, setting where setting.value is not null and not a.disabled"
        " and not exists (select from password_resets r where r.user_id = a.id"
        " and r.created_at > now() - $7::bigint * interval '1 second')"
        " on conflict (user_id, kind) do nothing returning user_id), "
        AUDIT_BY_ACTOR("queued", "'password_reset_requested'", "user_id", "null::uuid", "null")
        " select exists (select from account), coalesce((select disabled from account), false),"
        " exists (select from queued)",
        7, false,
    },
    /* Right or wrong, an attempt takes the row's lock and looks at the row as the one before it left
     * it (READ COMMITTED), so that no more are compared than may be, however many come at once. What
     * is compared are MACs under a key of ours, of which the time that it takes tells nothing.
     * `turn` makes attempts for one address wait for each other also where there is no code. */
    [STATEMENT_RESET_TRY] = {
        "reset_try",
        "with turn as materialized ("
        " select pg_advisory_xact_lock(hashtextextended($1::text, 0))), account as ("
        " select id, disabled_at is not null as disabled from users where email_key = $1::text),"
        " tried as (update password_resets r set attempts ="
        " r.attempts + case when r.code = any (string_to_array($2::text, ' ')) then 0 else 1 end"
        " from account a where r.user_id = a.id and not a.disabled"
        " and r.attempts < $3::integer and r.expires_at > now()"
        " returning r.code = any (string_to_array($2::text, ' ')) as good), outcome as ("
        " select (select id from account) as id, coalesce((select good from tried), false) as good"
        " from turn), "
        AUDIT("outcome where not good", "'password_reset_failed'", "id", "null", "null::uuid",
              "$4", "$5")
        " select good from outcome",
        5, false,
    },
    /* The account is locked first, as password_set does. Of two at once the second finds the code
     * gone. */
    [STATEMENT_RESET_CONFIRM] = {
        "reset_confirm",
        "with account as materialized (select id from users"
        " where email_key = $1::text and disabled_at is null for no key update), used as ("
        " delete from password_resets r using account a where r.user_id = a.id"
        " and r.code = any (string_to_array($2::text, ' '))"
        " and r.attempts < $3::integer and r.expires_at > now() returning r.user_id),"
        " changed as materialized (select user_id from used"
        " where password_set(user_id, null, null, $4::text)), outcome as ("
        " select (select id from account) as id, exists (select from changed) as done), "
        AUDIT("outcome",
              "case when done then 'password_reset' else 'password_reset_failed' end", "id",
              "null", "null::uuid", "$5", "$6")
        " select done from outcome",
        6, false,
    },
    [STATEMENT_RESET_PURGE] = {
        "reset_purge",
        "with over as (select user_id from password_resets"
        " where expires_at < now() - interval '1 day' limit 1000 for update skip locked), gone as ("
        " delete from password_resets where user_id in (select user_id from over) returning 1)"
        " select count(*) from gone",
        0, true,
    },
    /* Who takes a mail has it until it is due again: after a minute, then two, then four, up to an
     * hour. So a housekeeper that dies, or is one of several, sends it twice at most. */
    [STATEMENT_OUTBOX_TAKE] = {
        "outbox_take",
        "with due as (select id from mail_outbox where due_at <= now() order by due_at limit 1"
        " for update skip locked), taken as ("
        " update mail_outbox o set attempts = o.attempts + 1,"
        " due_at = now() + least(60 * 2 ^ least(o.attempts, 6), 3600) * interval '1 second'"
        " from due where o.id = due.id returning o.*)"
        " select t.id, t.attempts, t.due_at > t.created_at + $1::bigint * interval '1 second',"
        " u.email, u.email_key from taken t join users u on u.id = t.user_id",
        1, false,
    },
    /* The account is locked first, as password_set does: where the password was changed meanwhile,
     * the mail is gone. */
    [STATEMENT_OUTBOX_ISSUE] = {
        "outbox_issue",
        "with account as materialized (select u.id from users u"
        " where u.id = (select user_id from mail_outbox where id = $1::bigint)"
        " and u.disabled_at is null for no key update), wanted as materialized ("
        " select o.user_id from mail_outbox o join account a on a.id = o.user_id"
        " where o.id = $1::bigint and o.attempts = $2::integer for update of o), issued as ("
        " insert into password_resets as r (user_id, code, expires_at)"
        " select user_id, $3::text, now() + $4::bigint * interval '1 second' from wanted"
        " on conflict (user_id) do update set code = excluded.code, attempts = 0,"
        " created_at = now(), expires_at = excluded.expires_at returning 1)"
        " select count(*) from issued",
        4, true,
    },
    [STATEMENT_OUTBOX_END] = {
        "outbox_end",
        "with gone as (delete from mail_outbox where id = $1::bigint and attempts = $2::integer"
        " returning user_id), "
        AUDIT("gone where $3::text is not null", "$3::text", "user_id", "null", "null::uuid",
              "null", "null")
        " select",
        3, true,
    },
    [STATEMENT_ACCOUNT_HISTORY] = {
        "account_history",
        "with " CALLER " select caller.disabled, " ISO_TIME("caller.created_at") ", a.event, "
        ISO_TIME("a.at") ", a.address from caller left join audit a on a.user_id = caller.id"
        " order by a.id desc limit 1000",
        2, true,
    },
    [STATEMENT_PERSONAL_INFO_READ] = {
        "personal_info_read",
        "with " CALLER " select caller.disabled, i.key_id, " PERSONAL_INFO
        " from caller left join personal_info i on i.user_id = caller.id and not caller.disabled",
        2, true,
    },
    [STATEMENT_PERSONAL_INFO_WRITE] = {
        "personal_info_write",
        "with " CALLER ", changed as (insert into personal_info as i"
        " (user_id, key_id, date_of_birth, goals, therapy_focus, addiction_type, mood, contact_number)"
        " select id, $5::text, $6::bytea, $7::bytea, $8::bytea, $9::bytea, $10::bytea, $11::bytea"
        " from caller where not disabled on conflict (user_id) do update set key_id = $5::text,"
        " date_of_birth = $6::bytea, goals = $7::bytea, therapy_focus = $8::bytea,"
        " addiction_type = $9::bytea, mood = $10::bytea, contact_number = $11::bytea,"
        " updated_at = now() returning user_id), "
        AUDIT("changed", "'personal_info_changed'", "user_id", "user_id", "$2::uuid", "$3", "$4")
        " select disabled from caller",
        11, false,
    },
    [STATEMENT_PERSONAL_INFO_COUNT] = {
        "personal_info_count",
        "select count(*) filter (where key_id = $1::text),"
        " count(*) filter (where key_id <> $1::text) from personal_info",
        1, true,
    },
    [STATEMENT_PERSONAL_INFO_KEYS] = {
        "personal_info_keys",
        "select key_id, count(*) from personal_info group by key_id order by key_id",
        0, true,
    },
    [STATEMENT_PERSONAL_INFO_OLD] = {
        "personal_info_old",
        "select i.user_id, i.xmin::text, i.key_id, " PERSONAL_INFO " from personal_info i"
        " where i.key_id <> $1::text and i.user_id > $2::bigint order by i.user_id limit 100",
        2, true,
    },
    [STATEMENT_PERSONAL_INFO_RENEW] = {
        "personal_info_renew",
        "update personal_info set key_id = $3::text, date_of_birth = $4::bytea, goals = $5::bytea,"
        " therapy_focus = $6::bytea, addiction_type = $7::bytea, mood = $8::bytea,"
        " contact_number = $9::bytea where user_id = $1::bigint and xmin::text = $2::text",
        9, true,
    },
    [STATEMENT_TOKEN_INTROSPECT] = {
        "token_introspect",
        "with " CALLER ", found as ("
        " select s.*, least(s.expires_at, s.last_used_at + $4::bigint * interval '1 second') as ends"
        " from sessions s join users u on u.id = s.user_id"
        " where s.id = $3::uuid and u.disabled_at is null and " SESSION_LIVES ")"
        " select caller.disabled, found.user_id, found.ends <= now(), found.generation,"
        " floor(extract(epoch from found.created_at))::bigint,"
        " floor(extract(epoch from found.ends))::bigint, " PERMISSIONS_OF("found.user_id")
        " from caller left join found on true",
        4, true,
    },
    [STATEMENT_AUDIT_WRITE] = {
        "audit_write",
        "insert into audit (event, user_id, actor_id, session_id, address, request_id, detail)"
        " values ($1::text, $2::bigint, $3::bigint, $4::uuid, $5::text, $6::text, $7::text)",
        7, false,
    },
    [STATEMENT_AUDIT_OPERATION] = {
        "audit_operation",
        "insert into audit (event, operator) values ($1::text, $2::text)",
        2, false,
    },
    [STATEMENT_AUDIT_PURGE] = {
        "audit_purge",
        "select audit_purge($1::bigint * interval '1 second', 1000)",
        1, true,
    },
    [STATEMENT_SCHEMA_VERSION] = {
        "schema_version", "select coalesce(max(number), 0) from schema_migrations", 0, true,
    },
    [STATEMENT_CONNECTION_LOOK] = {
        "connection_look",
        "select current_user, (select rolsuper from pg_roles where rolname = current_user)"
        " or has_schema_privilege('public', 'create'),"
        " floor(extract(epoch from clock_timestamp()) * 1000)::bigint",
        0, true,
    },
    [STATEMENT_SESSION_PURGE] = {
        "session_purge",
        "with ended as (select id from sessions where ended_at < now() - interval '30 days'"
        " limit 1000 for update skip locked), expired as (select id from sessions"
        " where ended_at is null and expires_at < now() - interval '30 days'"
        " limit 1000 for update skip locked), gone as (delete from sessions"
        " where id in (select id from ended union all select id from expired) returning 1)"
        " select count(*) from gone",
        0, true,
    },
};

const struct statement_entry *statement_entry(enum statement statement)
{
    return &table[statement];
}
