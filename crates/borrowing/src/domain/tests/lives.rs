//! Whatever the members do, in whatever order, some things never happen.

use std::collections::HashMap;

use borrowing_events::{CancellationCause, DisputeOutcome, ReturnCondition};
use proptest::prelude::*;

use super::*;
use crate::domain::{
    BorrowSnapshot, BorrowStatus, CopyEffect, ExtensionAnswer, Refused, Withdrawal,
    queue::{Queue, QueueEffect},
};
use crate::row::Row;

const MEMBERS: usize = 5;
const COPIES: usize = 3;

#[derive(Debug, Clone)]
enum Act {
    Request { copy: usize, days: u16 },
    Approve,
    Reject,
    Cancel,
    HandOver,
    WrongCode,
    AskExtension { days: u16 },
    AnswerExtension { grant: bool },
    DeclareReturn,
    Return { damaged: bool },
    NotReceived,
    ReportLost,
    Resolve(DisputeOutcome),
    Edit { copy: usize, lending: Lending },
    Withdraw { copy: usize },
    Tick { hours: i64 },
}

#[derive(Debug, Clone)]
struct Step {
    member: usize,
    /// Which of the borrows, modulo their number.
    borrow: usize,
    act: Act,
}

fn lending() -> impl Strategy<Value = Lending> {
    prop_oneof![
        6 => Just(Lending::Lend),
        1 => Just(Lending::Give),
        2 => Just(Lending::Off)
    ]
}

fn outcome() -> impl Strategy<Value = DisputeOutcome> {
    prop_oneof![Just(DisputeOutcome::Returned), Just(DisputeOutcome::Lost), Just(DisputeOutcome::Active)]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => (0..COPIES, 0u16..100).prop_map(|(copy, days)| Act::Request { copy, days }),
        8 => Just(Act::Approve),
        2 => Just(Act::Reject),
        2 => Just(Act::Cancel),
        6 => Just(Act::HandOver),
        1 => Just(Act::WrongCode),
        2 => (0u16..40).prop_map(|days| Act::AskExtension { days }),
        2 => any::<bool>().prop_map(|grant| Act::AnswerExtension { grant }),
        3 => Just(Act::DeclareReturn),
        4 => prop::bool::weighted(0.2).prop_map(|damaged| Act::Return { damaged }),
        1 => Just(Act::NotReceived),
        1 => Just(Act::ReportLost),
        2 => outcome().prop_map(Act::Resolve),
        1 => (0..COPIES, lending()).prop_map(|(copy, lending)| Act::Edit { copy, lending }),
        1 => (0..COPIES).prop_map(|copy| Act::Withdraw { copy }).boxed(),
        3 => (1i64..240).prop_map(|hours| Act::Tick { hours }),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..MEMBERS, 0usize..30, act()).prop_map(|(member, borrow, act)| Step { member, borrow, act });
    prop::collection::vec(step, 1..120)
}

/// A community without a database: copies, borrows and who lives there.
struct Community {
    now: OffsetDateTime,
    members: Vec<kernel::UserId>,
    copies: Vec<Copy>,
    borrows: Vec<Borrow>,
    /// Every place that was ever given.
    places: HashMap<kernel::BorrowId, OffsetDateTime>,
    /// Each borrow as its events tell it.
    snapshots: HashMap<kernel::BorrowId, BorrowSnapshot>,
    rules: LendingRules,
}

impl Community {
    fn new() -> Self {
        let members: Vec<_> = (0..MEMBERS).map(|_| somebody()).collect();
        let copies = (0..COPIES).map(|n| Copy { owner_id: members[n], ..a_copy() }).collect();
        Self {
            now: NOON,
            members,
            copies,
            borrows: Vec::new(),
            places: HashMap::new(),
            snapshots: HashMap::new(),
            rules: LendingRules { max_open_requests: 2, ..rules() },
        }
    }

