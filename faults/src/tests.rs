//! The checker on ledgers that are made up, and each row as a test. Those that take long are for `just faults`.

use std::collections::{BTreeMap, BTreeSet};

use crate::checker::{Excuse, Found, Verdict, Window, judge};
use crate::ledger::{Ending, Read, Records, Request, Write};
use crate::rows::Row;
use crate::run::{Extent, run};

const EXCUSE: Excuse = Excuse { unavailable: true, old_without_token: false, dead_letters: 0 };
const WINDOW: [Window; 1] = [Window { from: 10.0, to: 12.0 }];

fn write(thing: &str, value: &str, acknowledged: bool) -> Write {
    Write { thing: thing.to_owned(), value: value.to_owned(), sent: 1.0, acknowledged: acknowledged.then_some(2.0) }
}

/// A book that was edited, a borrow that was approved, and an approval that nobody answered.
fn records() -> Records {
    let mut records = Records::default();
    for write in [
        write("book a", "1", true),
        write("book a", "2", true),
        write("borrow b", "pending", true),
        write("borrow b", "approved", true),
        write("borrow c", "pending", true),
        write("borrow c", "approved", false),
    ] {
        records.writes.entry(write.thing.clone()).or_default().push(write);
    }
    records
}

fn found() -> Found {
    let values = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect::<Vec<_>>();
    let things = [("book a", "2"), ("borrow b", "approved"), ("borrow c", "pending")];
    Found {
        things: things.map(|(thing, value)| (thing.to_owned(), values(&[value]))).into(),
        history: BTreeMap::from([("borrow b".to_owned(), values(&["pending", "approved"]).into_iter().collect())]),
        notified: BTreeMap::from([("borrow.approved of b".to_owned(), 1)]),
        orders: BTreeMap::from([("books".to_owned(), vec![values(&["1", "2"]), values(&["1", "2"])])]),
        ..Found::default()
    }
}

fn counts(verdict: &Verdict) -> [usize; 4] {
    [&verdict.lost, &verdict.doubled, &verdict.stale, &verdict.failed].map(Vec::len)
}

fn with(change: impl FnOnce(&mut Records, &mut Found)) -> [usize; 4] {
    let (mut records, mut found) = (records(), found());
    change(&mut records, &mut found);
    counts(&judge(&records, &found, EXCUSE, &WINDOW))
}

fn set(found: &mut Found, thing: &str, values: &[&str]) {
    found.things.insert(thing.to_owned(), values.iter().map(|&value| value.to_owned()).collect());
}

#[test]
fn a_run_in_which_all_is_there_is_green_whether_or_not_the_unanswered_was_done() {
    assert!(judge(&records(), &found(), EXCUSE, &WINDOW).is_green());
    assert_eq!(with(|_, found| set(found, "borrow c", &["approved"])), [0, 0, 0, 0]);
}

#[test]
fn a_run_in_which_nothing_was_acknowledged_is_not_green() {
    assert!(!judge(&Records::default(), &Found::default(), EXCUSE, &WINDOW).is_green());
}

#[test]
fn what_is_lost_is_found() {
    assert_eq!(with(|_, found| drop(found.things.remove("book a"))), [1, 0, 0, 0]);
    assert_eq!(with(|_, found| set(found, "book a", &["1"])), [1, 0, 0, 0], "a later write");
    assert_eq!(with(|_, found| set(found, "borrow c", &["cancelled"])), [1, 0, 0, 0], "what nobody wrote");
    assert_eq!(with(|_, found| found.holes.push("borrow b".to_owned())), [1, 0, 0, 0]);
    let forget = |_: &mut Records, found: &mut Found| {
        found.history.insert("borrow b".to_owned(), BTreeSet::from(["approved".to_owned()]));
    };
    assert_eq!(with(forget), [1, 0, 0, 0], "what a later write covers");
    assert_eq!(with(|_, found| found.notified.values_mut().for_each(|count| *count = 0)), [1, 0, 0, 0]);
    let shorten = |_: &mut Records, found: &mut Found| drop(found.orders.values_mut().next().expect("one")[1].pop());
    assert_eq!(with(shorten), [1, 0, 0, 0], "an event in the other database");
}

