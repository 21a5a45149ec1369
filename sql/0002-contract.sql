-- What the rest of the contract keeps: the audit log, personal info, codes for a password reset, mail
-- that is to be sent, and what it takes to end and purge sessions.

create table audit (
    id         bigint generated always as identity primary key,
    at         timestamptz not null default now(),
    event      text not null check (event ~ '^[a-z_]{1,40}$'),
    user_id    bigint,
    actor_id   bigint,
    operator   text,
    session_id uuid,
    address    text,
    request_id text,
    detail     text
);
create index audit_user_id on audit (user_id, id);
create index audit_at on audit (at);
comment on table audit is 'append only: who did what to which account, when and from where; kept when the account is gone';
comment on column audit.event is 'login, login_failed, refresh_replayed, logout, password_changed, ...';
comment on column audit.user_id is 'whose account; null: none that we know';
comment on column audit.actor_id is 'the account that did it; null: nobody logged in, or the command line';
comment on column audit.operator is 'who used the command line; null: it was a request';
comment on column audit.request_id is 'as the log and X-Request-Id have it';
comment on column audit.detail is 'what changed, by name; never a secret or a personal datum';
grant select on audit to therappai_auth_worker;
grant insert (event, user_id, actor_id, operator, session_id, address, request_id, detail) on audit
    to therappai_auth_worker;

-- The worker may not delete from the log. It may have what is older than the retention removed, and
-- the youngest month never.
create function audit_purge(retention interval, most integer) returns bigint
language sql security definer set search_path = pg_catalog, pg_temp as $$
    with gone as (
        delete from public.audit where id in (
            select id from public.audit
            where at < now() - greatest(retention, interval '30 days') order by at limit most)
        returning 1)
    select count(*) from gone
$$;
revoke execute on function audit_purge(interval, integer) from public;
grant execute on function audit_purge(interval, integer) to therappai_auth_worker;

create table personal_info (
    user_id        bigint primary key references users on delete cascade,
    key_id         text not null,
    date_of_birth  bytea,
    goals          bytea,
    therapy_focus  bytea,
    addiction_type bytea,
    mood           bytea,
    contact_number bytea,
    updated_at     timestamptz not null default now()
);
create index personal_info_key_id on personal_info (key_id);
comment on table personal_info is 'health data: each column a nonce and a ciphertext, bound to the account and the column';
comment on column personal_info.key_id is 'of the data key that all columns of the row are encrypted with';
grant select, insert, update, delete on personal_info to therappai_auth_worker;

create table password_resets (
    user_id    bigint primary key references users on delete cascade,
    code       text not null,
    attempts   integer not null default 0,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null
);
comment on table password_resets is 'the one code of an account that is valid, from its sending to its use';
comment on column password_resets.code is 'keyed hash, in hexadecimal digits';
comment on column password_resets.attempts is 'wrong ones; past a few the code is dead';
create index password_resets_expires_at on password_resets (expires_at);
grant select, insert, update, delete on password_resets to therappai_auth_worker;

create table mail_outbox (
    id         bigint generated always as identity primary key,
    user_id    bigint not null references users on delete cascade,
    kind       text not null,
    created_at timestamptz not null default now(),
    due_at     timestamptz not null default now(),
    attempts   integer not null default 0,
    unique (user_id, kind)
);
create index mail_outbox_due_at on mail_outbox (due_at);
comment on table mail_outbox is 'mail that the housekeeper is to send; a code is made when it is sent and never stands here';
comment on column mail_outbox.kind is 'password_reset';
comment on column mail_outbox.due_at is 'not before; who takes it to send it sets it to when it may be tried again';
comment on column mail_outbox.attempts is 'begun ones';
grant select, insert, update, delete on mail_outbox to therappai_auth_worker;

-- What the rest of the endpoints does to accounts and sessions. What a role may do is changed at the
-- command line alone, by the owner.
grant insert (disabled_at), update (profile_pic, password_changed_at, disabled_at), delete on users
    to therappai_auth_worker;
create index users_profile_pic on users (profile_pic) where profile_pic is not null;
grant delete on user_roles to therappai_auth_worker;
create index user_roles_role on user_roles (role);
create index sessions_expires_at on sessions (expires_at);
create index sessions_ended_at on sessions (ended_at) where ended_at is not null;

-- A new password, and the end of all sessions but one. A function, because each of its statements sees
-- what was there when it began: the lock on the account is waited for first, so that no login with the
-- old password comes between.
create function password_set(account bigint, kept uuid, old_password text, new_password text)
returns boolean language plpgsql set search_path = public, pg_temp as $$
begin
    update users set password = new_password, password_changed_at = now()
    where id = account and password = coalesce(old_password, password);
    if not found then
        return false;
    end if;
    update sessions set ended_at = now(), end_reason = 'password'
    where user_id = account and ended_at is null and id is distinct from kept;
    delete from password_resets where user_id = account;
    delete from mail_outbox where user_id = account;
    return true;
end
$$;
revoke execute on function password_set(bigint, uuid, text, text) from public;
grant execute on function password_set(bigint, uuid, text, text) to therappai_auth_worker;

create view enabled_admins as
    select user_id from user_roles join users on id = user_id where role = 'admin' and disabled_at is null;

-- Whether an account may be changed, or made (null), with these roles: 'good', 'last' where it is the
-- only administrator who may log in and would be one no more, or 'beyond' where the one who does it
-- (null: an operator) lacks a permission that the account or the roles have, or users:write, or is the
-- account. A function, because each of its statements sees what was there when it began: whoever
-- changes rights waits for the lock, and then sees what the one before did.
create function account_verdict(actor bigint, account bigint, new_roles text[], loses_admin boolean)
returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare
    mine text[];
begin
    perform pg_advisory_xact_lock(7306085893296906);
    if actor is not null then
        select array_agg(permission) into mine
        from users u join user_roles ur on ur.user_id = u.id join roles r on r.name = ur.role,
             unnest(r.permissions) permission
        where u.id = actor and u.disabled_at is null;
        if actor = account or mine is null or not 'users:write' = any (mine)
           or exists (select from roles r, unnest(r.permissions) permission
                      where (r.name = any (new_roles)
                             or r.name in (select role from user_roles where user_id = account))
                        and permission <> all (mine)) then
            return 'beyond';
        end if;
    end if;
    if loses_admin and account in (select user_id from enabled_admins)
       and not exists (select from enabled_admins where user_id <> account) then
        return 'last';
    end if;
    return 'good';
end
$$;
revoke execute on function account_verdict(bigint, bigint, text[], boolean) from public;
grant execute on function account_verdict(bigint, bigint, text[], boolean) to therappai_auth_worker;
