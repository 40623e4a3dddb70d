//! A small world for the tests: our own context on a real PostgreSQL and Redis, fed with events as the other contexts
//! would append them, and asked as the host would.

// Every test binary uses a part of it.
#![allow(dead_code, reason = "each file of tests uses a part")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use books_events::{BookCreated, BookEvent, BookUpdated, Lending};
use borrowing::*;
use borrowing_events::ReturnCondition;
use cqrs::{AskError, Caller, CommandBus, DispatchError, QueryBus};
use event_bus::{BusSettings, EventBus, Heard, Meta, Running, Scope};
use kernel::actor::RecordedActor;
use kernel::{
    BookId, BorrowId, Clock, Command, Event, ManualClock, Page, PageRequest, Position, Query, Refusal, UserId,
};
use read_store::{ReadStore, Settings};
use sqlx::PgPool;
use testkit::{A_SATURDAY, TestDatabase, a_user, eventually, member};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Books as its context has them, whether or not borrowing was told.
#[derive(Default)]
pub struct Shelves {
    pub listed: Mutex<Vec<ListedBook>>,
    pub away: AtomicBool,
}

#[async_trait]
impl BookSource for Shelves {
    async fn book(&self, id: BookId, _: &Caller) -> Result<Option<ListedBook>, BooksUnavailable> {
        if self.away.load(Ordering::SeqCst) {
            return Err(BooksUnavailable("away".into()));
        }
        Ok(self.listed.lock().expect("no panic holds it").iter().find(|book| book.id == id).cloned())
    }
}

pub struct World {
    pub pool: PgPool,
    pub bus: EventBus,
    pub store: ReadStore,
    pub clock: Arc<ManualClock>,
    pub borrowing: Borrowing,
    pub books: Arc<Shelves>,
    commands: CommandBus,
    queries: QueryBus,
    running: Mutex<Option<Running>>,
    _watcher: DropGuard,
    // The last to go: the others use it.
    pub database: TestDatabase,
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

    pub async fn until_served(&self) {
        eventually("the projection is built", async || self.is_served().await).await;
    }

    /// Whether Redis answers.
    pub async fn is_served(&self) -> bool {
        self.store.status().await.is_ok_and(|all| all.iter().all(|projection| projection.ready))
    }

    /// Redis may be away.
    pub async fn with(rules: LendingRules, redis: &str) -> Self {
        let database = TestDatabase::of("borrowing").await;
        let pool = database.pool("borrowing");
        let clock = Arc::new(ManualClock::at(A_SATURDAY));
        let store = ReadStore::connect(Settings::new(redis, testkit::redis_prefix())).expect("a usable address");
        let settings = BusSettings { backoff_scale: 0.01, ..BusSettings::default() };
        let bus = EventBus::new(database.pool("event_bus"), clock.clone(), settings);
        let books = Arc::new(Shelves::default());
        let borrowing = Borrowing::new(pool.clone(), store.projection("borrowing"), bus.own(), books.clone(), rules);
        store.register(borrowing.rebuild());
        let shutdown = CancellationToken::new();
        let (watched, until) = (store.clone(), shutdown.clone());
        tokio::spawn(async move { watched.run_watcher(until).await });
        let running = bus.start(borrowing.subscriptions()).await.expect("the runners start");
        let (mut commands, mut queries) = cqrs::builders(clock.clone(), bus.clone(), None);
        borrowing.register(&mut commands, &mut queries);
        Self {
            pool,
            bus,
            store,
            clock,
            borrowing,
            books,
            commands: commands.build().expect("one handler each"),
            queries: queries.build().expect("one handler each"),
            running: Mutex::new(Some(running)),
            _watcher: shutdown.drop_guard(),
            database,
        }
    }

    /// As when every process that runs subscriptions has died.
    pub async fn stop_subscriptions(&self) {
        let running = self.running.lock().expect("no panic holds it").take();
        running.expect("they run").stop().await;
    }

    /// The context as another replica has it.
    pub fn another_replica(&self, rules: LendingRules) -> Borrowing {
        let pool = self.database.pool("borrowing");
        Borrowing::new(pool, self.store.projection("borrowing"), self.bus.own(), self.books.clone(), rules)
    }

    /// What another context tells; answered once it was heard.
    pub async fn tell<E: Event>(&self, event: impl Into<E>, version: i64) {
        let actor = RecordedActor::System { name: "test".to_owned() };
        let meta = Meta { actor, trace: None, occurred_at: self.clock.now() };
        let mut tx = self.pool.begin().await.expect("a transaction");
        let position = event_bus::append(&mut tx, &meta, &event.into(), version).await.expect("appended");
        tx.commit().await.expect("committed");
        self.until_heard(position).await;
    }

    pub async fn until_heard(&self, position: Position) {
        let heard = self.bus.wait_for(position, Scope::All, Duration::from_secs(20)).await;
        assert_eq!(heard, Heard::Yes, "not heard in time: {position}");
    }

    pub async fn until_level(&self) {
        let (transaction, sequence) = sqlx::query_as(
            "select transaction_id::text::bigint, position from event_bus.log
            order by log.transaction_id desc, log.position desc limit 1",
        )
        .fetch_one(&self.pool)
        .await
        .expect("the log");
        self.until_heard(Position { transaction, sequence }).await;
    }

    pub async fn send<C: Command>(&self, caller: &Caller, command: C) -> Result<C::Output, DispatchError<C::Error>> {
        let dispatch = self.commands.dispatch::<C>().expect("a handler");
        dispatch.send(caller, command).await.map(|done| done.output)
    }

    pub async fn ask<Q: Query>(&self, caller: &Caller, query: Q) -> Result<Q::Answer, AskError<Q::Error>> {
        self.queries.asking::<Q>().expect("a handler").ask(caller, query).await
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

    /// How many events of a name the log holds; its own role may read all of it.
    pub async fn told(&self, name: &str) -> i64 {
        sqlx::query_scalar("select count(*) from event_bus.log where name = $1")
            .bind(name)
            .fetch_one(&self.database.pool("event_bus"))
            .await
            .expect("a count")
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
