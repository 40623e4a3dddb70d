//! Who is told of a report. What it says, and what moderators make of it, is read where it stands.

use kernel::UserId;
use users_events::{ReportOutcome, UserReportAnswered, UserReported};

use super::Telling;
use crate::domain::facts::{Facts, NotificationData};

/// To moderators who are neither of the two.
pub(crate) fn reported(event: &UserReported, moderators: &[UserId]) -> Vec<Telling> {
    let data = NotificationData {
        borrow_id: event.borrow_id,
        report_id: Some(event.report_id),
        ..NotificationData::default()
    };
    let facts = Facts::of_report(Facts::REPORTED, event.report_id, (event.user_id, event.reporter_id));
    moderators
        .iter()
        .map(|moderator| Telling { recipient: *moderator, facts: facts.clone(), words: None, data })
        .collect()
}

/// The reporter is told that there is an answer. Who is warned is told that, and neither who reported them nor what it was
/// about: both would say who.
pub(crate) fn answered(event: &UserReportAnswered, moderator: Option<UserId>) -> Vec<Telling> {
    let facts = |text, reporter| Facts::of_report(text, event.report_id, (event.user_id, reporter));
    let data = NotificationData { report_id: Some(event.report_id), ..NotificationData::default() };
    let mut told = vec![Telling {
        recipient: event.reporter_id,
        facts: facts("report-answered", event.reporter_id),
        words: None,
        data,
    }];
    match event.outcome {
        ReportOutcome::Warned => told.push(Telling {
            recipient: event.user_id,
            facts: Facts { moderator, ..facts(Facts::WARNED, event.user_id) },
            words: None,
            data: NotificationData::default(),
        }),
        // Who is deactivated reads no inbox.
        ReportOutcome::Answered | ReportOutcome::Deactivated => {}
    }
    told
}
