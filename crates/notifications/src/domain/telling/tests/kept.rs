//! What is kept of a telling, and what it says when names are gone.

use super::*;

#[test]
fn whoever_left_is_a_former_member_and_their_words_are_not_shown() {
    let rejected = BorrowRejected { parties: parties(), reason: Some("My aunt has it".to_owned()) }.into();
    let read = |language| {
        let people = [(owner(), left()), (borrower(), known("Grace", language))].into_iter().collect();
        only(read(&rejected, Some(owner()), &cast(), &people, TimeZone::UTC))
    };
    let english = read(Language::English);
    assert_eq!(english.title, "A former member cannot lend you “Emma”");
    assert_eq!(english.body, "A former member declined your request for “Emma”.");
    assert_eq!(read(Language::French).body, "Un ancien membre a refusé votre demande pour «\u{a0}Emma\u{a0}».");
}

/// What is kept must say all that is told: it is the only thing that is left when it is read.
#[test]
fn facts_read_back_as_they_were_written() {
    for event in everything_that_happens() {
        for telling in about_borrow(&event, Some(moderator()), &cast()) {
            let kept = serde_json::to_value(&telling.facts).unwrap();
            assert_eq!(serde_json::from_value::<Facts>(kept.clone()).unwrap(), telling.facts);
            let kept = kept.to_string();
            assert!(!["Ada", "Grace", "Mia"].iter().any(|name| kept.contains(name)), "{kept}");
        }
    }
}

#[test]
fn what_a_member_wrote_is_kept_apart_with_its_author() {
    let words = |event: BorrowEvent, actor| {
        let telling = about_borrow(&event, actor, &cast()).into_iter().next().unwrap();
        (telling.facts.words_are, telling.words)
    };
    let says = |are, by, text: &str| (Some(are), Some(Words { by: Some(by), text: text.to_owned() }));
    let cancelled = |by| BorrowCancelled {
        parties: parties(),
        cancelled_by: Some(by),
        reason: Some("I have one".to_owned()),
        held: false,
    };
    for by in [owner(), borrower()] {
        assert_eq!(words(cancelled(by).into(), Some(by)), says(WordsAre::Reason, by, "I have one"));
    }
    let approved = BorrowApproved {
        parties: parties(),
        pickup_by: datetime!(2026-12-12 22:59:59 UTC),
        place: Some("The bakery".to_owned()),
    };
    assert_eq!(words(approved.into(), Some(owner())), says(WordsAre::Place, owner(), "The bakery"));
    let resolved = BorrowResolved { parties: parties(), outcome: DisputeOutcome::Lost, note: "Both agree".to_owned() };
    assert_eq!(words(resolved.into(), Some(moderator())), says(WordsAre::Note, moderator(), "Both agree"));
    let gone = BorrowCancelled {
        parties: parties(),
        cancelled_by: None,
        reason: Some(CancellationCause::BookGone.as_str().to_owned()),
        held: false,
    };
    assert_eq!(words(gone.into(), None), (None, None), "a code is nobody's words");
}

#[test]
fn without_names_the_texts_are_still_sentences() {
    let nothing = Cast { book: None, moderators: Vec::new() };
    let read = |language| {
        let people = [(borrower(), known("", language))].into_iter().collect();
        only(read(&sample("borrow.due_soon"), None, &nothing, &people, TimeZone::UTC))
    };
    let english = read(Language::English);
    assert_eq!(english.title, "A book is due soon");
    assert_eq!(
        english.body,
        "Please bring a book back to the owner by Saturday, 12 December 2026, or ask for an extension."
    );
    assert_eq!(
        read(Language::French).body,
        "Merci de rendre un livre à la personne propriétaire au plus tard le samedi 12 décembre 2026, ou de demander une \
        prolongation."
    );
}
