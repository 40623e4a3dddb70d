//! The same command under the same key takes effect once and is answered alike.

mod support;

use cqrs::{Caller, DispatchError};
use kernel::{Clock, ErrorKind, Refusal};
use support::{Add, AddSecretly, Counter};
use testkit::{a_user, anonymous, member};
use time::{Duration, OffsetDateTime};

fn with_key(mut caller: Caller, key: &str) -> Caller {
    caller.idempotency_key = Some(key.to_owned());
    caller
}

#[tokio::test]
async fn the_same_key_and_command_give_the_first_answer_again() {
    let counter = Counter::new().await;
    let add = counter.commands.dispatch::<Add>().unwrap();
    let caller = with_key(member(a_user()), "k");
    let first = add.send(&caller, Add { by: 3 }).await.unwrap();
    assert!(first.position.is_some());
    counter.clock.advance(Duration::hours(23));
    let again = add.send(&caller, Add { by: 3 }).await.unwrap();
    assert_eq!((first.output, again.output, counter.n().await), (3, 3, 3));
    assert_eq!((again.position, counter.starts()), (first.position, 1));
}

#[tokio::test]
async fn without_a_key_every_command_counts() {
    let counter = Counter::new().await;
    let add = counter.commands.dispatch::<Add>().unwrap();
    let caller = member(a_user());
    add.send(&caller, Add { by: 3 }).await.unwrap();
    add.send(&caller, Add { by: 3 }).await.unwrap();
    assert_eq!(counter.n().await, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_at_once_under_one_key_have_one_effect_and_one_answer() {
    let counter = Counter::new().await;
    let add = counter.commands.dispatch::<Add>().unwrap();
    let caller = with_key(member(a_user()), "k");
    let sent = (0..8).map(|_| {
        let (add, caller) = (add.clone(), caller.clone());
        tokio::spawn(async move { add.send(&caller, Add { by: 5 }).await.unwrap().output })
    });
    for answer in sent.collect::<Vec<_>>() {
        assert_eq!(answer.await.unwrap(), 5);
    }
    assert_eq!((counter.n().await, counter.keys().await), (5, 1));
}

#[tokio::test]
async fn another_command_under_the_same_key_is_refused() {
    let counter = Counter::new().await;
    let add = counter.commands.dispatch::<Add>().unwrap();
    let caller = with_key(member(a_user()), "k");
    add.send(&caller, Add { by: 3 }).await.unwrap();
    let refused = add.send(&caller, Add { by: 4 }).await.unwrap_err();
    assert!(matches!(refused, DispatchError::KeyReused));
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Conflict, "IDEMPOTENCY_KEY_REUSED"));
    assert_eq!(refused.details()[0].field, "Idempotency-Key");
    assert_eq!(counter.n().await, 3);
}

#[tokio::test]
async fn the_keys_of_two_members_do_not_meet() {
    let counter = Counter::new().await;
    let add = counter.commands.dispatch::<Add>().unwrap();
    for by in [3, 4] {
        let caller = with_key(member(a_user()), "k");
        add.send(&caller, Add { by }).await.unwrap();
    }
    assert_eq!(counter.n().await, 7);
}

#[tokio::test]
async fn a_key_means_nothing_from_callers_nobody_knows() {
    let counter = Counter::new().await;
    let add = counter.commands.dispatch::<Add>().unwrap();
    let caller = with_key(anonymous(), "k");
    add.send(&caller, Add { by: 3 }).await.unwrap();
    add.send(&caller, Add { by: 3 }).await.unwrap();
    assert_eq!((counter.n().await, counter.keys().await), (6, 0));
}

#[tokio::test]
async fn an_answer_that_holds_a_secret_is_not_stored() {
    let counter = Counter::new().await;
    let add = counter.commands.dispatch::<AddSecretly>().unwrap();
    let caller = with_key(member(a_user()), "k");
    add.send(&caller, AddSecretly { by: 3 }).await.unwrap();
    add.send(&caller, AddSecretly { by: 3 }).await.unwrap();
    assert_eq!((counter.n().await, counter.keys().await), (6, 0));
}

