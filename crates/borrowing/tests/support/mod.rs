//! A small world for the tests: our own context on a real PostgreSQL and Redis, fed with events as the other contexts
//! would append them, and asked as the host would.

// Every test binary uses a part of it.
#![allow(dead_code, reason = "each file of tests uses a part")]

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use books_events::{BookCreated, BookEvent, BookUpdated, Lending};
use borrowing::*;
use borrowing_events::ReturnCondition;
use cqrs::Caller;
use kernel::{BookId, BorrowId, Clock, Page, PageRequest, Refusal, UserId};
use testkit::{Place, a_user, member};

/// Books as its context has them, whether or not borrowing was told.
#[derive(Default)]
pub struct Shelves {
    pub listed: Mutex<Vec<ListedBook>>,
    pub away: AtomicBool,
    pub asked: AtomicUsize,
}

#[async_trait]
impl BookSource for Shelves {
    async fn book(&self, id: BookId, _: &Caller) -> Result<Option<ListedBook>, BooksUnavailable> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.away.load(Ordering::SeqCst) {
            return Err(BooksUnavailable("away".into()));
        }
        Ok(self.listed.lock().expect("no panic holds it").iter().find(|book| book.id == id).cloned())
    }
}

pub struct World {
    world: testkit::World<Borrowing>,
    pub books: Arc<Shelves>,
}

impl Deref for World {
    type Target = testkit::World<Borrowing>;

    fn deref(&self) -> &Self::Target {
        &self.world
    }
}

impl World {
    pub async fn new() -> Self {
        Self::with_rules(LendingRules::default()).await
    }

    pub async fn with_rules(rules: LendingRules) -> Self {
        let world = Self::with(rules, &testkit::redis_url()).await;
        world.until_served().await;
        world
    }

    /// Redis may be away.
    pub async fn with(rules: LendingRules, redis: &str) -> Self {
        let place = Place::of("borrowing", redis).await;
        let books = Arc::new(Shelves::default());
        let (pool, shelves) = (place.pool.clone(), books.clone());
        let borrowing = Borrowing::new(pool, place.projection(), place.bus.own(), shelves, rules);
        let world = place.furnish(borrowing, Borrowing::rebuild, Borrowing::subscriptions, Borrowing::register).await;
        Self { world, books }
    }

    /// The context as another replica has it.
    pub fn another_replica(&self, rules: LendingRules) -> Borrowing {
        let pool = self.database.pool("borrowing");
        Borrowing::new(pool, self.projection(), self.bus.own(), self.books.clone(), rules)
    }

    pub async fn registered(&self, name: &str) -> UserId {
        let user_id = a_user();
        let event = auth_events::UserRegistered { user_id, name: name.to_owned(), language: None };
        self.tell::<auth_events::AuthEvent>(event, 1).await;
        user_id
    }

    pub async fn book_of(&self, owner_id: UserId, lending: Lending) -> BookId {
        let book_id = BookId::new(self.clock.now());
        let (title, authors) = ("Emma".to_owned(), vec!["Jane Austen".to_owned()]);
        self.tell::<BookEvent>(BookCreated { book_id, owner_id, title, authors, lending }, 1).await;
        book_id
    }

    pub async fn edit(&self, book_id: BookId, owner_id: UserId, lending: Lending, version: i64) {
        let (title, authors) = ("Emma, revised".to_owned(), vec!["Jane Austen".to_owned()]);
        self.clock.advance(time::Duration::SECOND);
        self.tell::<BookEvent>(BookUpdated { book_id, owner_id, title, authors, lending }, version).await;
    }

    pub async fn request(&self, by: UserId, book: BookId) -> BorrowView {
        self.clock.advance(time::Duration::SECOND);
        self.send(&member(by), RequestBorrow { book, days: 14, message: None }).await.expect("asked for")
    }

    pub async fn approve(&self, owner: UserId, borrow: BorrowId) -> BorrowView {
        self.send(&member(owner), ApproveBorrow { borrow, pickup_by: None, place: None }).await.expect("approved")
    }

    pub async fn hand_over(&self, owner: UserId, borrow: BorrowId) -> BorrowView {
        self.send(&member(owner), HandOver { borrow, code: None }).await.expect("handed over")
    }

    pub async fn take_back(&self, owner: UserId, borrow: BorrowId, condition: ReturnCondition) -> BorrowView {
        self.send(&member(owner), ReturnBorrow { borrow, condition, note: None }).await.expect("returned")
    }

    pub async fn get(&self, by: UserId, borrow: BorrowId) -> BorrowView {
        self.ask(&member(by), GetBorrow { borrow }).await.expect("there")
    }

    pub async fn status(&self, view: &BorrowView) -> BorrowStatus {
        self.get(view.borrower.id, view.id).await.status
    }

    pub async fn list(&self, by: &Caller, role: Role, statuses: &[BorrowStatus]) -> Page<BorrowView> {
        let query = ListBorrows { statuses: statuses.to_vec(), ..ListBorrows::newest(role, PageRequest::first(100)) };
        self.ask(by, query).await.expect("a list")
    }
}

/// The code of a refusal.
pub fn code<T: std::fmt::Debug>(answer: Result<T, impl Refusal>) -> &'static str {
    answer.expect_err("refused").code()
}

/// Ada, who owns “Emma”, and Grace and Linus, who would like to read it.
pub struct Neighbours {
    pub ada: UserId,
    pub grace: UserId,
    pub linus: UserId,
    pub emma: BookId,
}

impl Neighbours {
    pub async fn of(world: &World) -> Self {
        let ada = world.registered("Ada").await;
        Self {
            ada,
            grace: world.registered("Grace").await,
            linus: world.registered("Linus").await,
            emma: world.book_of(ada, Lending::Lend).await,
        }
    }

    /// Lent to Grace.
    pub async fn a_loan(&self, world: &World) -> BorrowView {
        let borrow = world.request(self.grace, self.emma).await;
        world.approve(self.ada, borrow.id).await;
        world.hand_over(self.ada, borrow.id).await
    }
}
