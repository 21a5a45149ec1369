-- Run once by a superuser, with psql: the two roles of the service and its database. To repeat it
-- does no harm. The roles have no password: say in pg_hba.conf how each may log in.
--
-- The owner owns the schema, and is used by `therappai-auth migrate` alone. The worker, which is
-- what a worker of the service logs in as, may read and change rows as the migrations grant it.
do $$
begin
    if not exists (select from pg_roles where rolname = 'therappai_auth_owner') then
        create role therappai_auth_owner login;
    end if;
    if not exists (select from pg_roles where rolname = 'therappai_auth_worker') then
        create role therappai_auth_worker login;
    end if;
end
$$;

-- What a worker has given up waiting for must not go on in the server. Set here, these hold behind
-- a connection pooler too.
alter role therappai_auth_worker set statement_timeout = '5s';
alter role therappai_auth_worker set lock_timeout = '1500ms';
alter role therappai_auth_worker set idle_in_transaction_session_timeout = '10s';

-- The server's log is to hold nobody's email address: details of a refused row would.
alter role therappai_auth_worker set log_error_verbosity = 'terse';

-- Each statement finds its rows by a key, whatever the values: one plan is right for all, and planning a
-- refresh anew would take longer than running it.
alter role therappai_auth_worker set plan_cache_mode = force_generic_plan;

select 'create database therappai_auth owner therappai_auth_owner'
       ' template template0 encoding ''UTF8'' lc_collate ''C'' lc_ctype ''C'''
where not exists (select from pg_database where datname = 'therappai_auth')
\gexec
revoke all on database therappai_auth from public;
grant connect on database therappai_auth to therappai_auth_worker;

-- Before PostgreSQL 15 everybody could make tables in it.
\connect therappai_auth
alter schema public owner to therappai_auth_owner;
revoke create on schema public from public;
