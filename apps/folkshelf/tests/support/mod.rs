//! A real host, started as a process of its own over a database and Redis keys that no other test has, and people who use
//! it over HTTP.
#![allow(dead_code, reason = "each test file uses a part of it")]

pub mod collector;
pub mod host;
pub mod mail_server;
pub mod round;
pub mod shape;

pub use host::Host;

use std::process::Command;

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use shape::Shape;
use sqlx::ConnectOptions;
use testkit::{Pooler, TestDatabase};

pub const PASSWORD: &str = "correct horse battery";

/// What several hosts may share: the database and the prefix of their keys.
pub struct Place {
    /// That of all contexts, or of users where each has one.
    pub database: TestDatabase,
    others: Vec<(&'static str, TestDatabase)>,
    pub prefix: String,
    pub mail: tempfile::TempDir,
    /// Before the database, with `FOLKSHELF_TEST_POOLED`: `just test-pooled`.
    pub pooler: Option<Pooler>,
}

impl Place {
    pub async fn new() -> Self {
        Self::of(Shape::chosen()).await
    }

    pub async fn of(shape: Shape) -> Self {
        let database = TestDatabase::new().await;
        let mut others = Vec::new();
        if shape == Shape::FiveDatabases {
            for contexts in &shape.processes()[1..] {
                others.push((contexts[0], TestDatabase::new().await));
            }
        }
        let pooler = match std::env::var_os("FOLKSHELF_TEST_POOLED") {
            Some(_) => Some(Pooler::before(&database.owner_options()).await),
            None => None,
        };
        Self {
            database,
            others,
            prefix: testkit::redis_prefix(),
            mail: tempfile::tempdir().expect("a folder for mails"),
            pooler,
        }
    }

    pub fn environment(&self) -> Vec<(String, String)> {
        let direct = self.database.owner_options();
        let through = self.pooler.as_ref().map(|pooler| pooler.through(direct.clone()));
        let url = through.as_ref().unwrap_or(&direct).to_url_lossy().to_string();
        let mut environment =
            environment(&url, &testkit::redis_url(), &self.prefix, &self.mail.path().to_string_lossy());
        environment.extend(self.others.iter().map(|(context, database)| {
            (shape::database_variable(context), database.owner_options().to_url_lossy().to_string())
        }));
        if through.is_some() {
            environment.push(("FOLKSHELF_DATABASE__DIRECT_URL".to_owned(), direct.to_url_lossy().to_string()));
        }
        environment
    }

    /// That which has the tables of a context.
    pub fn database_of(&self, context: &str) -> &TestDatabase {
        self.others.iter().find(|(name, _)| *name == context).map_or(&self.database, |(_, database)| database)
    }

