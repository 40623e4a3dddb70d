//! One request for a copy and the loan that may come of it.

use borrowing_events::{BorrowCreated, BorrowEvent, BorrowQueued, DisputeOutcome, Parties, ReturnCondition};
use kernel::{Actor, BookId, BorrowId, Permission, UserId};
use time::OffsetDateTime;

use super::{BorrowStatus, Copy, HandOverCode, LendingRules, Refused, Withdrawal, queue::QueueEffect};

#[derive(Debug, Clone, PartialEq)]
pub struct Borrow {
    pub id: BorrowId,
    pub book_id: BookId,
    pub owner_id: UserId,
    pub borrower_id: UserId,
    pub status: BorrowStatus,
    /// Days asked for, and granted at the hand-over.
    pub days: u16,
    pub message: Option<String>,
    pub requested_at: OffsetDateTime,
    /// With the id its place in the queue. Set once, at the request, so that nothing can lose it.
    pub queued_at: OffsetDateTime,
    pub approved_at: Option<OffsetDateTime>,
    pub pickup_by: Option<OffsetDateTime>,
    pub place: Option<String>,
    /// While it is good for something.
    pub code: Option<HandOverCode>,
    pub wrong_codes: i16,
    pub handed_over_at: Option<OffsetDateTime>,
    pub due_at: Option<OffsetDateTime>,
    /// When the late clock stopped.
    pub return_declared_at: Option<OffsetDateTime>,
    pub returned_at: Option<OffsetDateTime>,
    pub closed_at: Option<OffsetDateTime>,
    /// In a person's words, or ours where no person closed it.
    pub closed_reason: Option<String>,
    pub condition: Option<ReturnCondition>,
    /// What one of the two wrote at the return or the loss.
    pub note: Option<String>,
    pub note_by: Option<UserId>,
    /// The last settlement of a dispute.
    pub resolution: Option<Resolution>,
    /// How often it was extended.
    pub extensions: u16,
    /// Days more that the borrower asked for and the owner has not answered.
    pub extension_asked: Option<u16>,
    /// When it runs out unless somebody acts.
    pub expires_at: Option<OffsetDateTime>,
    /// When there is something to be reminded of.
    pub remind_at: Option<OffsetDateTime>,
    /// How many events it has.
    pub version: i64,
}

/// What a moderator decided where the two did not agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    pub outcome: DisputeOutcome,
    /// `None`: a settlement from before the moderator was stored.
    pub by: Option<UserId>,
    /// The finding. `None`: a settlement from before findings were kept apart from notes, overwritten since.
    pub note: Option<String>,
    pub at: OffsetDateTime,
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
    pub(super) fn of(before: &Borrow, mut after: Borrow, events: Vec<BorrowEvent>) -> Self {
        after.version = before.version + events.len() as i64;
        Self { from: Some((before.status, before.version)), borrow: after, events, copy: CopyEffect::None }
    }

    pub(super) fn with_copy(mut self, effect: CopyEffect) -> Self {
        self.copy = effect;
        self
    }

    /// What it means for the others who wait for the copy.
    pub fn queue(&self) -> QueueEffect {
        match (self.from, self.borrow.status) {
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
        let queued = request.held || request.others_wait;
        let mut borrow = Borrow {
            id: request.id,
            book_id: request.copy.book_id,
            owner_id: request.copy.owner_id,
            borrower_id: request.borrower,
            status: BorrowStatus::Queued,
            days: request.days,
            message: request.message,
            requested_at: request.now,
            queued_at: request.now,
            approved_at: None,
            pickup_by: None,
            place: None,
            code: None,
            wrong_codes: 0,
            handed_over_at: None,
            due_at: None,
            return_declared_at: None,
            returned_at: None,
            closed_at: None,
            closed_reason: None,
            condition: None,
            note: None,
            note_by: None,
            resolution: None,
            extensions: 0,
            extension_asked: None,
            expires_at: None,
            remind_at: None,
            version: 0,
        };
        let parties = borrow.parties();
        let mut events = vec![BorrowCreated { parties, days: borrow.days, queued }.into()];
        if queued {
            events.push(BorrowQueued { parties }.into());
        } else {
            borrow.become_pending(request.now, rules);
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

    pub(super) fn become_pending(&mut self, now: OffsetDateTime, rules: &LendingRules) {
        self.status = BorrowStatus::Pending;
        self.expires_at = Some(now + rules.answer_time());
        self.remind_at = Some(now + rules.answer_reminder_time());
    }

    /// Closes it: no clock runs on, no code is good, nothing waits for an answer.
    pub(super) fn close(&mut self, status: BorrowStatus, now: OffsetDateTime) {
        self.status = status;
        self.closed_at = Some(now);
        self.stop_clocks();
        self.code = None;
    }

    pub(super) fn stop_clocks(&mut self) {
        self.expires_at = None;
        self.remind_at = None;
        self.extension_asked = None;
    }
}
