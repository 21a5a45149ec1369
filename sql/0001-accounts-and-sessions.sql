-- Accounts, roles, and sessions: what it takes to sign up, log in and refresh.
-- The worker gets the rights that its statements need, column by column, and no others.

revoke all on schema public from public;
grant usage on schema public to therappai_auth_worker;

create table users (
    id                  bigint generated always as identity primary key,
    email               text not null,
    email_key           text not null unique,
    name                text not null,
    profile_pic         text,
    password            text not null,
    created_at          timestamptz not null default now(),
    password_changed_at timestamptz not null default now(),
    disabled_at         timestamptz
);
comment on table users is 'one row an account';
comment on column users.email is 'as its owner wrote it';
comment on column users.email_key is 'email in NFC and case folded: one account each, whatever the case';
comment on column users.profile_pic is 'null: none';
comment on column users.password is 'argon2id in PHC form, with its parameters';
comment on column users.password_changed_at is 'a re-hash of the same password is no change';
comment on column users.disabled_at is 'null: may log in';
grant select on users to therappai_auth_worker;
grant insert (email, email_key, name, password) on users to therappai_auth_worker;
grant update (name, password) on users to therappai_auth_worker;

create table roles (
    name        text primary key check (name ~ '^[a-z0-9_-]{1,32}$'),
    permissions text[] not null
);
comment on table roles is 'what the bearer of a role may do';
comment on column roles.permissions is 'as in the claim scope of access tokens';
insert into roles (name, permissions) values
    ('user', '{profile:read,profile:write}'),
    ('admin', '{profile:read,profile:write,users:read,users:write,tokens:introspect}');
grant select on roles to therappai_auth_worker;

create table user_roles (
    user_id bigint not null references users on delete cascade,
    role    text not null references roles on update cascade,
    primary key (user_id, role)
);
comment on table user_roles is 'who has which role; every account has the role user';
grant select, insert on user_roles to therappai_auth_worker;

create table sessions (
    id           uuid primary key,
    user_id      bigint not null references users on delete cascade,
    generation   integer not null default 0,
    created_at   timestamptz not null default now(),
    last_used_at timestamptz not null default now(),
    expires_at   timestamptz not null,
    address      text,
    user_agent   text,
    ended_at     timestamptz,
    end_reason   text
)
-- A refresh changes generation and last_used_at. They have no index and the page has room, so that
-- the new version of the row stays beside the old one and no index is touched.
with (fillfactor = 80);
create index sessions_user_id on sessions (user_id);
comment on table sessions is 'one row a login, kept for 30 days after its end';
comment on column sessions.generation is 'the oldest generation of refresh tokens that is accepted';
comment on column sessions.last_used_at is 'of the last refresh, to the minute';
comment on column sessions.address is 'of the client that logged in';
comment on column sessions.ended_at is 'null: ends by itself, at expires_at or when it idles';
comment on column sessions.end_reason is 'logout, replay, ...; null as long as ended_at is';
grant select, delete on sessions to therappai_auth_worker;
grant insert (id, user_id, expires_at, address, user_agent) on sessions to therappai_auth_worker;
grant update (generation, last_used_at, ended_at, end_reason) on sessions to therappai_auth_worker;
