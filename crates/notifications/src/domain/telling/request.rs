//! Until the book changes hands, or nothing comes of it.

use borrowing_events::{BorrowApproved, BorrowCancelled};

use super::{Story, Telling, in_days, with_reason};

impl Story<'_> {
    pub(super) fn asked(&self, days: u16) -> Telling {
        let Self { borrower, book, .. } = self;
        self.to_owner(
            format!("{borrower} asks for {book}"),
            format!("{borrower} would like to borrow {book} for {}. Please approve or decline.", in_days(days)),
        )
    }

    pub(super) fn waits(&self) -> Telling {
        let book = &self.book;
        self.to_borrower(
            format!("You are in the queue for {book}"),
            format!("{book} is promised to somebody else. You keep your place and hear from us when it is your turn."),
        )
    }

    pub(super) fn first_in_line(&self) -> Vec<Telling> {
        let Self { owner, borrower, book, .. } = self;
        vec![
            self.to_borrower(
                format!("You are next for {book}"),
                format!("{book} is free again and you are first in the queue; {owner} has been asked to answer."),
            ),
            self.to_owner(
                format!("{borrower} is next for {book}"),
                format!("{borrower} has waited in the queue for {book}. Please approve or decline."),
            ),
        ]
    }

    pub(super) fn still_unanswered(&self) -> Telling {
        let Self { borrower, book, .. } = self;
        self.to_owner(
            format!("{borrower} is waiting for your answer"),
            format!("{borrower} asked for {book} some days ago. Please approve or decline before the request expires."),
        )
    }

    pub(super) fn approved(&self, event: &BorrowApproved) -> Telling {
        let Self { owner, book, .. } = self;
        let by = self.day(event.pickup_by);
        let place = event.place.as_ref();
        let place = place.map_or_else(String::new, |place| format!(" Where: {place}."));
        self.to_borrower(
            format!("{owner} lends you {book}"),
            format!("{owner} approved your request. Please pick {book} up by {by}.{place}"),
        )
    }

    pub(super) fn rejected(&self, reason: Option<&str>) -> Telling {
        let Self { owner, book, .. } = self;
        let text = format!("{owner} declined your request for {book}.");
        self.to_borrower(format!("{owner} cannot lend you {book}"), with_reason(text, reason))
    }

    /// Whoever did it knows already; when nobody did, both are told.
    pub(super) fn cancelled(&self, event: &BorrowCancelled) -> Vec<Telling> {
        let Self { owner, borrower, book, parties, .. } = self;
        let (for_borrower, for_owner) = match event.cancelled_by {
            Some(by) if by == parties.owner_id => (
                format!("{owner} cancelled your borrow of {book}."),
                format!("You cancelled {borrower}'s borrow of {book}."),
            ),
            Some(by) if by == parties.borrower_id => {
                (format!("You cancelled your borrow of {book}."), format!("{borrower} no longer needs {book}."))
            }
            Some(_) | None => (
                format!("{book} is no longer to be had, so your borrow was cancelled."),
                format!("{borrower}'s borrow of {book} was cancelled."),
            ),
        };
        let reason = event.reason.as_deref();
        let both = [
            self.to_borrower(format!("Your borrow of {book} is cancelled"), with_reason(for_borrower, reason)),
            self.to_owner(format!("{borrower}'s borrow of {book} is cancelled"), with_reason(for_owner, reason)),
        ];
        self.without_actor(both).into_iter().filter(|telling| event.cancelled_by != Some(telling.recipient)).collect()
    }

    pub(super) fn expired(&self, held: bool) -> Vec<Telling> {
        let Self { owner, borrower, book, .. } = self;
        let (for_borrower, for_owner) = if held {
            (
                format!("{book} was not picked up in time, so it is free for others again."),
                format!("{borrower} did not pick {book} up in time. It is free for others again."),
            )
        } else {
            (
                format!("{owner} did not answer in time. You are welcome to ask again."),
                format!("You did not answer {borrower} in time, so the request has ended."),
            )
        };
        vec![
            self.to_borrower(format!("Your request for {book} has expired"), for_borrower),
            self.to_owner(format!("{borrower}'s request for {book} has expired"), for_owner),
        ]
    }
}
