//! Who is told of a report, and what they must not learn.

use kernel::{BorrowId, ReportId};
use users_events::{ReportOutcome, ReportReason, UserReportAnswered, UserReported};

use super::*;
use crate::domain::telling::{Telling, report};

fn an_id<T: From<uuid::Uuid>>(nth: u128) -> T {
    uuid::Uuid::from_u128(nth).into()
}

/// Grace reports Ada.
fn answered(outcome: ReportOutcome) -> Vec<Telling> {
    let event = UserReportAnswered {
        report_id: an_id::<ReportId>(7),
        user_id: owner(),
        reporter_id: borrower(),
        borrow_id: Some(an_id::<BorrowId>(8)),
        outcome,
    };
    report::answered(&event, Some(moderator()))
}

fn in_words(telling: &Telling, language: Language) -> (String, String) {
    let pen = Pen { zone: TimeZone::UTC, language };
    let text = pen.write(telling.recipient, &telling.facts, telling.words.as_ref(), &people(language));
    (text.title, text.body)
}

#[test]
fn moderators_hear_of_a_report_with_both_names() {
    let event = UserReported {
        report_id: an_id(7),
        user_id: owner(),
        reporter_id: borrower(),
        borrow_id: None,
        reason: ReportReason::Insults,
    };
    let told = report::reported(&event, &[moderator()]);
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].recipient, told[0].data.report_id), (moderator(), Some(an_id(7))));
    assert_eq!(in_words(&told[0], Language::English).0, "Grace has reported Ada");
    assert_eq!(in_words(&told[0], Language::French).0, "Grace a signalé Ada");
}

#[test]
fn the_reporter_hears_of_the_answer_and_only_who_is_warned_of_the_warning() {
    for outcome in [ReportOutcome::Answered, ReportOutcome::Deactivated] {
        let told = answered(outcome);
        assert_eq!(told.len(), 1, "{outcome:?}");
        assert_eq!(told[0].recipient, borrower());
        assert_eq!(in_words(&told[0], Language::English).0, "A moderator has answered your report about Ada");
    }
    let told = answered(ReportOutcome::Warned);
    assert_eq!(told.iter().map(|telling| telling.recipient).collect::<Vec<_>>(), [borrower(), owner()]);
}

#[test]
fn who_is_warned_does_not_learn_by_whom_or_about_which_loan() {
    for language in Language::ALL {
        let told = answered(ReportOutcome::Warned);
        let warned = told.iter().find(|telling| telling.recipient == owner()).unwrap();
        let (title, body) = in_words(warned, language);
        assert!(!format!("{title} {body}").contains("Grace"), "{title} {body}");
        assert_eq!(warned.data, NotificationData::default());
        let kept = serde_json::to_string(&warned.facts).unwrap();
        assert!(!kept.contains(BORROWER), "{kept}");
    }
}
