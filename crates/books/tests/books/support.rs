//! A small world for the tests: our own context on a real PostgreSQL and Redis, fed with events as the other contexts
//! would append them, and asked as the host would.

use std::collections::HashSet;
use std::io::Cursor;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use auth_events::{AuthEvent, UserRegistered};
use books::{
    BookInput, BookView, Books, CreateBook, GetBook, GetBookError, GetImport, ImportSettings, ImportStatus, ImportView,
    LendingGate, ListBooks, Pace, StartImport, Upload, WithdrawRefused,
};
use cqrs::{AskError, Caller, DispatchError};
use kernel::{BookId, ImportId, Page, PageRequest, Refusal, UserId};
use testkit::{Place, a_user, anonymous, eventually, member};
use users_events::UserEvent;

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

/// Requests are slow when a test says so.
#[derive(Default)]
pub struct Requests {
    pub slow: AtomicBool,
}

impl Pace for Requests {
    fn requests_are_slow(&self) -> bool {
        self.slow.load(Ordering::SeqCst)
    }
}

pub struct World {
    world: testkit::World<Books>,
    pub gate: Arc<Gate>,
    pub pace: Arc<Requests>,
}

impl Deref for World {
    type Target = testkit::World<Books>;

    fn deref(&self) -> &Self::Target {
        &self.world
    }
}

impl World {
    pub async fn forget_imports(&self) -> u64 {
        self.do_job(&self.context.jobs(), "books.forget_imports").await["imports"]
    }

    /// The catalogue served from Redis, its subscriptions running.
    pub async fn new() -> Self {
        let world = Self::with_redis(&testkit::redis_url(), ImportSettings::default()).await;
        world.until_served().await;
        world
    }

    /// Redis may be away.
    pub async fn with_redis(url: &str, imports: ImportSettings) -> Self {
        Self::where_the_catalogue_is(false, url, imports).await
    }

    /// As [`Self::with_redis`]; a closed catalogue is read by nobody without an account.
    pub async fn where_the_catalogue_is(closed: bool, url: &str, imports: ImportSettings) -> Self {
        let place = Place::of("books", url).await;
        let (gate, pace) = (Arc::new(Gate::default()), Arc::new(Requests::default()));
        let (pool, clock) = (place.pool.clone(), place.clock.clone());
        let books = Books::new(pool, place.projection(), place.bus.own(), gate.clone(), clock, pace.clone(), imports)
            .with_closed_catalogue(closed);
        let world = place.furnish(books, Books::rebuild, Books::subscriptions, Books::register).await;
        Self { world, gate, pace }
    }

    /// A member whose registration everybody has heard of.
    pub async fn a_member(&self, name: &str) -> UserId {
        let user = a_user();
        self.tell::<AuthEvent>(UserRegistered { user_id: user, name: name.to_owned(), language: None }, 1).await;
        user
    }

    /// As `tell`, and waits until this process has heard which of the answers in its memory are outdated. A host waits so too
    /// before it answers a command.
    pub async fn tell_and_hear(&self, event: impl Into<UserEvent>, version: i64) {
        self.tell::<UserEvent>(event, version).await;
        let somebody = a_user();
        eventually("something is known", async || {
            self.ask(&member(somebody), ListBooks::newest(PageRequest::first(1))).await.unwrap();
            self.context.sees_all_but(somebody).is_some()
        })
        .await;
        self.projection().outdate(&[somebody.to_string()]).await.unwrap();
        eventually("it is not any more", async || self.context.sees_all_but(somebody).is_none()).await;
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
        self.ask(&anonymous(), query).await.unwrap().page
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

    /// Hands a file over.
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
        let upload = Upload::new(Cursor::new(file), [0; 32]);
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
            self.context.import_tick().await.unwrap();
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
