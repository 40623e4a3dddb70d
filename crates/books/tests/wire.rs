//! The messages that other contexts send to books, as they travel between processes.

use std::fmt::Debug;
use std::str::FromStr;

use books::{
    BookOwner, BookStatus, BookView, CountBooks, CountShownBooks, GetBook, KnownMembers, ShownBooks, ShownTitle,
    ShownTitles,
};
use books_events::Lending;
use kernel::{BookId, KnownMember, UserId};
use testkit::WireSamples;
use time::macros::datetime;

fn id<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().expect("an id")
}

#[test]
fn every_message_is_read_and_written_as_its_sample_says() {
    let book: BookId = id("01936f8e-0000-7000-8000-0000000000b1");
    let member: UserId = id("01936f8e-0000-7000-8000-000000000001");
    let title = "紅樓夢 — Der Traum der roten Kammer oder Die Geschichte vom Stein: «ein Roman» in 120 Kapiteln";
    let authors = || vec!["曹雪芹".to_owned(), "Gao E (高鶚)".to_owned()];
    let view = BookView {
        id: book,
        title: title.to_owned(),
        authors: authors(),
        isbn13: Some("9783458343974".to_owned()),
        isbn10: Some("345834397X".to_owned()),
        published_year: Some(1791),
        language: Some("zh".to_owned()),
        categories: vec!["Klassiker".to_owned(), "Ρωμαϊκή ιστορία".to_owned()],
        description: Some("Drei Bände.\nمع حواشٍ كثيرة".to_owned()),
        condition: Some("Rücken lose".to_owned()),
        cover_url: Some("https://covers.example/紅樓夢.jpg".to_owned()),
        lending: Lending::Lend,
        status: BookStatus::OnLoan,
        available: false,
        owner: BookOwner { id: member, name: "Ngũgĩ wa Thiong’o".to_owned() },
        notes: Some("Von Großmutter – nur an Freunde".to_owned()),
        created_at: datetime!(2024-02-29 23:59:59.123456 UTC),
        updated_at: datetime!(2026-11-27 08:00 UTC),
        version: 42,
    };
    WireSamples::of(env!("CARGO_MANIFEST_DIR"))
        .query(GetBook { book_id: book }, view)
        .query(CountBooks { owner: member }, 1_204)
        .query(
            CountShownBooks { from: datetime!(2026-10-01 00:00 +02:00), until: datetime!(2026-10-31 23:00 UTC) },
            ShownBooks { books: 123_456, listed: 789 },
        )
        .query(
            ShownTitles { books: vec![book, id("01936f8e-0000-7000-8000-0000000000b2")] },
            vec![ShownTitle { book, title: title.to_owned(), authors: authors() }],
        )
        .query(
            KnownMembers { ids: vec![member] },
            vec![KnownMember {
                id: member,
                name: "Ngũgĩ wa Thiong’o".to_owned(),
                active: Some(true),
                gone: false,
                version: 3,
            }],
        )
        .assert_hold();
}
