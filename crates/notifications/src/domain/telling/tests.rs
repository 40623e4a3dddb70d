mod kept;
mod reports;
mod written;

use std::collections::BTreeSet;

use borrowing_events::*;
use jiff::tz::TimeZone;
use kernel::{Event, UserId};
use time::macros::datetime;

use wording::Language;

use super::{Cast, about_borrow};
use crate::domain::facts::{Facts, Known, NotificationData, People, Words, WordsAre};
use crate::domain::words::{Pen, source};

const OWNER: &str = "01936f8e-0000-7000-8000-000000000001";
const BORROWER: &str = "01936f8e-0000-7000-8000-000000000002";

fn owner() -> UserId {
    OWNER.parse().unwrap()
}

fn borrower() -> UserId {
    BORROWER.parse().unwrap()
}

fn moderator() -> UserId {
    "01936f8e-0000-7000-8000-000000000003".parse().unwrap()
}

/// The checked-in sample: Ada lends “Emma” to Grace.
fn sample(name: &str) -> BorrowEvent {
    let published = BorrowEvent::PUBLISHED.iter().find(|p| p.name == name);
    let published = published.expect(name);
    let payload = serde_json::from_str(published.sample).unwrap();
    BorrowEvent::decode(name, published.version, &payload).unwrap().unwrap()
}

fn cast() -> Cast {
    Cast { book: Some("Emma".to_owned()), moderators: vec![moderator()] }
}

/// A telling as its recipient reads it.
#[derive(Debug, PartialEq)]
struct Read {
    recipient: UserId,
    title: String,
    body: String,
    data: NotificationData,
}

fn known(name: &str, language: Language) -> Known {
    Known { name: name.to_owned(), language: language.tag().to_owned(), left: false }
}

fn left() -> Known {
    Known { name: String::new(), language: String::new(), left: true }
}

/// All of them speak `language`.
fn people(language: Language) -> People {
    [(owner(), "Ada"), (borrower(), "Grace"), (moderator(), "Mia")]
        .map(|(id, name)| (id, known(name, language)))
        .into_iter()
        .collect()
}

fn read(event: &BorrowEvent, actor: Option<UserId>, cast: &Cast, people: &People, zone: TimeZone) -> Vec<Read> {
    let pen = Pen { zone, language: Language::English };
    let read = about_borrow(event, actor, cast).into_iter().map(|telling| {
        let text = pen.write(telling.recipient, &telling.facts, telling.words.as_ref(), people);
        Read { recipient: telling.recipient, title: text.title, body: text.body, data: telling.data }
    });
    read.collect()
}

fn told_in(language: Language, event: &BorrowEvent, actor: Option<UserId>) -> Vec<Read> {
    read(event, actor, &cast(), &people(language), TimeZone::get("Europe/Berlin").unwrap())
}

fn told_by(event: &BorrowEvent, actor: Option<UserId>) -> Vec<Read> {
    told_in(Language::English, event, actor)
}

fn told(event: &BorrowEvent) -> Vec<Read> {
    told_by(event, None)
}

fn recipients(tellings: &[Read]) -> Vec<&'static str> {
    tellings
        .iter()
        .map(|telling| match telling.recipient {
            user if user == owner() => "owner",
            user if user == borrower() => "borrower",
            user if user == moderator() => "moderator",
            user => panic!("{user} has nothing to do with it"),
        })
        .collect()
}

fn only(tellings: Vec<Read>) -> Read {
    assert_eq!(tellings.len(), 1, "{tellings:?}");
    tellings.into_iter().next().unwrap()
}

fn parties() -> Parties {
    *sample("borrow.created").parties()
}

