#!/bin/sh
# At the first start of PostgreSQL: the owner of the database, who may create the contexts' roles and is no superuser.
set -eu
psql --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
    --set password="$(cat /run/secrets/database_password)" <<'SQL'
create role folkshelf login createrole password :'password';
create database folkshelf owner folkshelf;
SQL