    /// The newest mail to an address, once there is one whose text holds `word`.
    pub async fn mail_to(&self, address: &str, word: &str) -> String {
        let found = std::sync::Mutex::new(String::new());
        testkit::eventually("a mail", || async {
            let mut mails: Vec<_> = std::fs::read_dir(self.mail.path())
                .expect("the folder")
                .filter_map(|entry| std::fs::read_to_string(entry.ok()?.path()).ok())
                .filter(|text| text.contains(address) && text.contains(word))
                .collect();
            let Some(mail) = mails.pop() else { return false };
            *found.lock().expect("no panic") = mail;
            true
        })
        .await;
        found.into_inner().expect("no panic")
    }
}

/// The variables that configure a host for tests.
pub fn environment(database: &str, redis: &str, prefix: &str, mail: &str) -> Vec<(String, String)> {
    let files = format!("{mail}/files");
    [
        ("ENVIRONMENT", "development"),
        ("DATABASE__URL", database),
        ("DATABASE__CONNECTIONS", "32"),
        ("REDIS__URL", redis),
        ("REDIS__PREFIX", prefix),
        ("HTTP__LISTEN", "127.0.0.1:0"),
        ("AUTH__BCRYPT_COST", "4"),
        ("MAIL__DIRECTORY", mail),
        ("FILES__FOLDER", &files),
        ("LOG__FORMAT", "json"),
        ("LOG__FILTER", "info,sqlx=warn"),
    ]
    .into_iter()
    .map(|(name, value)| (format!("FOLKSHELF_{name}"), value.to_owned()))
    .collect()
}

/// Runs the host's command line in a place.
pub fn command_line(place: &Place, arguments: &[&str]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_folkshelf"))
        .args(arguments)
        .envs(place.environment())
        .output()
        .expect("the command runs")
}

/// How often an answer about books came from memory so far.
pub async fn books_from_memory(host: &Host) -> f64 {
    let sample = r#"read_store_reads_total{level="memory",outcome="hit",projection="books"}"#;
    host.metric(sample).await.unwrap_or(0.0)
}

/// Until Redis serves every view, PostgreSQL is asked.
pub async fn served_from_redis(host: &Host) {
    testkit::eventually("the views are served from Redis", || async {
        for view in ["auth", "users", "books", "borrowing", "notifications"] {
            let rebuilt = format!("projection_rebuilds_total{{outcome=\"finished\",projection=\"{view}\"}}");
            if host.metric(&rebuilt).await.is_none() {
                return false;
            }
        }
        true
    })
    .await;
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Reply {
    pub async fn to(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("a body");
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self { status, headers, body }
    }

    pub fn data(&self) -> &Value {
        &self.body["data"]
    }

    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    /// The fields that the error names.
    pub fn fields(&self) -> Vec<&str> {
        let details = self.body["error"]["details"].as_array();
        details.into_iter().flatten().filter_map(|detail| detail["field"].as_str()).collect()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The ids of a list's items.
    pub fn ids(&self) -> Vec<String> {
        let items = self.data().as_array().expect("a list");
        items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:#}", self.body);
        self
    }
}

/// Somebody with an account.
#[derive(Debug, Clone)]
pub struct Person {
    pub name: String,
    pub email: String,
    pub id: String,
    pub token: String,
    pub refresh: String,
}

impl Person {
    pub fn from(name: &str, email: &str, reply: &Reply) -> Self {
        let text = |value: &Value| value.as_str().expect("a string").to_owned();
        Self {
            name: name.to_owned(),
            email: email.to_owned(),
            id: text(&reply.data()["user"]["id"]),
            token: text(&reply.data()["accessToken"]),
            refresh: text(&reply.data()["refreshToken"]),
        }
    }

    pub fn request(&self, host: &Host, method: Method, path: &str) -> RequestBuilder {
        host.request(method, path).bearer_auth(&self.token)
    }

    pub async fn get(&self, host: &Host, path: &str) -> Reply {
        Reply::to(self.request(host, Method::GET, path)).await
    }

    pub async fn post(&self, host: &Host, path: &str, body: Value) -> Reply {
        Reply::to(self.request(host, Method::POST, path).json(&body)).await
    }

    pub async fn put(&self, host: &Host, path: &str, body: Value) -> Reply {
        Reply::to(self.request(host, Method::PUT, path).json(&body)).await
    }

    pub async fn delete(&self, host: &Host, path: &str) -> Reply {
        Reply::to(self.request(host, Method::DELETE, path)).await
    }

    /// Lists a book; its id.
    pub async fn lists(&self, host: &Host, title: &str) -> String {
        let body = json!({"title": title, "authors": ["Somebody"], "lending": "lend"});
        let reply = self.post(host, "/books", body).await.expect(201);
        reply.data()["id"].as_str().expect("an id").to_owned()
    }

    /// Asks for a book; the borrow's id.
    pub async fn asks_for(&self, host: &Host, book: &str) -> String {
        let reply = self.post(host, "/borrows", json!({"bookId": book, "days": 21})).await.expect(201);
        reply.data()["id"].as_str().expect("an id").to_owned()
    }

    /// Does something with a borrow, and expects to be allowed; the borrow afterwards.
    pub async fn does(&self, host: &Host, borrow: &str, what: &str, body: Value) -> Value {
        let reply = self.post(host, &format!("/borrows/{borrow}/{what}"), body).await.expect(200);
        reply.data().clone()
    }

    pub async fn borrow(&self, host: &Host, borrow: &str) -> Value {
        self.get(host, &format!("/borrows/{borrow}")).await.expect(200).data().clone()
    }

    /// The kinds of what this person was told, oldest first.
    pub async fn was_told(&self, host: &Host) -> Vec<String> {
        let reply = self.get(host, "/notifications?limit=100").await.expect(200);
        let items = reply.data().as_array().expect("a list").clone();
        items.iter().rev().map(|item| item["type"].as_str().expect("a type").to_owned()).collect()
    }
}