#[test]
fn each_event_is_told_to_those_it_concerns() {
    let expected: &[(&str, &[&str])] = &[
        ("borrow.created", &["owner"]),
        ("borrow.queued", &["borrower"]),
        ("borrow.promoted", &["borrower", "owner"]),
        ("borrow.answer_reminder", &["owner"]),
        ("borrow.approved", &["borrower"]),
        ("borrow.rejected", &["borrower"]),
        ("borrow.handed_over", &["borrower", "owner"]),
        ("borrow.extension_requested", &["owner"]),
        ("borrow.extension_refused", &["borrower"]),
        ("borrow.extended", &["borrower", "owner"]),
        ("borrow.due_soon", &["borrower"]),
        ("borrow.due_today", &["borrower"]),
        ("borrow.overdue", &["borrower", "owner"]),
        ("borrow.return_declared", &["owner"]),
        ("borrow.returned", &["borrower"]),
        ("borrow.cancelled", &["owner"]),
        ("borrow.expired", &["borrower", "owner"]),
        ("borrow.lost", &["borrower", "owner"]),
        ("borrow.disputed", &["borrower", "owner", "moderator"]),
        ("borrow.resolved", &["borrower", "owner"]),
        // The borrower wrote it.
        ("borrow.message_sent", &["owner", "moderator"]),
        ("borrow.messages_read", &[]),
    ];
    let published: Vec<_> = BorrowEvent::PUBLISHED.iter().map(|p| p.name).collect();
    let covered: Vec<_> = expected.iter().map(|(name, _)| *name).collect();
    assert_eq!(published, covered, "every event is decided on");
    for (name, who) in expected {
        assert_eq!(&recipients(&told(&sample(name))), who, "{name}");
    }
}

/// Every way in which a borrow may go on.
fn everything_that_happens() -> Vec<BorrowEvent> {
    let mut all: Vec<BorrowEvent> = BorrowEvent::PUBLISHED.iter().map(|published| sample(published.name)).collect();
    let cancelled = |cancelled_by, reason: Option<&str>| -> BorrowEvent {
        BorrowCancelled { parties: parties(), cancelled_by, reason: reason.map(str::to_owned), held: false }.into()
    };
    all.push(BorrowHandedOver { parties: parties(), due_at: None }.into());
    all.push(BorrowReturned { parties: parties(), condition: ReturnCondition::Ok }.into());
    all.push(BorrowReturned { parties: parties(), condition: ReturnCondition::Damaged }.into());
    all.push(BorrowRejected { parties: parties(), reason: None }.into());
    all.extend([owner(), borrower(), moderator()].map(written::message));
    all.push(cancelled(Some(owner()), None));
    all.push(cancelled(Some(borrower()), Some("I have one")));
    all.push(cancelled(None, None));
    all.extend(CancellationCause::ALL.map(|cause| cancelled(None, Some(cause.as_str()))));
    all.extend([false, true].map(|held| BorrowExpired { parties: parties(), held }.into()));
    all.extend([owner(), borrower()].map(|raised_by| BorrowDisputed { parties: parties(), raised_by }.into()));
    all.extend(
        [DisputeOutcome::Returned, DisputeOutcome::Lost, DisputeOutcome::Active]
            .map(|outcome| BorrowResolved { parties: parties(), outcome, note: "Both agree".to_owned() }.into()),
    );
    all
}

#[test]
fn every_text_names_the_book_and_leads_to_the_borrow() {
    for (language, book) in [(Language::English, "“Emma”"), (Language::French, "«\u{a0}Emma\u{a0}»")] {
        for event in everything_that_happens() {
            for telling in told_in(language, &event, None) {
                let text = format!("{} {}", telling.title, telling.body);
                assert!(text.contains(book), "{}: {text}", event.name());
                assert!(text.ends_with(['.', '”', '?', '»']), "{text}");
                assert_eq!(telling.data.borrow_id, Some(parties().borrow_id));
                assert_eq!(telling.data.book_id, Some(parties().book_id));
            }
        }
    }
}

#[test]
fn every_language_has_every_text() {
    wording::assert_complete(source);
}

#[test]
fn each_event_has_a_title_of_its_own() {
    for language in Language::ALL {
        let told = BorrowEvent::PUBLISHED.iter().map(|p| told_in(language, &sample(p.name), None));
        let told: Vec<Read> = told.flatten().collect();
        let titles: BTreeSet<_> = told.iter().map(|t| (t.recipient, &t.title)).collect();
        assert_eq!(titles.len(), told.len());
    }
}

#[test]
fn each_reads_in_their_own_language() {
    let people = [(owner(), known("Ada", Language::English)), (borrower(), known("Grace", Language::French))];
    let titles: Vec<String> =
        read(&sample("borrow.overdue"), None, &cast(), &people.into_iter().collect(), TimeZone::UTC)
            .into_iter()
            .map(|read| read.title)
            .collect();
    assert_eq!(titles, ["«\u{a0}Emma\u{a0}» est en retard", "“Emma” is overdue"]);
}

