#!/bin/sh
# At the first start of PostgreSQL: creates the owner of the database, who may create the contexts' roles and is no superuser.
# The password is read by psql itself: arguments can be seen by everybody on the machine.
set -eu
psql --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\set password `cat /run/secrets/database_password`
create role folkshelf login createrole password :'password';
create database folkshelf owner folkshelf;
SQL
