//! A small world for the tests: our own context on a real PostgreSQL and Redis, fed with events as the other contexts
//! would append them, and asked as the host would.

use std::collections::HashSet;
use std::io::Cursor;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use auth_events::{AuthEvent, UserRegistered};
use books::{
    BookInput, BookView, Books, CreateBook, GetBook, GetBookError, GetImport, ImportSettings, ImportStatus, ImportView,
    LendingGate, ListBooks, StartImport, Upload, WithdrawRefused,
};
use cqrs::{AskError, Caller, CommandBus, DispatchError, QueryBus};
use event_bus::{BusSettings, EventBus, Heard, Meta, Running, Scope};
use kernel::actor::RecordedActor;
use kernel::{
    BookId, Clock, Command, Event, ImportId, ManualClock, Page, PageRequest, Position, Query, Refusal, UserId,
};
use read_store::{ReadStore, Settings};
use sqlx::PgPool;
use testkit::{A_SATURDAY, TestDatabase, a_user, anonymous, eventually, member};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Borrowing's answer, as a test sets it. The context itself may not be depended upon, not even here.
#[derive(Default)]
pub struct Gate {
    pub on_loan: Mutex<HashSet<BookId>>,
    pub silent: Mutex<bool>,
    pub asked: AtomicUsize,
}

#[async_trait]
impl LendingGate for Gate {
    async fn withdraw(&self, book: BookId, _caller: &Caller) -> Result<(), WithdrawRefused> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if *self.silent.lock().unwrap() {
            return Err(WithdrawRefused::Unavailable("away".into()));
        }
        if self.on_loan.lock().unwrap().contains(&book) {
            return Err(WithdrawRefused::OnLoan { status: "active".to_owned(), borrow: None });
        }
        Ok(())
    }
}

pub struct World {
    pub pool: PgPool,
    /// Of the log's own role, which may look at all of it.
    pub log: PgPool,
    pub bus: EventBus,
    pub store: ReadStore,
    pub clock: Arc<ManualClock>,
    pub gate: Arc<Gate>,
    pub books: Books,
    commands: CommandBus,
    queries: QueryBus,
    running: Option<Running>,
    _watcher: DropGuard,
    // The last to go: the others use it.
    _database: TestDatabase,
}

impl World {
    /// The catalogue served from Redis, its subscriptions running.
    pub async fn new() -> Self {
        let world = Self::with_redis(&testkit::redis_url(), ImportSettings::default()).await;
        world.until_served().await;
        world
    }

    /// Redis may be away.
    pub async fn with_redis(url: &str, imports: ImportSettings) -> Self {
        let database = TestDatabase::of("books").await;
        let pool = database.pool("books");
        let clock = Arc::new(ManualClock::at(A_SATURDAY));
        let store = ReadStore::connect(Settings::new(url, testkit::redis_prefix())).unwrap();
        let log = database.pool("event_bus");
        let bus = EventBus::new(log.clone(), clock.clone(), BusSettings::default());
        let gate = Arc::new(Gate::default());
        let projection = store.projection("books");
        let books = Books::new(pool.clone(), projection, bus.own(), gate.clone(), clock.clone(), imports);
        store.register(books.rebuild());
        let shutdown = CancellationToken::new();
        let (watched, until) = (store.clone(), shutdown.clone());
        tokio::spawn(async move { watched.run_watcher(until).await });
        let running = bus.start(books.subscriptions()).await.unwrap();

        let (mut commands, mut queries) = cqrs::builders(clock.clone(), bus.clone(), None);
        books.register(&mut commands, &mut queries);
        Self {
            pool,
            log,
            bus,
            store,
            clock,
            gate,
            books,
            commands: commands.build().unwrap(),
            queries: queries.build().unwrap(),
            running: Some(running),
            _watcher: shutdown.drop_guard(),
            _database: database,
        }
    }

    pub async fn until_served(&self) {
        eventually("the projection is built", async || {
            let status = self.store.status().await;
            status.is_ok_and(|all| all.iter().all(|projection| projection.ready))
        })
        .await;
    }

    /// No subscription runs any more: what is appended from here on is seen by no view.
    pub async fn stop_subscriptions(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
    }

    pub async fn start_subscriptions(&mut self) {
        self.running = Some(self.bus.start(self.books.subscriptions()).await.unwrap());
    }

