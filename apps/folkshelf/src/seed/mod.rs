//! A demo community: members, books, and borrows in every state. Made through the same commands that people use, with a
//! clock that is turned back and then moved forward.

mod books;

use std::sync::Arc;

use ::books::{BookInput, CreateBook};
use anyhow::{Context, bail};
use auth::{CreateAccount, Email, Password};
use borrowing::{
    ApproveBorrow, CancelBorrow, DeclareReturn, HandOver, MarkNotReceived, RejectBorrow, ReportLost, RequestBorrow,
    RequestExtension, ReturnBorrow, SendMessage,
};
use borrowing_events::ReturnCondition;
use cqrs::Caller;
use kernel::{
    Actor, BookId, BorrowId, Clock, Credential, Line, ManualClock, PageRequest, Permission, Prose, SessionId,
    SystemClock, UserId,
};
use time::{Duration, OffsetDateTime};
use users::{ListUsers, UserSort};

use crate::app::App;
use crate::promotion::promote;
use crate::settings::{Environment, Settings};

/// Every demo account's password. Development only.
const PASSWORD: &str = "folkshelf-demo";

/// First part of the mail address, name, role.
const MEMBERS: [(&str, &str, &str); 8] = [
    ("ada", "Ada Lovelace", "admin"),
    ("grace", "Grace Hopper", "moderator"),
    ("linus", "Linus Torvalds", "user"),
    ("margaret", "Margaret Hamilton", "user"),
    ("alan", "Alan Turing", "user"),
    ("katherine", "Katherine Johnson", "user"),
    ("donald", "Donald Knuth", "premium"),
    ("barbara", "Barbara Liskov", "user"),
];

/// How far back the demo's history begins.
const HISTORY: Duration = Duration::days(60);

pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    if settings.environment != Environment::Development {
        bail!("demo accounts have a password that everybody knows: seeding is for development only");
    }
    let clock = Arc::new(ManualClock::at(SystemClock.now() - HISTORY));
    let app = App::at(settings, Arc::clone(&clock) as Arc<dyn Clock>).await?;
    let work = app.start().await?;
    let outcome = Demo { app: &app, clock: &clock, now: SystemClock.now() }.make().await;
    work.stop().await;
    outcome?;
    println!("the demo community is there: {} members, {} books", MEMBERS.len(), books::BOOKS.len());
    Ok(())
}

struct Demo<'a> {
    app: &'a App,
    clock: &'a ManualClock,
    now: OffsetDateTime,
}

/// Sends a command as somebody.
macro_rules! send {
    ($demo:expr, $caller:expr, $command:expr) => {
        $demo.app.commands.dispatch()?.send(&$caller, $command).await
    };
}

