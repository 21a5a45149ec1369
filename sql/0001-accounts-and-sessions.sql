-- Accounts, roles, and sessions: what it takes to sign up, log in and refresh.

revoke create on schema public from public;
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
comment on column users.email_key is 'email in NFC and case folded: one account each, whatever the case';
comment on column users.password is 'argon2id in PHC form, with its parameters';
comment on column users.disabled_at is 'null: may log in';

create table roles (
    name        text primary key check (name ~ '^[a-z0-9_-]{1,32}$'),
    permissions text[] not null
);
comment on table roles is 'what the bearer of a role may do; names as in the claim scope';
insert into roles (name, permissions) values
    ('user',  '{profile:read,profile:write}'),
    ('admin', '{profile:read,profile:write,users:read,users:write,tokens:introspect}');

create table user_roles (
    user_id bigint not null references users on delete cascade,
    role    text not null references roles on update cascade,
    primary key (user_id, role)
);

create table sessions (
    id           uuid primary key,
    user_id      bigint not null references users on delete cascade,
    generation   bigint not null default 0,
    created_at   timestamptz not null default now(),
    last_used_at timestamptz not null default now(),
    expires_at   timestamptz not null,
    address      text,
    user_agent   text,
    ended_at     timestamptz,
    end_reason   text
) with (fillfactor = 80);
create index sessions_user_id on sessions (user_id);
comment on table sessions is 'one row a login; fillfactor leaves room for the update of each refresh in the same page';
comment on column sessions.generation is 'the oldest generation of refresh tokens that is still accepted';

grant select, insert, update, delete on users, sessions, user_roles to therappai_auth_worker;
grant select on roles to therappai_auth_worker;
