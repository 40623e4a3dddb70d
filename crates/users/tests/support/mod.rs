//! A small world for the tests: our own context on a real PostgreSQL and Redis, hearing what auth would tell.

// Every test binary uses a part of it.
#![allow(dead_code, reason = "each file of tests uses a part")]

use std::ops::Deref;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use auth_events::{AuthEvent, UserRegistered};
use cqrs::Caller;
use event_bus::Recorded;
use kernel::{BorrowId, Detail, LanguageTag, UserId};
use testkit::{Place, a_user};
use users::{ChangeRole, CloseRefused, LendingGate, LoanParties, PasswordCheck, PortError, Users};
use users_events::UserEvent;

pub const PASSWORD: &str = "correct horse";

/// What borrowing and auth would answer.
#[derive(Default)]
pub struct Neighbours {
    pub lending: Mutex<Vec<UserId>>,
    pub closed: Mutex<Vec<UserId>>,
    pub borrows: Mutex<Vec<(BorrowId, [UserId; 2])>>,
}

#[async_trait]
impl LoanParties for Neighbours {
    async fn are_the_two(&self, borrow: BorrowId, [one, other]: [UserId; 2], _: &Caller) -> Result<bool, PortError> {
        let borrows = self.borrows.lock().expect("no panic");
        Ok(borrows.iter().any(|(id, two)| *id == borrow && (*two == [one, other] || *two == [other, one])))
    }
}

#[async_trait]
impl LendingGate for Neighbours {
    async fn close_member(&self, user: UserId, _: &Caller) -> Result<(), CloseRefused> {
        if self.lending.lock().expect("no panic").contains(&user) {
            return Err(CloseRefused::OpenLoans { details: vec![Detail::new("borrowId", "one")] });
        }
        self.closed.lock().expect("no panic").push(user);
        Ok(())
    }
}

#[async_trait]
impl PasswordCheck for Neighbours {
    async fn is_password_of(&self, _: UserId, password: &str, _: &Caller) -> Result<bool, PortError> {
        Ok(password == PASSWORD)
    }
}

pub struct World {
    world: testkit::World<Users>,
    pub neighbours: Arc<Neighbours>,
}

impl Deref for World {
    type Target = testkit::World<Users>;

    fn deref(&self) -> &Self::Target {
        &self.world
    }
}

impl World {
    /// Profiles are served from Redis.
    pub async fn new() -> Self {
        let world = Self::with_redis(&testkit::redis_url()).await;
        world.until_served().await;
        world
    }

    /// Redis may be away.
    pub async fn with_redis(url: &str) -> Self {
        let place = Place::of("users", url).await;
        let neighbours = Arc::new(Neighbours::default());
        let french = LanguageTag::new("fr").expect("a language");
        let (lending, passwords, loans) = (neighbours.clone(), neighbours.clone(), neighbours.clone());
        let users = Users::new(place.pool.clone(), place.projection(), lending, passwords, loans, french);
        let world = place.furnish(users, Users::rebuild, Users::subscriptions, Users::register).await;
        Self { world, neighbours }
    }

    /// What auth tells; everybody has heard it.
    pub async fn tell(&self, event: impl Into<AuthEvent>) {
        self.world.tell::<AuthEvent>(event, 1).await;
    }

    pub async fn register(&self, user_id: UserId, name: &str) {
        self.tell(AuthEvent::Registered(UserRegistered { user_id, name: name.to_owned(), language: None })).await;
    }

    pub async fn a_member(&self, name: &str) -> UserId {
        let user = a_user();
        self.register(user, name).await;
        user
    }

    pub async fn an_admin(&self, name: &str) -> UserId {
        let id = self.a_member(name).await;
        let command = ChangeRole { id, expected_version: None, role: "admin".to_owned() };
        self.send(&Caller::system("promote"), command).await.expect("promoted");
        id
    }

    pub async fn history(&self, user: UserId) -> Vec<Recorded> {
        self.bus.own::<UserEvent>().history(user.uuid()).await.expect("the log")
    }
}
