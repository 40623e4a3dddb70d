//! The passwords of the contexts' roles, on a server that asks for them.
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