    fn open_of(&self, copy: &Copy) -> Vec<Borrow> {
        self.borrows.iter().filter(|b| b.book_id == copy.book_id && b.status().is_open()).cloned().collect()
    }

    fn copy_of(&self, borrow: &Borrow) -> usize {
        self.copies.iter().position(|c| c.book_id == borrow.book_id).unwrap()
    }

    fn step(&mut self, step: &Step) -> Result<(), TestCaseError> {
        self.now += Duration::minutes(1);
        match step.act {
            Act::Request { copy, days } => self.request(step.member, copy, days),
            Act::Edit { copy, lending } => {
                self.copies[copy].lending = lending;
                self.copies[copy].set_aside_at = None;
                self.put_forward(copy)
            }
            Act::Withdraw { copy } => self.withdraw(copy),
            Act::Tick { hours } => self.tick(hours),
            _ => self.command(step),
        }
    }

    fn request(&mut self, member: usize, copy: usize, days: u16) -> Result<(), TestCaseError> {
        let copy = self.copies[copy].clone();
        let open = self.open_of(&copy);
        let borrower = self.members[member];
        let asked = |b: &&Borrow| b.borrower_id == borrower && b.status().is_open();
        let request = Request {
            id: kernel::BorrowId::new(self.now),
            borrower,
            days,
            message: None,
            held: open.iter().any(|b| b.status().is_holding()),
            others_wait: open.iter().any(|b| b.status() == BorrowStatus::Queued),
            asked_already: open.iter().any(|b| b.borrower_id == borrower),
            open_requests: self.borrows.iter().filter(asked).count() as u32,
            recent: Recent::default(),
            copy: &copy,
            now: self.now,
        };
        match Borrow::request(request, &self.rules) {
            Ok(change) => self.apply(change),
            Err(_) => Ok(()),
        }
    }

    fn command(&mut self, step: &Step) -> Result<(), TestCaseError> {
        if self.borrows.is_empty() {
            return Ok(());
        }
        let borrow = self.borrows[step.borrow % self.borrows.len()].clone();
        let member = self.members[step.member];
        let part = match member {
            m if m == borrow.owner_id => Part::Owner,
            m if m == borrow.borrower_id => Part::Borrower,
            _ if step.member == 0 => Part::Moderator,
            _ => Part::Stranger,
        };
        let closed = !borrow.status().is_open();
        match self.decide(&step.act, &borrow, part) {
            Ok(change) => {
                prop_assert!(!closed, "{:?} led out of {}", step.act, borrow.status());
                prop_assert!(part != Part::Stranger, "a stranger did {:?}", step.act);
                self.apply(change)
            }
            Err(refused) => {
                if part == Part::Stranger {
                    prop_assert_eq!(refused, Refused::NotFound);
                }
                Ok(())
            }
        }
    }

    fn decide(&self, act: &Act, borrow: &Borrow, part: Part) -> Result<Change, Refused> {
        let copy = &self.copies[self.copy_of(borrow)];
        let open = self.open_of(copy);
        let held = open.iter().any(|b| b.status().is_holding());
        let waiting = open.iter().any(|b| b.status() == BorrowStatus::Queued);
        let now = self.now;
        match act {
            Act::Approve => borrow.approve(part, an_approval(), held, now, &self.rules),
            Act::Reject => borrow.reject(part, None, now),
            Act::Cancel => borrow.cancel(part, None, now),
            Act::HandOver => {
                let by = borrow.hand_over_by(part, Some(CODE))?;
                borrow.hand_over(by, copy.lending, now, &self.rules)
            }
            Act::WrongCode => {
                let by = borrow.hand_over_by(part, Some("999999"))?;
                borrow.hand_over(by, copy.lending, now, &self.rules)
            }
            Act::AskExtension { days } => borrow.request_extension(part, *days, waiting, now, &self.rules),
            Act::AnswerExtension { grant } => {
                let answer = match grant {
                    true => ExtensionAnswer::Granted,
                    false => ExtensionAnswer::Refused { reason: None },
                };
                borrow.answer_extension(part, answer, now, &self.rules)
            }
            Act::DeclareReturn => borrow.declare_return(part, now),
            Act::Return { damaged } => {
                let condition = match damaged {
                    true => ReturnCondition::Damaged,
                    false => ReturnCondition::Ok,
                };
                borrow.confirm_return(part, condition, None, now)
            }
            Act::NotReceived => borrow.mark_not_received(part),
            Act::ReportLost => borrow.report_lost(part, None, now),
            Act::Resolve(outcome) => borrow.resolve(part, finding(*outcome), now, &self.rules),
            Act::Request { .. } | Act::Edit { .. } | Act::Withdraw { .. } | Act::Tick { .. } => {
                unreachable!("not a command on a borrow")
            }
        }
    }