impl Demo<'_> {
    async fn make(&self) -> anyhow::Result<()> {
        self.refuse_unless_empty().await?;
        let members = self.members().await?;
        let shelf = self.books(&members).await?;
        self.borrows(&members, &shelf).await
    }

    async fn refuse_unless_empty(&self) -> anyhow::Result<()> {
        let query = ListUsers {
            q: None,
            or_these: Vec::new(),
            role: None,
            active: None,
            sort: UserSort::MemberSince,
            descending: true,
            page: PageRequest::first(1),
        };
        let members = self.app.queries.asking::<ListUsers>()?.ask(&Caller::system("seed"), query).await?;
        if members.total > 0 {
            bail!("this database holds accounts already: nothing was changed");
        }
        Ok(())
    }

    /// Moves the clock to so many days before now.
    fn days_ago(&self, days: i64) {
        self.clock.set(self.now - Duration::days(days));
    }

    async fn members(&self) -> anyhow::Result<Vec<UserId>> {
        let system = Caller::system("seed");
        let mut members = Vec::new();
        for (first, name, role) in MEMBERS {
            let email = format!("{first}@example.org");
            let command = CreateAccount {
                email: Email::chosen(&email)?,
                name: Line::new(name)?,
                language: None,
                password: Some(Password::new(PASSWORD)?),
                verified: true,
            };
            members.push(send!(self, system, command)?.output);
            if role != "user" {
                promote((&self.app.commands, &self.app.queries), Actor::System("seed"), &email, role).await?;
            }
            self.clock.advance(Duration::minutes(7));
        }
        Ok(members)
    }

    async fn books(&self, members: &[UserId]) -> anyhow::Result<Vec<(BookId, UserId)>> {
        let mut shelf = Vec::new();
        for (nth, (title, author, year, language, category, owner)) in books::BOOKS.iter().enumerate() {
            let owner = *members.get(*owner).context("every book has an owner among the members")?;
            let book = BookInput {
                title: Some((*title).to_owned()),
                authors: Some(vec![(*author).to_owned()]),
                published_year: Some(i32::from(*year)),
                language: Some((*language).to_owned()),
                categories: Some(vec![(*category).to_owned()]),
                condition: Some(if nth % 3 == 0 { "good" } else { "like_new" }.to_owned()),
                lending: Some(if nth % 13 == 12 { "give" } else { "lend" }.to_owned()),
                ..BookInput::default()
            };
            let done = send!(self, member(owner), CreateBook { book })?;
            shelf.push((done.output.id, owner));
            self.clock.advance(Duration::minutes(31));
        }
        Ok(shelf)
    }

    /// One borrow in every state, open and closed.
    async fn borrows(&self, members: &[UserId], shelf: &[(BookId, UserId)]) -> anyhow::Result<()> {
        let [ada, grace, linus, margaret, alan, katherine, donald, barbara] = members[..] else {
            bail!("eight members were made");
        };
        // Jane Eyre came back in time; Hamlet came back damaged.
        self.days_ago(50);
        let jane_eyre = self.lend(shelf[13], linus, 21).await?;
        let hamlet = self.lend(shelf[20], barbara, 14).await?;
        self.days_ago(40);
        self.give_back(jane_eyre, ada, linus, ReturnCondition::Ok).await?;
        self.give_back(hamlet, katherine, barbara, ReturnCondition::Damaged).await?;
        // Moby-Dick is lost; a request for Dracula was never answered.
        self.days_ago(38);
        let moby_dick = self.lend(shelf[10], alan, 14).await?;
        self.ask(shelf[3].0, margaret, 14).await?;
        self.days_ago(30);
        self.app.tick(self.clock.now()).await?;
        send!(self, member(alan), ReportLost { borrow: moby_dick, note: Some(Prose::new("Left on the train.")?) })?;
        // Candide was declined, The Time Machine thought better of.
        self.days_ago(25);
        let candide = self.ask(shelf[28].0, donald, 7).await?;
        send!(self, member(margaret), RejectBorrow { borrow: candide, reason: Some(Prose::new("I am reading it.")?) })?;
        let time_machine = self.ask(shelf[4].0, barbara, 7).await?;
        send!(self, member(barbara), CancelBorrow { borrow: time_machine, reason: None })?;
        // Sherlock Holmes is late; The Odyssey's return is disputed.
        self.days_ago(20);
        self.lend(shelf[8], linus, 14).await?;
        let odyssey = self.lend(shelf[37], katherine, 10).await?;
        // Emma is out, and two wait for it.
        self.days_ago(9);
        let emma = self.lend(shelf[1], margaret, 30).await?;
        self.ask(shelf[1].0, alan, 14).await?;
        self.days_ago(8);
        self.ask(shelf[1].0, donald, 14).await?;
        send!(self, member(katherine), DeclareReturn { borrow: odyssey })?;
        self.days_ago(6);
        send!(self, member(ada), MarkNotReceived { borrow: odyssey })?;
        self.says(katherine, odyssey, "I put it into your letter box on Tuesday evening, in a blue envelope.").await?;
        self.says(ada, odyssey, "There was no envelope. Could a neighbour have taken it in?").await?;
        // Grace says that she brought Treasure Island back.
        let treasure_island = self.lend(shelf[11], grace, 14).await?;
        self.days_ago(2);
        send!(self, member(grace), DeclareReturn { borrow: treasure_island })?;
        send!(self, member(margaret), RequestExtension { borrow: emma, days: 7 })?;
        // Frankenstein is agreed, Faust and Pride and Prejudice are asked for.
        self.days_ago(1);
        let frankenstein = self.ask(shelf[2].0, linus, 21).await?;
        let approve =
            ApproveBorrow { borrow: frankenstein, pickup_by: None, place: Some(Prose::new("At the library café")?) };
        send!(self, member(ada), approve)?;
        self.says(linus, frankenstein, "Thank you! Is Saturday at eleven fine?").await?;
        self.says(ada, frankenstein, "Saturday is fine. I sit by the window.").await?;
        self.ask(shelf[29].0, linus, 14).await?;
        self.ask(shelf[0].0, linus, 14).await?;
        Ok(())
    }

    async fn ask(&self, book: BookId, borrower: UserId, days: u16) -> anyhow::Result<BorrowId> {
        let message = Some(Prose::new("May I? I have wanted to read it for years.")?);
        let done = send!(self, member(borrower), RequestBorrow { book, days, message })?;
        self.clock.advance(Duration::minutes(20));
        Ok(done.output.id)
    }

    async fn says(&self, author: UserId, borrow: BorrowId, text: &str) -> anyhow::Result<()> {
        send!(self, member(author), SendMessage { borrow, text: Prose::new(text)? })?;
        self.clock.advance(Duration::minutes(20));
        Ok(())
    }

    /// From the request to the hand-over.
    async fn lend(&self, (book, owner): (BookId, UserId), borrower: UserId, days: u16) -> anyhow::Result<BorrowId> {
        let borrow = self.ask(book, borrower, days).await?;
        send!(self, member(owner), ApproveBorrow { borrow, pickup_by: None, place: None })?;
        self.clock.advance(Duration::minutes(20));
        send!(self, member(owner), HandOver { borrow, code: None })?;
        Ok(borrow)
    }

    async fn give_back(
        &self,
        borrow: BorrowId,
        owner: UserId,
        borrower: UserId,
        condition: ReturnCondition,
    ) -> anyhow::Result<()> {
        send!(self, member(borrower), DeclareReturn { borrow })?;
        send!(self, member(owner), ReturnBorrow { borrow, condition, note: None })?;
        Ok(())
    }
}

/// A demo member at work, without a session.
fn member(id: UserId) -> Caller {
    let permissions = [Permission::WriteBook, Permission::WriteBorrow].into_iter().collect();
    let credential = Credential::Session(SessionId::new(OffsetDateTime::UNIX_EPOCH));
    Caller::new(Actor::Member { id, credential, role: "user".to_owned(), permissions }, "")
}