#[test]
fn french_has_its_own_plurals_dates_and_spaces() {
    let french = |event: BorrowEvent| only(told_in(Language::French, &event, Some(owner()))).body;
    let request = |days| BorrowCreated { parties: parties(), days, queued: false };
    assert_eq!(
        french(request(1).into()),
        "Grace souhaite emprunter «\u{a0}Emma\u{a0}» pendant 1 jour. Merci d’accepter ou de refuser."
    );
    assert!(french(request(21).into()).contains("pendant 21 jours."));
    let approved =
        |pickup_by, place: &str| BorrowApproved { parties: parties(), pickup_by, place: Some(place.to_owned()) };
    assert_eq!(
        french(approved(datetime!(2026-12-12 22:59:59 UTC), "La boulangerie").into()),
        "Ada a accepté votre demande. Merci de venir chercher «\u{a0}Emma\u{a0}» au plus tard le samedi 12 décembre 2026. \
        Lieu\u{a0}: La boulangerie."
    );
    assert!(french(approved(datetime!(2026-12-01 12:00 UTC), "Ici").into()).contains("le mardi 1er décembre 2026."));
    let rejected = BorrowRejected { parties: parties(), reason: Some("Ma tante l’a".to_owned()) };
    assert!(french(rejected.into()).ends_with(" Motif\u{a0}: «\u{a0}Ma tante l’a\u{a0}»"));
}

#[test]
fn why_a_request_ended_that_nobody_cancelled_is_said_in_words() {
    let gone = |reason: &str| BorrowCancelled {
        parties: parties(),
        cancelled_by: None,
        reason: Some(reason.to_owned()),
        held: false,
    };
    let body = |language, reason| told_in(language, &gone(reason).into(), Some(owner()))[0].body.clone();
    assert_eq!(
        body(Language::English, "book_given"),
        "Your borrow of “Emma” was cancelled. The book was given to somebody."
    );
    assert!(body(Language::French, "member_left").ends_with(" Un membre a quitté la communauté."));
    assert!(!body(Language::French, "The book is no longer there.").contains("there"), "as older events have it");
}

/// The book is on its owner's shelf, and neither of the two may be told that one of them blocks the other.
#[test]
fn a_request_that_is_not_possible_any_more_ends_without_a_word_that_is_false() {
    let ended = BorrowCancelled {
        parties: parties(),
        cancelled_by: None,
        reason: Some(CancellationCause::NotPossible.as_str().to_owned()),
        held: false,
    };
    let bodies = |language| -> Vec<String> {
        told_in(language, &ended.clone().into(), None).into_iter().map(|telling| telling.body).collect()
    };
    assert_eq!(
        bodies(Language::English),
        [
            "Your borrow of “Emma” was cancelled. It is not possible at present.",
            "Grace’s borrow of “Emma” was cancelled. It is not possible at present."
        ]
    );
    for body in bodies(Language::French) {
        assert!(body.ends_with(" Ce n’est pas possible pour le moment."), "{body}");
    }
}

#[test]
fn an_owner_is_asked_with_the_days_and_the_name() {
    let telling = only(told(&sample("borrow.created")));
    assert_eq!(telling.title, "Grace asks for “Emma”");
    assert_eq!(telling.body, "Grace would like to borrow “Emma” for 21 days. Please approve or decline.");
}

#[test]
fn an_owner_hears_nothing_of_a_request_that_has_to_wait() {
    let waiting = BorrowCreated { parties: parties(), days: 1, queued: true };
    assert_eq!(told(&waiting.into()), Vec::new());
}

#[test]
fn one_day_is_not_days() {
    let request = BorrowCreated { parties: parties(), days: 1, queued: false };
    assert!(only(told(&request.into())).body.contains("for 1 day. Please"));
}

#[test]
fn a_pickup_date_is_in_words_and_in_the_communitys_zone() {
    // 23:59:59 of the 12th in Berlin; the place is the owner's.
    let approved = BorrowApproved {
        parties: parties(),
        pickup_by: datetime!(2026-12-12 22:59:59 UTC),
        place: Some("The bakery".to_owned()),
    };
    assert_eq!(
        only(told(&approved.into())).body,
        "Ada approved your request. Please pick “Emma” up by Saturday, 12 December 2026. Where: The bakery."
    );
}

