use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::JoinSet;

use super::*;

const PATIENCE: Duration = Duration::from_secs(60);

/// Polls once; whether it is still waiting.
async fn is_pending_after_a_poll<F: Future + Unpin>(future: &mut F) -> bool {
    std::future::poll_fn(|context| std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(context).is_pending()))
        .await
}

fn is_as_new(turns: &Turns<&str>, free: usize) -> bool {
    let left = turns.lock().free;
    left == free && turns.is_idle()
}

#[tokio::test]
async fn a_turn_that_nobody_takes_goes_to_the_next_one() {
    let turns = Turns::new(1, usize::MAX);
    let first = turns.take(&[], false, PATIENCE).await.unwrap();
    assert!(turns.take(&["ada"], false, Duration::from_millis(1)).await.is_none(), "she gave up");
    // Given to one who is cut off before it arrives.
    let mut cut_off = Box::pin(turns.take(&["eve"], false, PATIENCE));
    assert!(is_pending_after_a_poll(&mut cut_off).await);
    drop(first);
    drop(cut_off);
    assert!(is_as_new(&turns, 1));
}

#[tokio::test]
async fn where_too_many_wait_the_last_one_makes_room_for_who_comes_before_them() {
    let turns = Turns::new(1, usize::MAX);
    let first = turns.take(&[], false, PATIENCE).await.unwrap();
    let mut guesses = JoinSet::new();
    for nth in 0..MOST_WAITING {
        let theirs = turns.clone();
        guesses.spawn(async move { theirs.take(&["ada"], false, PATIENCE).await.is_some() });
        while turns.waiting() <= nth {
            tokio::task::yield_now().await;
        }
    }
    assert!(turns.take(&["ada"], false, PATIENCE).await.is_none(), "one more guess");
    let mut log_in = Box::pin(turns.take(&["finn"], false, PATIENCE));
    assert!(is_pending_after_a_poll(&mut log_in).await);
    assert_eq!(guesses.join_next().await.unwrap().ok(), Some(false), "the last guess");
    assert_eq!(turns.waiting(), MOST_WAITING);
    drop((first, log_in));
    assert!(guesses.join_all().await.into_iter().all(|served| served));
    assert!(is_as_new(&turns, 1));
}

#[tokio::test]
async fn a_party_has_no_more_turns_than_it_may_and_stands_in_nobodys_way() {
    let turns = Turns::new(3, 1);
    let eve = turns.take(&["eve"], false, PATIENCE).await.unwrap();
    let (mut second, mut third) =
        (Box::pin(turns.take(&["eve"], false, PATIENCE)), Box::pin(turns.take(&["eve"], false, PATIENCE)));
    assert!(is_pending_after_a_poll(&mut second).await && is_pending_after_a_poll(&mut third).await);
    let ada = turns.take(&["ada"], false, Duration::ZERO).await.expect("a free turn");
    let finn = turns.take(&["finn"], false, Duration::ZERO).await.expect("a free turn");
    // None is free. One that becomes free goes to somebody else, although Eve's others came first.
    let mut mia = Box::pin(turns.take(&["mia"], false, PATIENCE));
    assert!(is_pending_after_a_poll(&mut mia).await);
    drop(finn);
    let mia = mia.await.expect("a turn");
    assert!(is_pending_after_a_poll(&mut second).await && is_pending_after_a_poll(&mut third).await);
    drop(ada);
    assert!(is_pending_after_a_poll(&mut second).await, "also while one is free");
    drop(eve);
    let second = second.await.expect("a turn");
    assert!(is_pending_after_a_poll(&mut third).await);
    drop((third, second, mia));
    assert!(is_as_new(&turns, 3));
}

#[tokio::test]
async fn the_end_of_a_turn_lets_all_begin_who_waited_for_it() {
    let turns = Turns::new(3, 1);
    let both = turns.take(&["ada", "eve"], false, PATIENCE).await.unwrap();
    let (mut ada, mut eve) =
        (Box::pin(turns.take(&["ada"], false, PATIENCE)), Box::pin(turns.take(&["eve"], false, PATIENCE)));
    assert!(is_pending_after_a_poll(&mut ada).await && is_pending_after_a_poll(&mut eve).await);
    drop(both);
    let both = (ada.await.expect("a turn"), eve.await.expect("a turn"));
    assert_eq!(turns.lock().free, 1);
    drop(both);
    assert!(is_as_new(&turns, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_turn_is_lost_or_gained_while_many_come_and_give_up_at_once() {
    let turns = Turns::new(3, 2);
    let at_work = Arc::new(AtomicUsize::new(0));
    let mut all = JoinSet::new();
    for nth in 0..600_u64 {
        let (turns, at_work) = (turns.clone(), Arc::clone(&at_work));
        let parties = [["ada", "eve", "finn", "mia"][nth as usize % 4]];
        all.spawn(async move {
            let patience = if nth % 3 == 0 { PATIENCE } else { Duration::from_micros(nth) };
            let Some(turn) = turns.take(&parties, nth % 5 == 0, patience).await else { return };
            assert!(at_work.fetch_add(1, Ordering::SeqCst) < 3, "more than three at once");
            tokio::task::yield_now().await;
            at_work.fetch_sub(1, Ordering::SeqCst);
            drop(turn);
        });
    }
    all.join_all().await;
    assert!(is_as_new(&turns, 3));
}
