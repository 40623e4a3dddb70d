use futures_util::FutureExt;

use super::*;

const AT: Position = Position { transaction: 7, sequence: 1 };

#[test]
fn who_is_late_is_waited_for_again_when_it_has_caught_up_with_what_came_while_it_stood() {
    let at = |transaction| Position { transaction, sequence: 1 };
    let leased_until = Instant::now() + Duration::from_secs(3);
    let listed = Listed { consumes: None, projects: true, position: at(1), retry: false, leased_until };
    let mut state = State::default();
    state.listed.insert("books.view".to_owned(), listed);
    let scope = Scope::ConsumersOf(&["books"]);
    let waits = |state: &State, transaction| {
        matches!(state.standing(at(transaction), scope, Instant::now()), Standing::Moving { .. })
    };

    assert!(waits(&state, 5));
    state.give_up_on(at(5), scope);
    assert!(!waits(&state, 6));
    state.answered_without_the_late(at(9), scope);
    // It moves, and passes what was waited for in vain.
    state.ours.insert("books.view", at(6));
    assert!(!waits(&state, 10));
    state.answered_without_the_late(at(10), scope);
    state.ours.insert("books.view", at(9));
    assert!(waits(&state, 10), "10 came while it moved");
}

#[tokio::test]
async fn what_has_not_moved_wakes_nobody() {
    let progress = Progress::default();
    let nothing_held = progress.moved();
    progress.forget("books.view");
    assert_eq!(nothing_held.now_or_never(), None);

    let first = progress.moved();
    progress.reached("books.view", AT);
    assert_eq!(first.now_or_never(), Some(()));
    let again = progress.moved();
    progress.reached("books.view", AT);
    assert_eq!(again.now_or_never(), None);
}