#[test]
fn the_end_of_a_day_in_the_west_is_not_the_day_after() {
    let due = BorrowDueToday { parties: parties(), due_at: datetime!(2026-12-13 04:59:59 UTC) };
    let zone = TimeZone::get("America/New_York").unwrap();
    let told = read(&due.into(), None, &cast(), &People::default(), zone);
    assert!(only(told).body.contains("Saturday, 12 December 2026"));
}

#[test]
fn a_hand_over_is_told_to_whom_did_not_do_it() {
    let event = sample("borrow.handed_over");
    assert_eq!(recipients(&told_by(&event, Some(owner()))), ["borrower"]);
    assert_eq!(recipients(&told_by(&event, Some(borrower()))), ["owner"]);
    assert_eq!(
        told_by(&event, Some(owner()))[0].body,
        "Ada handed “Emma” over to you. It is due back on Saturday, 12 December 2026."
    );
}

#[test]
fn a_gift_has_no_due_date() {
    let gift = BorrowHandedOver { parties: parties(), due_at: None };
    for telling in told(&gift.into()) {
        assert!(telling.body.contains("for good"), "{telling:?}");
        assert!(!telling.body.contains("due"), "{telling:?}");
    }
}

#[test]
fn an_extension_is_told_to_the_owner_only_when_the_rules_granted_it() {
    let event = sample("borrow.extended");
    assert_eq!(recipients(&told_by(&event, Some(owner()))), ["borrower"]);
    assert_eq!(recipients(&told_by(&event, Some(borrower()))), ["borrower", "owner"]);
}

#[test]
fn a_reason_is_passed_on_word_by_word() {
    let rejected = BorrowRejected { parties: parties(), reason: Some("My aunt has it".to_owned()) };
    let body = only(told(&rejected.into())).body;
    assert_eq!(body, "Ada declined your request for “Emma”. Reason: “My aunt has it”");
}

#[test]
fn a_cancellation_is_told_to_the_other_party() {
    let cancelled = |by| BorrowCancelled { parties: parties(), cancelled_by: by, reason: None, held: false };
    let by_owner = cancelled(Some(owner())).into();
    assert_eq!(recipients(&told(&by_owner)), ["borrower"]);
    let by_borrower = cancelled(Some(borrower())).into();
    assert_eq!(recipients(&told(&by_borrower)), ["owner"]);
    let by_nobody = cancelled(None).into();
    assert_eq!(recipients(&told(&by_nobody)), ["borrower", "owner"]);
    // The owner withdrew the book: nobody cancelled the borrow as such, and the owner knows.
    assert_eq!(recipients(&told_by(&by_nobody, Some(owner()))), ["borrower"]);
}

#[test]
fn expiry_says_whose_silence_it_was() {
    let expired = |held| BorrowExpired { parties: parties(), held };
    let unanswered = told(&expired(false).into());
    assert!(unanswered[0].body.starts_with("Ada did not answer in time."));
    let not_picked_up = told(&expired(true).into());
    assert!(not_picked_up[1].body.starts_with("Grace did not pick"));
}

#[test]
fn damage_is_named() {
    let returned = |condition| BorrowReturned { parties: parties(), condition };
    let damaged = only(told(&returned(ReturnCondition::Damaged).into()));
    assert!(damaged.body.contains("damaged"));
    let well = only(told(&returned(ReturnCondition::Ok).into()));
    assert!(well.body.contains("good order"));
}

#[test]
fn a_dispute_is_settled_with_the_moderators_words() {
    for (outcome, finding) in [
        (DisputeOutcome::Returned, "“Emma” has come back."),
        (DisputeOutcome::Lost, "“Emma” is lost."),
        (DisputeOutcome::Active, "the loan of “Emma” goes on."),
    ] {
        let resolved = BorrowResolved { parties: parties(), outcome, note: "Both agree now".to_owned() };
        for telling in told(&resolved.into()) {
            assert!(telling.body.contains(finding), "{telling:?}");
            assert!(telling.body.ends_with("Note: “Both agree now”"));
        }
    }
}
