//! `folkshelf doctor` on a real PostgreSQL and Redis: all well, and each thing that an operator may have got wrong.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Output};

use sqlx::ConnectOptions;
use testkit::{PrivatePostgres, PrivateRedis};

struct Servers {
    postgres: PrivatePostgres,
    redis: PrivateRedis,
    mail: tempfile::TempDir,
}

impl Servers {
    async fn start() -> Self {
        let mail = tempfile::tempdir().expect("a folder");
        Self { postgres: PrivatePostgres::start().await, redis: PrivateRedis::start().await, mail }
    }

    /// Asks the doctor, with some settings as they should not be.
    fn doctor(&self, settings: &[(&str, &str)]) -> Output {
        let mail = self.mail.path().to_string_lossy();
        let mut environment = support::environment(&self.postgres.url(), &self.redis.url(), "doctor", &mail);
        environment.extend(settings.iter().map(|(name, value)| (format!("FOLKSHELF_{name}"), (*value).to_owned())));
        let doctor = Command::new(env!("CARGO_BIN_EXE_folkshelf")).arg("doctor").envs(environment).output();
        doctor.expect("the command runs")
    }

    async fn as_superuser(&self, statements: &'static str) {
        let mut superuser = self.postgres.owner_options().username("postgres").connect().await.expect("a superuser");
        sqlx::raw_sql(statements).execute(&mut superuser).await.expect("done");
    }

    fn tell_redis(&self, command: &str) {
        let url = self.redis.url();
        let address = url.trim_start_matches("redis://").trim_end_matches("/0");
        let mut line = TcpStream::connect(address).expect("Redis");
        line.write_all(format!("{command}\r\n").as_bytes()).expect("sent");
        let mut answer = [0; 5];
        line.read_exact(&mut answer).expect("an answer");
        assert_eq!(&answer, b"+OK\r\n");
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What it calls wrong.
fn wrong(output: &Output) -> Vec<String> {
    let said = said(output);
    said.lines().filter_map(|line| line.strip_prefix("WRONG ")).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_doctor_who_finds_nothing_wrong_says_what_was_looked_at() {
    let servers = Servers::start().await;
    let output = servers.doctor(&[]);
    let said = said(&output);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    for part in [
        "configuration: ",
        "uploads: ",
        "mails: ",
        "open files: ",
        "PostgreSQL: version ",
        "archive: archive_mode is off",
        "replication: no standby",
        "clock: ",
        "connections: ",
        "roles, extensions, migrations: 6 schemas are as this build needs them",
        "event log: ",
        "Redis: version ",
        "file store: ",
        ", 0 wrong",
    ] {
        assert!(said.contains(part), "{part:?} is missing:\n{said}");
    }
    // Tests run PostgreSQL without fsync: worth a look in development.
    assert!(said.contains("look  PostgreSQL: fsync or full_page_writes is off"), "{said}");
    let left = std::fs::read_dir(servers.mail.path()).expect("the folder").count();
    assert_eq!(left, 0, "it leaves nothing behind");
}

#[tokio::test]
async fn a_doctor_names_each_thing_that_is_wrong_and_fails() {
    let servers = Servers::start().await;
    servers
        .as_superuser(
            "alter role folkshelf_auth nologin;
            alter role folkshelf_users bypassrls;
            alter table borrowing.borrow owner to folkshelf_borrowing;
            grant folkshelf_notifications_owner to folkshelf_notifications;
            grant folkshelf_users to folkshelf_books;
            grant pg_read_all_data to folkshelf_context;
            create role analyst login;
            grant folkshelf_users to analyst;
            drop extension pg_trgm cascade;
            delete from notifications._sqlx_migrations
                where version = (select max(version) from notifications._sqlx_migrations);
            update users._sqlx_migrations set checksum = '\\x00' where version = 1;
            insert into books._sqlx_migrations (version, description, success, checksum, execution_time)
                values (9999, 'of a newer build', true, '\\x00', 0);
            select pg_create_physical_replication_slot('forgotten', true)",
        )
        .await;
    servers.tell_redis("CONFIG SET maxmemory-policy allkeys-lru");
    let output = servers.doctor(&[
        ("MAIL__DIRECTORY", "/dev/null"),
        ("FILES__FOLDER", "/dev/null"),
        ("UPLOADS__DIRECTORY", "/nowhere/at/all"),
        ("DATABASE__CONNECTIONS", "1000"),
    ]);
    assert!(!output.status.success(), "{}", said(&output));
    let (wrong, all) = (wrong(&output), said(&output));
    for part in [
        "mails: /dev/null takes no letters",
        "file store: does not work: files.folder /dev/null",
        "uploads: /nowhere/at/all",
        "connections: ",
        "the extension pg_trgm is not installed",
        "the role folkshelf_auth cannot log in",
        "the role folkshelf_users may pass over all rights",
        "the role folkshelf_borrowing owns",
        "the role folkshelf_notifications is a member of folkshelf_notifications_owner",
        "the role folkshelf_books is a member of folkshelf_users",
        "the role folkshelf_context is a member of pg_read_all_data",
        "the schema notifications lacks 1 of this build's migrations",
        "migration 1 of the schema users is not the one that this build has",
        "Redis: maxmemory-policy is allkeys-lru",
    ] {
        assert!(wrong.iter().any(|line| line.contains(part)), "{part:?} is not called wrong:\n{all}");
    }
    assert_eq!(wrong.len(), 14, "and nothing else:\n{all}");
    for part in [
        "the schema books has migrations that this build does not know, up to 9999",
        "nobody reads the slot forgotten",
        "analyst is a member of folkshelf_users",
    ] {
        assert!(all.lines().any(|line| line.starts_with("look") && line.contains(part)), "{part:?} is missing:\n{all}");
    }
    assert!(String::from_utf8_lossy(&output.stderr).contains("are wrong"));
}

#[tokio::test]
async fn a_doctor_without_servers_says_where_it_looked_for_them() {
    let servers = Servers::start().await;
    let output = servers.doctor(&[
        ("DATABASE__URL", "postgres://folkshelf:sesame-one@127.0.0.1:1/folkshelf"),
        ("REDIS__URL", "redis://:sesame-two@127.0.0.1:1/0"),
    ]);
    assert!(!output.status.success());
    let wrong = wrong(&output);
    assert!(wrong.len() == 2 && wrong[0].starts_with("PostgreSQL: cannot be asked"), "{wrong:?}");
    assert!(wrong[1].starts_with("Redis: cannot be asked"), "{wrong:?}");
    let everything = format!("{}{}", said(&output), String::from_utf8_lossy(&output.stderr));
    assert!(!everything.contains("sesame"), "{everything}");
}