#[test]
fn what_is_doubled_is_found() {
    assert_eq!(with(|_, found| set(found, "book a", &["2", "2"])), [0, 1, 0, 0]);
    assert_eq!(with(|_, found| found.notified.values_mut().for_each(|count| *count = 2)), [0, 1, 0, 0]);
    assert_eq!(with(|_, found| found.twice.push("copy a".to_owned())), [0, 1, 0, 0]);
    let again = |_: &mut Records, found: &mut Found| {
        found.orders.values_mut().next().expect("one")[1].push("2".to_owned());
    };
    assert_eq!(with(again), [0, 1, 0, 0], "an event in the other database");
}

#[test]
fn events_in_another_order_are_found() {
    let swap = |_: &mut Records, found: &mut Found| found.orders.values_mut().next().expect("one")[1].swap(0, 1);
    assert_eq!(with(swap), [1, 0, 0, 0]);
}

#[test]
fn what_is_stale_is_found_and_excused_only_without_a_token() {
    let read = |with_token: bool, at: f64| Read {
        thing: "book a".to_owned(),
        at,
        with_token,
        value: "1".to_owned(),
        allowed: BTreeSet::from(["2".to_owned()]),
    };
    assert_eq!(with(|records, _| records.reads.push(read(false, 11.0))), [0, 0, 1, 0]);
    assert_eq!(with(|_, found| found.differences.push("a view".to_owned())), [0, 0, 1, 0]);
    let excuse = Excuse { old_without_token: true, ..EXCUSE };
    for (with_token, at, stale) in [(false, 11.0, 0), (true, 11.0, 1), (false, 9.0, 1), (false, 30.0, 1)] {
        let records = Records { reads: vec![read(with_token, at)], ..records() };
        assert_eq!(judge(&records, &found(), excuse, &WINDOW).stale.len(), stale, "{with_token} {at}");
    }
}

#[test]
fn failures_are_excused_by_a_fault_alone_and_not_for_long() {
    let request = |sent: f64, status: u16, retry_after: bool| Request {
        kind: "ask",
        sent,
        ended: sent + 0.1,
        ending: Ending::Answered { status, retry_after, code: String::new() },
    };
    for (sent, status, retry_after, failed) in [
        (11.0, 503, true, 0),
        (26.0, 503, true, 0),
        (11.0, 503, false, 1),
        (11.0, 500, true, 1),
        (11.0, 408, false, 0),
        (11.0, 409, false, 1),
        (9.0, 503, true, 1),
        (28.0, 503, true, 1),
        (9.0, 200, false, 0),
    ] {
        let records = Records { requests: vec![request(sent, status, retry_after)], ..records() };
        assert_eq!(judge(&records, &found(), EXCUSE, &WINDOW).failed.len(), failed, "{sent} {status}");
        let nothing = Excuse { unavailable: false, ..EXCUSE };
        let expected = usize::from(status != 200);
        assert_eq!(judge(&records, &found(), nothing, &WINDOW).failed.len(), expected, "{sent} {status}");
    }
    let late = Records { requests: vec![request(28.0, 503, true)], ..records() };
    assert!((judge(&late, &found(), EXCUSE, &WINDOW).recovered - 16.1).abs() < 0.001);
    assert_eq!(with(|_, found| found.dead_letters = 1), [0, 0, 0, 1]);
}

#[test]
fn each_row_has_a_name_of_its_own() {
    let names: Vec<&str> = Row::all().map(|row| row.name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
}

/// One row, with little load.
async fn short(name: &str) {
    let row = Row::all().find(|row| row.name == name).expect("a row");
    let outcome = run(row, false, Extent::SHORT).await.expect("a run");
    println!("{}\n{}", crate::report::head(), crate::report::row(&outcome));
    assert!(outcome.is_right(), "{}", outcome.verdict.examples());
}

#[tokio::test]
async fn host_killed() {
    short("host-killed").await;
}

#[tokio::test]
async fn postgres_restarted_immediately() {
    short("postgres-restarted-immediately").await;
}

#[tokio::test]
async fn redis_wiped() {
    short("redis-wiped").await;
}

#[tokio::test]
async fn importer_killed() {
    short("importer-killed").await;
}