    fn withdraw(&mut self, copy: usize) -> Result<(), TestCaseError> {
        let open = self.open_of(&self.copies[copy]);
        if open.iter().any(|b| b.status().is_holding()) {
            return Ok(());
        }
        self.copies[copy].withdrawn = Some(Withdrawal::Deleting);
        self.cancel_waiting(copy, CancellationCause::BookGone)
    }

    fn tick(&mut self, hours: i64) -> Result<(), TestCaseError> {
        self.now += Duration::hours(hours);
        for n in 0..self.borrows.len() {
            let borrow = self.borrows[n].clone();
            if let Some(change) = borrow.expire(self.now) {
                self.apply(change)?;
            } else if let Some(reminder) = borrow.reminder(self.now, &self.rules) {
                prop_assert_eq!(reminder.change.borrow.status(), borrow.status());
                self.apply(reminder.change)?;
            }
        }
        Ok(())
    }

    /// What the handlers do with a change, in the same order.
    fn apply(&mut self, change: Change) -> Result<(), TestCaseError> {
        let queue = change.queue();
        let effect = change.copy;
        let id = change.borrow.id;
        self.store(change)?;
        let copy = {
            let borrow = self.borrows.iter().find(|b| b.id == id).unwrap().clone();
            self.copy_of(&borrow)
        };
        match effect {
            CopyEffect::None => {}
            CopyEffect::SetAside => self.copies[copy].set_aside_at = Some(self.now),
            CopyEffect::Withdraw(why) => {
                self.copies[copy].withdrawn = Some(why);
                self.cancel_waiting(copy, why.cause())?;
            }
        }
        match queue {
            QueueEffect::None => Ok(()),
            QueueEffect::OthersWait => {
                let open = self.open_of(&self.copies[copy]);
                let queue = Queue { copy: &self.copies[copy], open: &open };
                for change in queue.make_pending_wait().unwrap() {
                    self.store(change)?;
                }
                Ok(())
            }
            QueueEffect::NextMayCome => self.put_forward(copy),
        }
    }

    fn put_forward(&mut self, copy: usize) -> Result<(), TestCaseError> {
        let open = self.open_of(&self.copies[copy]);
        let queue = Queue { copy: &self.copies[copy], open: &open };
        match queue.promote_next(self.now, &self.rules).unwrap() {
            None => Ok(()),
            Some(change) => {
                let oldest = open.iter().filter(|b| b.status() == BorrowStatus::Queued).map(Borrow::place).min();
                prop_assert_eq!(Some(change.borrow.place()), oldest, "oldest first");
                self.store(change)
            }
        }
    }

    fn cancel_waiting(&mut self, copy: usize, cause: CancellationCause) -> Result<(), TestCaseError> {
        let open = self.open_of(&self.copies[copy]);
        let queue = Queue { copy: &self.copies[copy], open: &open };
        for change in queue.cancel_waiting(cause, self.now).unwrap() {
            self.store(change)?;
        }
        Ok(())
    }

