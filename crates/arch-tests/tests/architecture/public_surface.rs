//! What each context shows is checked in, so that a new name shows in review; and each name has a kind.

use crate::context_map::assert_golden;
use crate::surface::{Kind, Surface, surface};
use crate::workspace::{self, File, assert_none};

const GOLDEN: &str = "docs/public-surface.txt";

fn text(surfaces: &[(String, Surface)]) -> String {
    let mut text = String::from(
        "# What each context shows to the host, and its events to the others. Written by `just context-map`; a new line here\n\
        # wants a reason in review. Kinds are derived from the code: crates/arch-tests/tests/architecture/surface.rs.\n",
    );
    for (name, surface) in surfaces {
        text.push_str(&format!("\n{name}\n"));
        let mut lines: Vec<(Kind, &String)> = surface.kinds.iter().map(|(name, kind)| (*kind, name)).collect();
        lines.sort();
        lines.iter().for_each(|(kind, name)| text.push_str(&format!("  {kind:<12} {name}\n")));
    }
    text
}

fn of_crate(name: &str) -> Surface {
    let source = format!("crates/{name}/src/");
    let surface = surface(&workspace::files(&source, &[".rs"]), &source);
    assert!(surface.kinds.len() >= 2, "{name} shows something: {surface:?}");
    surface
}

#[test]
fn each_public_name_of_a_context_has_a_kind_and_is_checked_in() {
    let crates =
        workspace::our_contexts().into_iter().flat_map(|context| [context.clone(), format!("{context}-events")]);
    let surfaces: Vec<(String, Surface)> = crates.map(|name| (name.clone(), of_crate(&name))).collect();
    let breaches: Vec<String> = surfaces.iter().flat_map(|(_, surface)| surface.breaches.clone()).collect();
    assert_none(&breaches);
    assert_golden(GOLDEN, &text(&surfaces));
}

/// A small context: an index, and these files besides.
fn books(index: &str, others: &[(&str, &str)]) -> Surface {
    let source = "crates/books/src/";
    let commands = "mod create_book; pub use create_book::{CreateBook, CreateBookError};";
    let create_book = "pub struct CreateBook { pub book: BookInput, private: Hidden }\n\
        impl Command for CreateBook { const NAME: &str = \"\"; type Output = BookView; type Error = CreateBookError; }\n\
        #[derive(thiserror::Error)] pub enum CreateBookError { Broken(#[from] Cause), Tick }";
    let context = "pub const PUBLISHES: Family = Family::of::<BookEvent>(); pub struct Books;\n\
        impl Books { pub fn new(gate: Arc<dyn LendingGate>, rules: Rules) -> Self {} pub fn register(&self) {}\n\
        pub async fn tick(&self) -> Result<Tick, CreateBookError> {} pub fn seen(&self) -> Seen {} }";
    let files = [
        ("lib.rs", index),
        ("commands/mod.rs", commands),
        ("commands/create_book.rs", create_book),
        ("context.rs", context),
        (
            "domain.rs",
            "pub struct BookInput { pub title: Title } pub struct Title(String); pub struct Hidden; \
            impl FromStr for Title { type Err = TitleError; } #[derive(Error)] pub struct TitleError; \
            pub struct Rules { pub days: Days } pub enum Days { Many(u8) } #[derive(Error)] pub struct Cause;",
        ),
        (
            "ports.rs",
            "pub trait LendingGate { fn withdraw(&self, book: Withdrawn) -> Result<(), WithdrawRefused>; } \
            pub struct Withdrawn; #[derive(Error)] pub struct WithdrawRefused;",
        ),
        ("view.rs", "pub struct BookView { pub shown: Vec<Owner> } pub struct Owner; pub struct Seen;"),
        ("scheduler.rs", "pub struct Tick;"),
    ];
    let files = files.iter().chain(others).map(|(path, text)| File::new(&format!("{source}{path}"), text));
    surface(&files.collect::<Vec<_>>(), source)
}

