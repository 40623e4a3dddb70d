//! A small world for the tests: our own context on a real PostgreSQL and Redis, hearing what users would tell.

// Every test binary uses a part of it.
#![allow(dead_code, reason = "each file of tests uses a part")]

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use auth::{
    Auth, Authenticated, Email, LogIn, Mail, MailNotSent, Mailer, Password, Proof, Register, Registered, Settings,
    SignedIn,
};
use cqrs::Caller;
use kernel::{Actor, Credential, Line, PermissionSet, Position, Refusal};
use secrecy::ExposeSecret;
use testkit::{Place, anonymous};
use users_events::UserEvent;

pub const PASSWORD: &str = "correct horse";

/// Keeps what it is given; fails as often as it is told to.
#[derive(Default)]
pub struct Postbox {
    mails: Mutex<Vec<Mail>>,
    failures: Mutex<(u32, Option<Failure>)>,
}

type Failure = fn(Box<dyn std::error::Error + Send + Sync>) -> MailNotSent;

#[async_trait]
impl Mailer for Postbox {
    async fn send(&self, mail: Mail) -> Result<(), MailNotSent> {
        let mut failures = self.failures.lock().expect("no panic");
        if let (times @ 1.., Some(failure)) = &mut *failures {
            *times -= 1;
            return Err(failure("the mail server says no".into()));
        }
        self.mails.lock().expect("no panic").push(mail);
        Ok(())
    }
}

impl Postbox {
    pub fn fail(&self, times: u32, failure: Failure) {
        *self.failures.lock().expect("no panic") = (times, Some(failure));
    }

    pub fn mails(&self) -> Vec<Mail> {
        self.mails.lock().expect("no panic").clone()
    }

    /// The token in the newest mail whose link leads to `page`.
    pub fn token(&self, page: &str) -> secrecy::SecretString {
        let mails = self.mails();
        let text = mails.iter().rev().find_map(|mail| mail.text.split_once(&format!("/{page}?token=")));
        let (_, rest) = text.expect("a mail with such a link");
        rest.lines().next().expect("a token").into()
    }
}

pub struct World {
    world: testkit::World<Auth>,
    pub postbox: Arc<Postbox>,
}

impl Deref for World {
    type Target = testkit::World<Auth>;

    fn deref(&self) -> &Self::Target {
        &self.world
    }
}

impl World {
    pub async fn forget_ended(&self) -> BTreeMap<String, u64> {
        self.do_job(&self.context.jobs(), "auth.forget_ended").await
    }

    /// Sessions are served from Redis.
    pub async fn new() -> Self {
        let world = Self::with_redis(&testkit::redis_url()).await;
        world.until_served().await;
        world
    }

    /// Where an address is proved before there is an account.
    pub async fn where_proof_comes_first() -> Self {
        let world = Self::with_settings(&testkit::redis_url(), |settings| settings.proof = Proof::Required).await;
        world.until_served().await;
        world
    }

    /// Redis may be away.
    pub async fn with_redis(url: &str) -> Self {
        Self::with_settings(url, |_| ()).await
    }

    async fn with_settings(url: &str, set: impl FnOnce(&mut Settings)) -> Self {
        let place = Place::of("auth", url).await;
        let postbox = Arc::new(Postbox::default());
        let mut settings = Settings {
            bcrypt_cost: 4,
            ..Settings::new("a secret of at least 32 characters".into(), "https://shelf.example")
        };
        set(&mut settings);
        let (pool, clock) = (place.pool.clone(), place.clock.clone());
        let auth = Auth::new(pool, place.projection(), postbox.clone(), clock, &settings).expect("keys");
        let world = place.furnish(auth, Auth::rebuild, Auth::subscriptions, Auth::register).await;
        Self { world, postbox }
    }

    /// What users tells; everybody has heard it.
    pub async fn tell(&self, event: impl Into<UserEvent>, version: i64) -> Position {
        self.world.tell::<UserEvent>(event, version).await
    }

    /// Somebody who has just registered.
    pub async fn registered(&self, email: &str) -> SignedIn {
        let command = Register {
            email: an_email(email),
            password: Some(Password::new(PASSWORD).expect("a good one")),
            name: Line::new("Ada").expect("a name"),
            language: None,
            device: None,
            asker: auth::Asker::default(),
        };
        signed_in(self.send(&anonymous(), command).await.expect("registered"))
    }

    pub async fn log_in(&self, email: &str, password: &str) -> Result<SignedIn, &'static str> {
        let command =
            LogIn { email: an_email(email), password: password.into(), device: None, asker: auth::Asker::default() };
        self.send(&anonymous(), command).await.map_err(|refused| refused.code())
    }

    pub async fn refresh(&self, session: &SignedIn) -> Result<SignedIn, &'static str> {
        let command = auth::RefreshTokens { refresh_token: session.refresh_token.clone() };
        self.send(&anonymous(), command).await.map_err(|refused| refused.code())
    }

    pub async fn authenticate(&self, session: &SignedIn) -> Result<Authenticated, &'static str> {
        let token = session.access_token.expose_secret();
        let found = self.context.check().authenticate(token).await;
        found.map(|who| (*who).clone()).map_err(|refused| refused.code())
    }

    /// How many rows a statement of the test's own counts.
    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.expect("a count")
    }

    /// All that the log holds, as text.
    pub async fn log(&self) -> String {
        let owner = sqlx::PgPool::connect_with(self.database.options("event_bus")).await.expect("a connection");
        sqlx::query_scalar("select coalesce(string_agg(log::text, ' '), '') from event_bus.log")
            .fetch_one(&owner)
            .await
            .expect("the log")
    }
}

pub fn signed_in(registered: Registered) -> SignedIn {
    match registered {
        Registered::Member(session) => session,
        Registered::ToBeProved => panic!("addresses are proved later here"),
    }
}

pub fn an_email(text: &str) -> Email {
    Email::new(text).expect("an address")
}

/// The caller that the host makes of a session.
pub fn caller(session: &SignedIn) -> Caller {
    let actor = Actor::Member {
        id: session.user_id,
        credential: Credential::Session(session.session_id),
        role: "user".to_owned(),
        permissions: PermissionSet::empty(),
    };
    Caller::new(actor, "")
}