    /// What another context tells, heard by everybody.
    pub async fn tell<E: Event>(&self, event: impl Into<E>, version: i64) -> Position {
        let actor = RecordedActor::System { name: "test".to_owned() };
        let meta = Meta { actor, trace: None, occurred_at: self.clock.now() };
        let mut tx = self.pool.begin().await.unwrap();
        let position = event_bus::append(&mut tx, &meta, &event.into(), version).await.unwrap();
        tx.commit().await.unwrap();
        self.until_heard(position).await;
        position
    }

    pub async fn until_heard(&self, position: Position) {
        let heard = self.bus.wait_for(position, Scope::All, Duration::from_secs(15)).await;
        assert_eq!(heard, Heard::Yes, "not heard in time: {position}");
    }

    /// A member whose registration everybody has heard of.
    pub async fn a_member(&self, name: &str) -> UserId {
        let user = a_user();
        self.tell::<AuthEvent>(UserRegistered { user_id: user, name: name.to_owned(), language: None }, 1).await;
        user
    }

    pub async fn send<C: Command>(&self, caller: &Caller, command: C) -> Result<C::Output, DispatchError<C::Error>> {
        Ok(self.commands.dispatch::<C>().unwrap().send(caller, command).await?.output)
    }

    pub async fn ask<Q: Query>(&self, caller: &Caller, query: Q) -> Result<Q::Answer, AskError<Q::Error>> {
        self.queries.asking::<Q>().unwrap().ask(caller, query).await
    }

    pub async fn create(&self, owner: UserId, book: BookInput) -> BookView {
        self.send(&member(owner), CreateBook { book }).await.unwrap()
    }

    pub async fn get(&self, caller: &Caller, book: BookId) -> Result<BookView, AskError<GetBookError>> {
        self.ask(caller, GetBook { book_id: book }).await
    }

    pub async fn seen(&self, book: BookId) -> BookView {
        self.get(&anonymous(), book).await.unwrap()
    }

    pub async fn list(&self, query: ListBooks) -> Page<BookView> {
        self.ask(&anonymous(), query).await.unwrap()
    }

    pub async fn newest(&self) -> Page<BookView> {
        self.list(ListBooks::newest(PageRequest::first(100))).await
    }

    /// Every book of a list, page by page, by number or by cursor.
    pub async fn walk(&self, query: ListBooks, limit: u32, by_cursor: bool) -> Vec<BookId> {
        let mut all = Vec::new();
        let mut page = PageRequest::first(limit);
        loop {
            let answer = self.list(ListBooks { page: page.clone(), ..query.clone() }).await;
            all.extend(answer.items.iter().map(|book| book.id));
            let Some(cursor) = answer.next_cursor else {
                assert_eq!(answer.total, all.len() as u64);
                return all;
            };
            page.page += 1;
            page.cursor = by_cursor.then_some(cursor);
        }
    }

    /// Sends a file in small pieces, as a client would.
    pub async fn upload(
        &self,
        owner: UserId,
        file: Vec<u8>,
    ) -> Result<ImportId, DispatchError<books::StartImportError>> {
        self.upload_for(owner, file, false).await
    }

    /// As [`Self::upload`]; with `review` the import waits for its owner.
    pub async fn upload_for(
        &self,
        owner: UserId,
        file: Vec<u8>,
        review: bool,
    ) -> Result<ImportId, DispatchError<books::StartImportError>> {
        let upload = Upload::new(Cursor::new(file));
        Ok(self.send(&member(owner), StartImport { upload, review }).await?.id)
    }

    pub async fn import_state(&self, owner: UserId, import: ImportId) -> ImportView {
        self.ask(&member(owner), GetImport { import_id: import }).await.unwrap()
    }

    /// Works until the import is at its end.
    pub async fn until_imported(&self, owner: UserId, import: ImportId) -> ImportView {
        loop {
            let state = self.import_state(owner, import).await;
            if matches!(state.summary.status, ImportStatus::Completed | ImportStatus::Failed) {
                return state;
            }
            self.books.import_tick().await.unwrap();
        }
    }
}

/// A description that keeps every rule.
pub fn a_book(title: &str) -> BookInput {
    BookInput {
        title: Some(title.to_owned()),
        authors: Some(vec!["Jane Austen".to_owned()]),
        lending: Some("lend".to_owned()),
        ..BookInput::default()
    }
}

/// The code a refusal carries.
pub fn code<T: std::fmt::Debug, E: Refusal>(result: Result<T, E>) -> &'static str {
    result.unwrap_err().code()
}
