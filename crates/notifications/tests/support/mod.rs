//! A small world for the tests: our own context on a real PostgreSQL and Redis, fed with events as the other contexts
//! would append them, and asked as the host would.

// Every test binary uses a part of it.
#![allow(dead_code, reason = "each file of tests uses a part")]

pub mod letters;

use std::ops::Deref;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::tz::TimeZone;
use kernel::{BookId, BorrowId, Page, PageRequest, Position, ReportId, UserId};
use notifications::{
    Arrivals, LetterNotSent, ListNotifications, MemberLetter, MemberMailer, NotificationView, Notifications,
    NotificationsSince, Settings, Taken, UnreadCount, Warnings, WarningsUnavailable,
};
use testkit::{A_SATURDAY, Place, a_user, member};
use wording::Language;

/// Keeps the letters that it is given, as long as it is not told to do something else.
#[derive(Default)]
pub struct Postbox {
    letters: Mutex<Vec<(UserId, MemberLetter)>>,
    mood: Mutex<Mood>,
}

#[derive(Clone, Copy, Default)]
pub enum Mood {
    #[default]
    Takes,
    Refuses,
    Later,
    Away,
    /// Does not answer.
    Hangs,
    KnowsNobody,
}

#[async_trait]
impl MemberMailer for Postbox {
    async fn send(&self, member: UserId, letter: MemberLetter) -> Result<Taken, LetterNotSent> {
        let mood = *self.mood.lock().expect("no panic");
        let no = || "the mail server says no".into();
        match mood {
            Mood::Takes => self.letters.lock().expect("no panic").push((member, letter)),
            Mood::Refuses => return Err(LetterNotSent::Refused(no())),
            Mood::Later => return Err(LetterNotSent::Later(no())),
            Mood::Away => return Err(LetterNotSent::Away(no())),
            Mood::Hangs => std::future::pending().await,
            Mood::KnowsNobody => return Ok(Taken::NoAddress),
        }
        Ok(Taken::Sent)
    }
}

impl Postbox {
    pub fn is(&self, mood: Mood) {
        *self.mood.lock().expect("no panic") = mood;
    }

    pub fn letters_to(&self, member: UserId) -> Vec<MemberLetter> {
        let letters = self.letters.lock().expect("no panic");
        letters.iter().filter(|(to, _)| *to == member).map(|(_, letter)| letter.clone()).collect()
    }

    pub fn count(&self) -> usize {
        self.letters.lock().expect("no panic").len()
    }
}

/// The words that members were warned with, as users keeps them. `None`: users does not answer.
pub struct WarningWords(pub Mutex<Option<Vec<(UserId, ReportId, String)>>>);

#[async_trait]
impl Warnings for WarningWords {
    async fn warnings(
        &self,
        member: UserId,
        reports: Vec<ReportId>,
    ) -> Result<Vec<(ReportId, String)>, WarningsUnavailable> {
        let words = self.0.lock().expect("no panic");
        let words = words.as_ref().ok_or_else(|| WarningsUnavailable("away".into()))?;
        let of = words.iter().filter(|(to, report, _)| *to == member && reports.contains(report));
        Ok(of.map(|(_, report, words)| (*report, words.clone())).collect())
    }
}

pub struct World {
    world: testkit::World<Notifications>,
    pub postbox: Arc<Postbox>,
    pub warnings: Arc<WarningWords>,
}

impl Deref for World {
    type Target = testkit::World<Notifications>;

    fn deref(&self) -> &Self::Target {
        &self.world
    }
}

impl World {
    /// A member's inbox served from Redis, its subscriptions running.
    pub async fn new() -> Self {
        let world = Self::with_redis(&testkit::redis_url()).await;
        world.until_served().await;
        world
    }