#[tokio::test]
async fn a_key_is_good_again_after_a_day_and_swept_away() {
    let counter = Counter::new().await;
    let add = counter.commands.dispatch::<Add>().unwrap();
    let caller = with_key(member(a_user()), "k");
    add.send(&caller, Add { by: 3 }).await.unwrap();
    assert_eq!(counter.commands.sweep_idempotency_keys().await.unwrap(), 0);
    counter.clock.advance(Duration::hours(24));
    // Not swept yet, and for all that not in the way.
    let answer = add.send(&caller, Add { by: 4 }).await.unwrap();
    assert_eq!((answer.output, counter.n().await), (7, 7));
    counter.clock.advance(Duration::hours(24));
    assert_eq!(counter.commands.sweep_idempotency_keys().await.unwrap(), 1);
    assert_eq!(counter.keys().await, 0);
}

#[tokio::test]
async fn a_sweep_leaves_no_old_key_however_many_there_are() {
    let counter = Counter::new().await;
    let old = counter.clock.now() - Duration::hours(24);
    plant(&counter, "someone", 25_000, old).await;
    plant(&counter, "another", 3, old + Duration::minutes(1)).await;
    assert_eq!(counter.commands.sweep_idempotency_keys().await.unwrap(), 25_000);
    assert_eq!(counter.keys().await, 3);
}

#[tokio::test]
async fn a_member_keeps_a_thousand_keys_and_the_oldest_go() {
    let counter = Counter::new().await;
    let add = counter.commands.dispatch::<Add>().unwrap();
    let (busy, other) = (a_user(), a_user());
    let first = with_key(member(busy), "first");
    add.send(&first, Add { by: 1 }).await.unwrap();
    counter.clock.advance(Duration::minutes(30));
    plant(&counter, &busy.to_string(), 999, counter.clock.now() - Duration::minutes(20)).await;
    plant(&counter, &other.to_string(), 999, counter.clock.now() - Duration::hours(1)).await;
    add.send(&first, Add { by: 1 }).await.unwrap();
    assert_eq!((counter.n().await, counter.keys().await), (1, 1_999), "a thousand are kept");

    let last = with_key(member(busy), "last");
    add.send(&last, Add { by: 1 }).await.unwrap();
    add.send(&last, Add { by: 1 }).await.unwrap();
    assert_eq!((counter.n().await, counter.keys().await), (2, 1_999), "the new one is kept and one went");
    add.send(&first, Add { by: 1 }).await.unwrap();
    assert_eq!((counter.n().await, counter.keys().await), (3, 1_999), "it was the oldest, and nobody else's");
}

#[tokio::test]
async fn a_retry_finds_its_answer_however_much_its_member_sends() {
    let counter = Counter::new().await;
    let add = counter.commands.dispatch::<Add>().unwrap();
    let busy = a_user();
    let lost = with_key(member(busy), "answer got lost");
    add.send(&lost, Add { by: 1 }).await.unwrap();
    counter.clock.advance(Duration::minutes(1));
    plant(&counter, &busy.to_string(), 3_000, counter.clock.now()).await;
    add.send(&with_key(member(busy), "one more"), Add { by: 1 }).await.unwrap();
    add.send(&lost, Add { by: 1 }).await.unwrap();
    assert_eq!(counter.n().await, 2, "the retry had its effect again");
}

/// Keys of earlier commands.
#[allow(clippy::unwrap_used, reason = "a test panics where something is not as it must be")]
async fn plant(counter: &Counter, actor: &str, number: i32, created_at: OffsetDateTime) {
    sqlx::query(
        "insert into books.idempotency_key (actor, key, command, request_hash, answer, created_at)
        select $1, 'planted ' || nth, 'add', '', '0', $3 from generate_series(1, $2) nth",
    )
    .bind(actor)
    .bind(number)
    .bind(created_at)
    .execute(&counter.pool)
    .await
    .unwrap();
}

#[tokio::test]
async fn a_refusal_is_not_stored_so_the_same_command_may_be_tried_again() {
    let counter = Counter::new().await;
    let add = counter.commands.dispatch::<Add>().unwrap();
    let busy = member(a_user());
    add.send(&busy, Add { by: 90 }).await.unwrap();
    let caller = with_key(member(a_user()), "k");
    let refused = add.send(&caller, Add { by: 20 }).await.unwrap_err();
    assert_eq!(refused.code(), "TOO_MUCH");
    assert_eq!((counter.n().await, counter.keys().await), (90, 0));

    add.send(&busy, Add { by: -50 }).await.unwrap();
    let done = add.send(&caller, Add { by: 20 }).await.unwrap();
    assert_eq!(done.output, 60);
}
