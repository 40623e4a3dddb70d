//! One request for a copy and the loan that may come of it.

use borrowing_events::{BorrowCreated, BorrowEvent, BorrowQueued, Parties};
use kernel::{Actor, BookId, BorrowId, Permission, UserId};
use time::OffsetDateTime;

use super::{BorrowStatus, Copy, LendingRules, Recent, Refused, Requested, State, Withdrawal, queue::QueueEffect};

#[derive(Debug, Clone, PartialEq)]
pub struct Borrow {
    pub id: BorrowId,
    pub book_id: BookId,
    pub owner_id: UserId,
    pub borrower_id: UserId,
    /// Days asked for, and granted at the hand-over.
    pub days: u16,
    pub message: Option<String>,
    pub requested_at: OffsetDateTime,
    /// With the id its place in the queue. Set once, at the request, so that nothing can lose it.
    pub queued_at: OffsetDateTime,
    pub state: State,
    /// How many events it has.
    pub version: i64,
}

/// Where a caller stands towards a borrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Owner,
    Borrower,
    /// May moderate, and is neither.
    Moderator,
    /// For whom the borrow does not exist.
    Stranger,
}

impl Part {
    pub fn of(actor: &Actor, owner: UserId, borrower: UserId) -> Self {
        if actor.is(owner) {
            Part::Owner
        } else if actor.is(borrower) {
            Part::Borrower
        } else if actor.may(Permission::ModerateBorrow) {
            Part::Moderator
        } else {
            Part::Stranger
        }
    }

    pub(super) fn must_be_owner(self) -> Result<(), Refused> {
        match self {
            Part::Owner => Ok(()),
            Part::Borrower | Part::Moderator => Err(Refused::OwnerOnly),
            Part::Stranger => Err(Refused::NotFound),
        }
    }

    pub(super) fn must_be_borrower(self) -> Result<(), Refused> {
        match self {
            Part::Borrower => Ok(()),
            Part::Owner | Part::Moderator => Err(Refused::BorrowerOnly),
            Part::Stranger => Err(Refused::NotFound),
        }
    }

    pub(super) fn must_be_party(self) -> Result<(), Refused> {
        match self {
            Part::Owner | Part::Borrower => Ok(()),
            Part::Moderator => Err(Refused::PartiesOnly),
            Part::Stranger => Err(Refused::NotFound),
        }
    }
}

/// What a command does to a borrow, and what it says about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// From where: what is stored must still be this.
    pub from: Option<(BorrowStatus, i64)>,
    /// As it is now; its version counts the events.
    pub borrow: Borrow,
    /// In the order they happened; the last one has the borrow's version.
    pub events: Vec<BorrowEvent>,
    pub copy: CopyEffect,
}

/// What the change does to the copy itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyEffect {
    None,
    /// Damaged or lost: nobody is put forward until the owner has touched the book again.
    SetAside,
    Withdraw(Withdrawal),
}

impl Change {
    /// The borrow goes over into this state.
    pub(super) fn of(before: &Borrow, state: State, events: Vec<BorrowEvent>) -> Self {
        let version = before.version + events.len() as i64;
        let borrow = Borrow { state, version, ..before.clone() };
        Self { from: Some((before.status(), before.version)), borrow, events, copy: CopyEffect::None }
    }

    pub(super) fn with_copy(mut self, effect: CopyEffect) -> Self {
        self.copy = effect;
        self
    }

    /// Whether a request has come to nothing by the word of one of the two.
    pub fn turns_down(&self) -> bool {
        self.events.iter().any(|event| match event {
            BorrowEvent::Rejected(_) => true,
            // Who cannot come after all has pestered nobody: the owner had agreed.
            BorrowEvent::Cancelled(cancelled) => {
                cancelled.cancelled_by == Some(self.borrow.borrower_id) && !cancelled.held
            }
            _ => false,
        })
    }

    /// What it means for the others who wait for the copy.
    pub fn queue(&self) -> QueueEffect {
        match (self.from, self.borrow.status()) {
            (Some((from, _)), now) if from.is_waiting() && now.is_holding() => QueueEffect::OthersWait,
            (Some((from, _)), now) if from.is_open() && !now.is_open() => QueueEffect::NextMayCome,
            _ => QueueEffect::None,
        }
    }

    /// Each event with the version that the borrow has through it.
    pub fn versioned_events(&self) -> impl Iterator<Item = (&BorrowEvent, i64)> {
        let first = self.borrow.version - self.events.len() as i64 + 1;
        self.events.iter().zip(first..)
    }
}

/// A wish for a copy, and how things stand with that copy and that member.
#[derive(Debug)]
pub struct Request<'a> {
    pub id: BorrowId,
    pub borrower: UserId,
    pub days: u16,
    pub message: Option<String>,
    pub copy: &'a Copy,
    /// Somebody has the copy, or it is kept for them.
    pub held: bool,
    /// Somebody waits in its queue.
    pub others_wait: bool,
    /// The member has an open borrow of it.
    pub asked_already: bool,
    /// Of the member: pending, queued and approved ones of any copy.
    pub open_requests: u32,
    pub recent: Recent,
    pub now: OffsetDateTime,
}

impl Borrow {
    pub fn request(request: Request<'_>, rules: &LendingRules) -> Result<Change, Refused> {
        if !(1..=LendingRules::MAX_DAYS).contains(&request.days) {
            return Err(Refused::Days);
        }
        if request.copy.owner_id == request.borrower {
            return Err(Refused::OwnBook);
        }
        if !request.copy.lends() {
            return Err(Refused::NotLendable);
        }
        if request.asked_already {
            return Err(Refused::AlreadyRequested);
        }
        if request.open_requests >= rules.max_open_requests {
            return Err(Refused::TooManyOpenRequests { limit: rules.max_open_requests });
        }
        if request.recent.today >= rules.max_requests_a_day {
            return Err(Refused::TooManyRequestsToday { limit: rules.max_requests_a_day });
        }
        let again = request.recent.asks_again_at().filter(|at| rules.cool_down && *at > request.now);
        if let Some(at) = again {
            return Err(Refused::AskAgainLater { at });
        }
        let queued = request.held || request.others_wait;
        let state = if queued { Requested::Queued } else { Requested::pending(request.now, rules) };
        let mut borrow = Borrow {
            id: request.id,
            book_id: request.copy.book_id,
            owner_id: request.copy.owner_id,
            borrower_id: request.borrower,
            days: request.days,
            message: request.message,
            requested_at: request.now,
            queued_at: request.now,
            state: State::Requested(state),
            version: 0,
        };
        let parties = borrow.parties();
        let mut events = vec![BorrowCreated { parties, days: borrow.days, queued }.into()];
        if queued {
            events.push(BorrowQueued { parties }.into());
        }
        borrow.version = events.len() as i64;
        Ok(Change { from: None, borrow, events, copy: CopyEffect::None })
    }

    pub fn parties(&self) -> Parties {
        Parties { borrow_id: self.id, book_id: self.book_id, owner_id: self.owner_id, borrower_id: self.borrower_id }
    }

    pub fn part_of(&self, actor: &Actor) -> Part {
        Part::of(actor, self.owner_id, self.borrower_id)
    }

    pub const fn status(&self) -> BorrowStatus {
        self.state.status()
    }
}

impl Requested {
    /// The owner has the whole time to answer, from now.
    pub(super) fn pending(now: OffsetDateTime, rules: &LendingRules) -> Self {
        Requested::Pending {
            expires_at: now + rules.answer_time(),
            remind_at: Some(now + rules.answer_reminder_time()),
        }
    }
}
