//! The contexts' roles: their passwords, on a server that asks for them, and what belongs to them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

use std::path::Path;

use sqlx::ConnectOptions;
use testkit::PrivatePostgres;

#[tokio::test]
async fn a_role_logs_in_with_its_own_password_and_no_other_role_with_that() {
    const WRONG_PASSWORD: &str = "28P01";
    const SECRET: &str = "it's a secret, and at least thirty-two characters";
    let secret = Some(SECRET);
    let server = PrivatePostgres::start().await;
    let owner = server.owner_options();
    let migrations = provision::discover(Path::new("../../migrations")).await.unwrap();
    let schemas: Vec<_> = migrations.iter().map(|(name, migrator)| (name.as_str(), migrator)).collect();
    provision::provision(&owner, secret, &schemas).await.unwrap();
    let mut superuser = owner.clone().username("postgres").connect().await.unwrap();
    let rules: String = sqlx::query_scalar("show hba_file").fetch_one(&mut superuser).await.unwrap();
    let asks = "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
    std::fs::write(rules, asks).unwrap();
    sqlx::query("select pg_reload_conf()").execute(&mut superuser).await.unwrap();

    testkit::eventually("passwords are asked for", || async { owner.connect().await.is_err() }).await;
    for (context, _) in &schemas {
        let own = provision::context_options(&owner, context, secret);
        own.connect().await.unwrap();
        for (other, _) in schemas.iter().filter(|(other, _)| other != context) {
            let error = own.clone().username(&format!("folkshelf_{other}")).connect().await.unwrap_err();
            assert_eq!(error.as_database_error().unwrap().code().as_deref(), Some(WRONG_PASSWORD), "{context} {other}");
        }
        let error = own.password(SECRET).connect().await.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().code().as_deref(), Some(WRONG_PASSWORD), "the secret itself");
    }
}

const OWNED_BY_WHO_LOGS_IN: &str = "
    select distinct what from (
        select relnamespace as schema, relowner as owner, relname::text as what from pg_class
        union all select pronamespace, proowner, proname::text from pg_proc
        union all select oid, nspowner, nspname::text from pg_namespace
    ) as owned
    join pg_namespace on pg_namespace.oid = owned.schema join pg_roles on pg_roles.oid = owned.owner
    where rolcanlogin and rolname like 'folkshelf\\_%' order by what";

#[tokio::test]
async fn nobody_who_logs_in_owns_a_table_also_after_an_update() {
    let server = PrivatePostgres::start().await;
    let owner = server.owner_options();
    let migrations = provision::discover(Path::new("../../migrations")).await.unwrap();
    let schemas: Vec<_> = migrations.iter().map(|(name, migrator)| (name.as_str(), migrator)).collect();
    provision::provision(&owner, None, &schemas).await.unwrap();
    let mut looking = owner.clone().username("postgres").connect().await.unwrap();
    let owned = async |looking: &mut sqlx::PgConnection| -> Vec<String> {
        sqlx::query_scalar(OWNED_BY_WHO_LOGS_IN).fetch_all(looking).await.unwrap()
    };
    assert_eq!(owned(&mut looking).await, Vec::<String>::new());

    // As older versions had it.
    for schema in schemas.iter().map(|(name, _)| *name).chain([provision::EVENT_BUS]) {
        let back = format!(
            "drop owned by folkshelf_{schema}; reassign owned by folkshelf_{schema}_owner to folkshelf_{schema}"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(back)).execute(&mut looking).await.unwrap();
    }
    assert!(owned(&mut looking).await.len() > schemas.len());
    provision::provision(&owner, None, &schemas).await.unwrap();
    assert_eq!(owned(&mut looking).await, Vec::<String>::new());

    let refused = async |schema: &str, statement: &'static str| {
        let mut own = provision::context_options(&owner, schema, None).connect().await.unwrap();
        let outcome = sqlx::raw_sql(statement).execute(&mut own).await;
        outcome.err().map(|error| error.as_database_error().unwrap().code().unwrap().into_owned())
    };
    const REFUSED: &str = "42501";
    for (schema, statement, expected) in [
        ("books", "delete from books.idempotency_key", None),
        ("books", "drop table books.idempotency_key", Some(REFUSED)),
        ("books", "alter table books.book drop constraint book_pkey cascade", Some(REFUSED)),
        ("books", "delete from books._sqlx_migrations", Some(REFUSED)),
        ("books", "create table books.another (n int)", Some(REFUSED)),
        ("event_bus", "update event_bus.subscription set position = position", None),
        ("event_bus", "delete from event_bus.log", Some(REFUSED)),
        ("event_bus", "alter table event_bus.log disable trigger all", Some(REFUSED)),
    ] {
        assert_eq!(refused(schema, statement).await.as_deref(), expected, "{schema}: {statement}");
    }
    // That is a warning, and has no effect.
    refused("books", "grant select on books.book to folkshelf_users").await;
    let shared = "select has_table_privilege('folkshelf_users', 'books.book', 'select')";
    assert!(!sqlx::query_scalar::<_, bool>(shared).fetch_one(&mut looking).await.unwrap());
}
