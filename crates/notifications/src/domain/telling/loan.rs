//! While the book is lent, and how that ends.

use borrowing_events::{BorrowExtended, BorrowHandedOver, BorrowReturned, DisputeOutcome, ReturnCondition};
use kernel::UserId;
use time::OffsetDateTime;

use super::{Story, Telling, in_days, with_reason};

impl Story<'_> {
    /// Whoever did it knows already.
    pub(super) fn handed_over(&self, event: &BorrowHandedOver) -> Vec<Telling> {
        let Self { owner, borrower, book, .. } = self;
        let (for_borrower, for_owner) = match event.due_at.map(|due| self.day(due)) {
            Some(due) => (
                format!("{owner} handed {book} over to you. It is due back on {due}."),
                format!("{borrower} picked {book} up. It is due back on {due}."),
            ),
            None => {
                (format!("{owner} gave {book} to you for good."), format!("{borrower} picked {book} up, for good."))
            }
        };
        let both = [
            self.to_borrower(format!("You have {book}"), for_borrower),
            self.to_owner(format!("{borrower} has {book}"), for_owner),
        ];
        self.without_actor(both)
    }

    pub(super) fn asked_for_more(&self, days: u16) -> Telling {
        let Self { borrower, book, .. } = self;
        let days = in_days(days);
        self.to_owner(
            format!("{borrower} would like to keep {book} longer"),
            format!("{borrower} asks for {days} more with {book}. Please agree or refuse."),
        )
    }

    pub(super) fn not_extended(&self, reason: Option<&str>) -> Telling {
        let Self { owner, book, .. } = self;
        let text = format!("{owner} needs {book} back on the day agreed.");
        self.to_borrower(format!("{book} cannot be extended"), with_reason(text, reason))
    }

    /// An extension that the owner did not grant in person, the owner hears of as well.
    pub(super) fn extended(&self, event: &BorrowExtended) -> Vec<Telling> {
        let Self { borrower, book, .. } = self;
        let (days, due) = (in_days(event.days), self.day(event.due_at));
        let mut told = vec![self.to_borrower(
            format!("You may keep {book} longer"),
            format!("You have {days} more with {book}. It is now due back on {due}."),
        )];
        if self.actor != Some(self.parties.owner_id) {
            told.push(self.to_owner(
                format!("{borrower} keeps {book} longer"),
                format!("{book} was extended by {days}, as your rules allow. It is now due back on {due}."),
            ));
        }
        told
    }

    pub(super) fn due_soon(&self, due: OffsetDateTime) -> Telling {
        let Self { owner, book, .. } = self;
        let due = self.day(due);
        self.to_borrower(
            format!("{book} is due soon"),
            format!("Please bring {book} back to {owner} by {due}, or ask for an extension."),
        )
    }

    pub(super) fn due_today(&self, due: OffsetDateTime) -> Telling {
        let Self { owner, book, .. } = self;
        let due = self.day(due);
        self.to_borrower(format!("{book} is due today"), format!("Please bring {book} back to {owner} today, {due}."))
    }

    pub(super) fn overdue(&self, due: OffsetDateTime) -> Vec<Telling> {
        let Self { owner, borrower, book, .. } = self;
        let due = self.day(due);
        vec![
            self.to_borrower(
                format!("{book} is overdue"),
                format!("{book} was due back on {due}. Please bring it back to {owner} or get in touch."),
            ),
            self.to_owner(
                format!("{book} is overdue"),
                format!("{borrower} was to bring {book} back on {due}. We have sent a reminder."),
            ),
        ]
    }

    pub(super) fn said_to_be_back(&self) -> Telling {
        let Self { borrower, book, .. } = self;
        self.to_owner(
            format!("Is {book} back?"),
            format!(
                "{borrower} says that {book} is back with you. Please confirm it, or say that you have not received it."
            ),
        )
    }

    pub(super) fn back(&self, event: &BorrowReturned) -> Telling {
        let Self { owner, book, .. } = self;
        let body = match event.condition {
            ReturnCondition::Ok => {
                format!("{owner} has {book} back. Thank you for bringing it back in good order.")
            }
            ReturnCondition::Damaged => {
                format!("{owner} has {book} back and noted that it is damaged. Please get in touch with each other.")
            }
        };
        self.to_borrower(format!("{owner} has {book} back"), body)
    }

    pub(super) fn lost(&self) -> Vec<Telling> {
        let Self { owner, borrower, book, .. } = self;
        vec![
            self.to_borrower(
                format!("{book} is reported lost"),
                format!("{book} is recorded as lost. Please settle with {owner} how to make up for it."),
            ),
            self.to_owner(
                format!("{book} is reported lost"),
                format!("{book} is recorded as lost while {borrower} had it. Please settle it with each other."),
            ),
        ]
    }

    pub(super) fn disputed(&self, raised_by: UserId) -> Vec<Telling> {
        let Self { owner, book, .. } = self;
        let what = if raised_by == self.parties.owner_id {
            format!("{owner} says that {book} has not come back.")
        } else {
            format!("It is not agreed where {book} is.")
        };
        let body = format!("{what} A moderator will look into it; please tell them what you know.");
        let title = format!("Where is {book}?");
        vec![self.to_borrower(title.clone(), body.clone()), self.to_owner(title, body)]
    }

    pub(super) fn resolved(&self, outcome: DisputeOutcome, note: &str) -> Vec<Telling> {
        let book = &self.book;
        let finding = match outcome {
            DisputeOutcome::Returned => format!("A moderator found that {book} has come back."),
            DisputeOutcome::Lost => format!("A moderator found that {book} is lost."),
            DisputeOutcome::Active => format!("A moderator found that the loan of {book} goes on."),
        };
        let title = format!("The dispute over {book} is settled");
        let body = format!("{finding} Note: “{note}”");
        vec![self.to_borrower(title.clone(), body.clone()), self.to_owner(title, body)]
    }
}