    /// Redis may be away.
    pub async fn with_redis(url: &str) -> Self {
        let place = Place::of("notifications", url).await;
        let zone = TimeZone::get("Europe/Berlin").expect("a known zone");
        let secret = "a secret of at least 32 characters".into();
        let settings = Settings::new(zone, Language::English, "https://shelf.example", secret);
        let postbox = Arc::new(Postbox::default());
        let (pool, clock) = (place.pool.clone(), place.clock.clone());
        let warnings = Arc::new(WarningWords(Mutex::new(Some(Vec::new()))));
        let context = Notifications::new(pool, place.projection(), postbox.clone(), warnings.clone(), clock, settings);
        let (rebuild, subscriptions) = (Notifications::rebuild, Notifications::subscriptions);
        let world = place.furnish(context, rebuild, subscriptions, Notifications::register).await;
        Self { world, postbox, warnings }
    }

    /// Sends the letters that are due; returns how many went.
    pub async fn post(&self) -> u64 {
        self.context.send_due_letters().await.expect("the queue can be read")
    }

    pub async fn page(&self, user: UserId, unread: Option<bool>, page: PageRequest) -> Page<NotificationView> {
        self.ask(&member(user), ListNotifications { unread, page }).await.expect("a page")
    }

    pub async fn inbox(&self, user: UserId) -> Vec<NotificationView> {
        self.page(user, None, PageRequest::first(100)).await.items
    }

    pub async fn unread(&self, user: UserId) -> u64 {
        self.ask(&member(user), UnreadCount).await.expect("a count")
    }

    pub async fn since(&self, user: UserId, after: Option<Position>) -> Arrivals {
        self.ask(&member(user), NotificationsSince { after, shown: self.bus.read_to() }).await.expect("arrivals")
    }

    /// How many rows there are for `user`, whatever the views say.
    pub async fn rows(&self, user: UserId) -> i64 {
        sqlx::query_scalar("select count(*) from notifications.notification where user_id = $1")
            .bind(user.uuid())
            .fetch_one(&self.pool)
            .await
            .expect("a count")
    }
}

/// Ada, who owns “Emma”, and Grace, who would like to read it.
pub struct Neighbours {
    pub ada: UserId,
    pub grace: UserId,
    pub emma: BookId,
}

impl Neighbours {
    pub async fn of(world: &World) -> Self {
        let them = Self::of_unheard(world).await;
        world.until_level().await;
        them
    }

    /// Where Redis is away, views are never level.
    pub async fn of_unheard(world: &World) -> Self {
        let (ada, grace, emma) = (a_user(), a_user(), BookId::new(A_SATURDAY));
        for (user_id, name) in [(ada, "Ada"), (grace, "Grace")] {
            let registered = auth_events::UserRegistered { user_id, name: name.to_owned(), language: None };
            world.append::<auth_events::AuthEvent>(registered, 1).await;
        }
        let created = books_events::BookCreated {
            book_id: emma,
            owner_id: ada,
            title: "Emma".to_owned(),
            authors: vec!["Jane Austen".to_owned()],
            lending: books_events::Lending::Lend,
        };
        world.append::<books_events::BookEvent>(created, 1).await;
        Self { ada, grace, emma }
    }

    /// Grace's request for Ada's book.
    pub fn a_request(&self) -> borrowing_events::BorrowEvent {
        borrowing_events::BorrowCreated { parties: self.a_borrow(), days: 21, queued: false }.into()
    }

    /// Somebody else's each time: of one member only the last is kept.
    pub fn a_strangers_request(&self) -> borrowing_events::BorrowEvent {
        let parties = borrowing_events::Parties { borrower_id: a_user(), ..self.a_borrow() };
        borrowing_events::BorrowCreated { parties, days: 21, queued: false }.into()
    }

    pub fn a_borrow(&self) -> borrowing_events::Parties {
        borrowing_events::Parties {
            borrow_id: BorrowId::new(A_SATURDAY),
            book_id: self.emma,
            owner_id: self.ada,
            borrower_id: self.grace,
        }
    }
}
