-- Run once by a superuser: the two roles of the service. They have no password; say in pg_hba.conf how each may log in.
-- The owner owns the schema and is used by `therappai-auth migrate` alone; the worker may read and change rows.
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

-- What a worker gave up waiting for must not go on in the server. Set here, they hold behind a connection pooler too.
alter role therappai_auth_worker set statement_timeout = '5s';
alter role therappai_auth_worker set lock_timeout = '2s';
alter role therappai_auth_worker set idle_in_transaction_session_timeout = '10s';