const INDEX: &str = "mod commands; pub use commands::{CreateBook, CreateBookError}; pub use context::{Books, PUBLISHES};\n\
    pub use domain::{BookInput, Cause, Days, Rules, Title, TitleError}; pub use ports::{LendingGate, WithdrawRefused, Withdrawn};\n\
    pub use view::{BookView, Owner, Seen};";

#[test]
fn a_kind_follows_from_where_a_name_is_declared_and_what_carries_it() {
    let seen = books(INDEX, &[]);
    assert_none(&seen.breaches);
    assert_eq!(
        text(&[("books".to_owned(), seen)]).split_once("\n\n").map(|(_, lines)| lines),
        Some(
            "books\n  entry point  Books\n  entry point  PUBLISHES\n  command      CreateBook\n  view         BookView\n  \
            view         Owner\n  view         Seen\n  value        BookInput\n  value        Title\n  value        Withdrawn\n  \
            setting      Days\n  setting      Rules\n  port         LendingGate\n  error        Cause\n  \
            error        CreateBookError\n  error        TitleError\n  error        WithdrawRefused\n"
        )
    );
}

#[test]
fn canary_a_name_of_no_kind_is_seen() {
    for (index, what) in [
        ("pub use scheduler::Tick;", "Tick: the struct in scheduler.rs"),
        ("pub use domain::Hidden;", "Hidden: the struct in domain.rs"),
        ("pub use free::next_due;", "next_due: the fn in free.rs"),
        ("pub use free::Mailer;", "Mailer: the trait in free.rs"),
        ("pub use free::Closed;", "Closed: the struct in free.rs"),
        ("pub mod open;", "open: the mod in lib.rs"),
        ("pub const MOST: u8 = 1;", "MOST: the const in lib.rs"),
        ("pub use kernel::BookId;", "BookId: is not declared in this crate"),
        ("pub use domain::*;", "domain::*: re-export by name"),
        ("pub use free::Lost;", "Lost: implements Query and is not declared in queries/"),
    ] {
        let free = "pub fn next_due() -> BookView {} pub trait Mailer {} #[derive(Error)] pub struct Closed;\n\
            pub struct Lost; impl Query for Lost { type Answer = BookView; type Error = CreateBookError; }";
        let seen = books(&format!("{INDEX}\n{index}"), &[("free.rs", free)]);
        assert_eq!(seen.breaches.len(), 1, "{index}: {seen:?}");
        assert!(seen.breaches[0].starts_with(&format!("crates/books/src/lib.rs: {what}")), "{:?}", seen.breaches);
    }
}

#[test]
fn what_is_behind_a_feature_is_listed_as_such() {
    let seen = books(&format!("{INDEX}\n#[cfg(feature = \"bulk\")] pub use bulk::BulkBooks;"), &[]);
    assert_none(&seen.breaches);
    assert_eq!(seen.kinds.get("BulkBooks"), Some(&Kind::BehindFeature));
}

#[test]
fn events_and_what_they_carry_have_a_kind() {
    let source = "crates/books-events/src/";
    let text = "pub enum Lending { Lend } pub struct BookCreated { pub lending: Lending } pub struct Stray; pub enum Cause { Sold } \
        impl BookCreated { pub fn cause(&self) -> Option<Cause> {} } \
       \n\
        kernel::events! { pub enum BookEvent of \"books\" { \"book.created\" 1 about \"book\" by id => Created(BookCreated), } }";
    let seen = surface(&[File::new("crates/books-events/src/lib.rs", text)], source);
    let kinds: Vec<(&str, Kind)> = seen.kinds.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
    let expected =
        [("BookCreated", Kind::Event), ("BookEvent", Kind::Event), ("Cause", Kind::Value), ("Lending", Kind::Value)];
    assert_eq!(kinds, expected);
    assert_eq!(seen.breaches.len(), 1, "{:?}", seen.breaches);
}

#[test]
fn canary_a_new_name_changes_the_golden_file() {
    let of = |index: &str| text(&[("books".to_owned(), books(index, &[]))]);
    assert_ne!(of(INDEX), of(&INDEX.replace(", Seen", "")));
}
