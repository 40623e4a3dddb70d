-- PgBouncer's role, and what it may ask: the password hashes of the contexts' roles, and of nobody else. A superuser runs
-- this once in Folkshelf's database. Then give the role a password, as by psql's \password pgbouncer.
create role pgbouncer login;
create schema pgbouncer;
create function pgbouncer.password_of(role text) returns table (name text, password text)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select rolname::text, rolpassword from pg_authid
    where rolname = role and rolname like 'folkshelf\_%' and rolcanlogin and not rolsuper
$$;
revoke all on function pgbouncer.password_of(text) from public;
grant usage on schema pgbouncer to pgbouncer;
grant execute on function pgbouncer.password_of(text) to pgbouncer;