    /// Guarded as the SQL is.
    fn store(&mut self, change: Change) -> Result<(), TestCaseError> {
        prop_assert!(!change.events.is_empty());
        let versions: Vec<i64> = change.versioned_events().map(|(_, v)| v).collect();
        prop_assert_eq!(versions.last(), Some(&change.borrow.version));
        let told = self.snapshots.remove(&change.borrow.id);
        let told = change.events.iter().fold(told, BorrowSnapshot::after).expect("it begins with borrow.created");
        prop_assert_eq!(&told, &BorrowSnapshot::of(&change.borrow), "the events tell another state");
        self.snapshots.insert(change.borrow.id, told);
        match change.from {
            None => self.borrows.push(change.borrow),
            Some(from) => {
                let stored = self.borrows.iter_mut().find(|b| b.id == change.borrow.id).unwrap();
                prop_assert_eq!(from, (stored.status(), stored.version));
                prop_assert!(versions[0] == stored.version + 1);
                *stored = change.borrow;
            }
        }
        Ok(())
    }

    fn holds_together(&mut self) -> Result<(), TestCaseError> {
        for borrow in &self.borrows {
            let place = self.places.entry(borrow.id).or_insert(borrow.queued_at);
            prop_assert_eq!(*place, borrow.queued_at, "a place in the queue is for ever");
            let row = Row::of(borrow);
            fields_fit_the_state(&row, borrow.status())?;
            prop_assert_eq!(&Borrow::try_from(row), &Ok(borrow.clone()), "the row is the borrow");
        }
        for copy in &self.copies {
            let open = self.open_of(copy);
            let count = |f: fn(&Borrow) -> bool| open.iter().filter(|b| f(b)).count();
            let held = count(|b| b.status().is_holding());
            let pending = count(|b| b.status() == BorrowStatus::Pending);
            let queued = count(|b| b.status() == BorrowStatus::Queued);
            prop_assert!(held <= 1, "a copy is held twice");
            prop_assert!(held == 0 || pending == 0, "pending although the copy is held");
            prop_assert!(!copy.lends() || queued == 0 || held + pending > 0, "somebody waits for a copy that is free");
            if copy.withdrawn.is_some() {
                prop_assert_eq!(open.len(), 0, "a withdrawn copy has open borrows");
            }
            for borrow in &open {
                let same = |b: &&Borrow| b.borrower_id == borrow.borrower_id;
                prop_assert_eq!(open.iter().filter(same).count(), 1, "asked twice");
                prop_assert_ne!(borrow.borrower_id, copy.owner_id);
            }
        }
        Ok(())
    }
}

fn fields_fit_the_state(borrow: &Row, status: BorrowStatus) -> Result<(), TestCaseError> {
    use BorrowStatus::*;
    prop_assert_eq!(borrow.closed_at.is_some(), !status.is_open(), "{}", status);
    prop_assert_eq!(borrow.expires_at.is_some(), matches!(status, Pending | Approved), "{}", status);
    if status.is_holding() {
        prop_assert!(borrow.approved_at.is_some() && borrow.pickup_by.is_some());
    }
    if matches!(status, Active | ReturnPending | Disputed | Lost) {
        prop_assert!(borrow.handed_over_at.is_some() && borrow.due_at.is_some());
    }
    prop_assert!(borrow.hand_over_code.is_none() || status == Approved, "a code outlives its use");
    prop_assert!(borrow.remind_at.is_none() || matches!(status, Pending | Active));
    prop_assert!(borrow.extension_asked.is_none() || status == Active);
    prop_assert!(borrow.extensions <= 2);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_copy_is_held_twice_no_place_is_lost_and_no_state_is_illegal(steps in steps()) {
        let mut community = Community::new();
        for step in &steps {
            let closed: Vec<Borrow> = community
                .borrows
                .iter()
                .filter(|b| !b.status().is_open())
                .cloned()
                .collect();
            community.step(step)?;
            community.holds_together()?;
            for before in closed {
                let after = community.borrows.iter().find(|b| b.id == before.id);
                prop_assert_eq!(after, Some(&before), "a closed borrow changed");
            }
        }
    }
}
