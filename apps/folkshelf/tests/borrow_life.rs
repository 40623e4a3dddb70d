//! The main job, as people do it: a book goes round.

mod support;

use serde_json::json;
use support::Host;

#[tokio::test]
async fn a_book_goes_round_with_a_queue_of_two_and_each_step_is_seen_at_once() {
    let (_place, host) = Host::start().await;
    let owner = host.register("Olga").await;
    let first = host.register("Finn").await;
    let second = host.register("Selma").await;
    let third = host.register("Tara").await;
    let book = owner.lists(&host, "The Odyssey").await;
    let status = async |host: &Host| host.get(&format!("/books/{book}")).await.expect(200).data()["status"].clone();

    let one = first.asks_for(&host, &book).await;
    assert_eq!(first.borrow(&host, &one).await["status"], "pending");
    assert_eq!(owner.was_told(&host).await, ["borrow.created"]);

    let agreed = owner.does(&host, &one, "approve", json!({"place": "The bakery"})).await;
    assert_eq!(agreed["status"], "approved");
    assert_eq!(status(&host).await, "reserved");
    assert!(first.was_told(&host).await.contains(&"borrow.approved".to_owned()));

    let two = second.asks_for(&host, &book).await;
    let three = third.asks_for(&host, &book).await;
    assert_eq!(second.borrow(&host, &two).await["status"], "queued");
    assert_eq!(second.borrow(&host, &two).await["queuePosition"], 1);
    assert_eq!(third.borrow(&host, &three).await["queuePosition"], 2);

    let lent = owner.does(&host, &one, "hand-over", json!({})).await;
    assert_eq!(lent["status"], "active");
    assert!(lent["dueAt"].is_string());
    assert_eq!(status(&host).await, "on_loan");
    let availability = format!("/books/{book}/availability");
    let mut expected = json!({"bookId": book, "status": "on_loan", "available": false, "dueAt": lent["dueAt"],
        "waiting": 2, "mine": null});
    assert_eq!(host.get(&availability).await.expect(200).data(), &expected);
    expected["mine"] = json!({"borrowId": three, "status": "queued", "queuePosition": 2});
    assert_eq!(third.get(&host, &availability).await.expect(200).data(), &expected);
    let refused = owner.delete(&host, &format!("/books/{book}")).await.expect(409);
    assert_eq!(refused.code(), "BOOK_ON_LOAN");

    assert_eq!(first.does(&host, &one, "declare-return", json!({})).await["status"], "return_pending");
    let back = owner.does(&host, &one, "return", json!({"condition": "ok"})).await;
    assert_eq!(back["status"], "returned");

    // The next in the queue is asked for at once, the one behind moves up.
    assert_eq!(second.borrow(&host, &two).await["status"], "pending");
    assert_eq!(third.borrow(&host, &three).await["queuePosition"], 1);
    assert!(second.was_told(&host).await.contains(&"borrow.promoted".to_owned()));

    assert_eq!(owner.does(&host, &two, "reject", json!({"reason": "Not now"})).await["status"], "rejected");
    assert_eq!(third.borrow(&host, &three).await["status"], "pending");
    assert_eq!(third.does(&host, &three, "cancel", json!({})).await["status"], "cancelled");
    assert_eq!(status(&host).await, "available");

    let timeline = first.get(&host, &format!("/borrows/{one}/timeline")).await.expect(200);
    let types: Vec<&str> =
        timeline.data().as_array().expect("a list").iter().filter_map(|entry| entry["type"].as_str()).collect();
    assert_eq!(
        types,
        ["borrow.created", "borrow.approved", "borrow.handed_over", "borrow.return_declared", "borrow.returned"]
    );
    owner.delete(&host, &format!("/books/{book}")).await.expect(204);
    for gone in [format!("/books/{book}"), availability] {
        assert_eq!(host.get(&gone).await.expect(404).code(), "BOOK_NOT_FOUND");
    }
}

#[tokio::test]
async fn two_approvals_at_once_give_one_copy_to_one_borrower() {
    let (_place, host) = Host::start().await;
    let owner = host.register("Olga").await;
    let (finn, selma) = (host.register("Finn").await, host.register("Selma").await);
    for round in 0..5 {
        let book = owner.lists(&host, &format!("Volume {round}")).await;
        let (one, two) = (finn.asks_for(&host, &book).await, selma.asks_for(&host, &book).await);
        let (path_one, path_two) = (format!("/borrows/{one}/approve"), format!("/borrows/{two}/approve"));
        let (a, b) = tokio::join!(owner.post(&host, &path_one, json!({})), owner.post(&host, &path_two, json!({})));
        let mut statuses = [a.status, b.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{a:?} {b:?}");
        let refused = if a.status == 409 { &a } else { &b };
        assert!(refused.fields().contains(&"status"), "the present state is told: {:#}", refused.body);
    }
}

#[tokio::test]
async fn an_approval_against_a_deletion_leaves_either_a_loan_or_no_book() {
    let (_place, host) = Host::start().await;
    let owner = host.register("Olga").await;
    let finn = host.register("Finn").await;
    for round in 0..5 {
        let book = owner.lists(&host, &format!("Volume {round}")).await;
        let borrow = finn.asks_for(&host, &book).await;
        let (approve, book_path) = (format!("/borrows/{borrow}/approve"), format!("/books/{book}"));
        let (approved, deleted) = tokio::join!(owner.post(&host, &approve, json!({})), owner.delete(&host, &book_path));
        match (approved.status, deleted.status) {
            (200, 409) => assert_eq!(deleted.code(), "BOOK_ON_LOAN"),
            (404 | 409, 204) => {
                assert_eq!(finn.borrow(&host, &borrow).await["status"], "cancelled");
                host.get(&book_path).await.expect(404);
            }
            other => panic!("{other:?}: {approved:?} {deleted:?}"),
        }
    }
}

#[tokio::test]
async fn only_the_parties_and_moderators_know_of_a_borrow() {
    let (place, host) = Host::start().await;
    let (owner, finn, stranger) =
        (host.register("Olga").await, host.register("Finn").await, host.register("Stan").await);
    let book = owner.lists(&host, "Emma").await;
    let borrow = finn.asks_for(&host, &book).await;
    let path = format!("/borrows/{borrow}");
    stranger.get(&host, &path).await.expect(404);
    stranger.post(&host, &format!("{path}/approve"), json!({})).await.expect(404);
    // The borrower knows of it and may not answer it.
    finn.post(&host, &format!("{path}/approve"), json!({})).await.expect(403);
    stranger.get(&host, "/borrows?role=any").await.expect(403);

    let promoted = support::command_line(&place, &["users", "promote", &stranger.email, "--role", "moderator"]);
    assert!(promoted.status.success(), "{promoted:?}");
    stranger.get(&host, &path).await.expect(200);
    assert_eq!(stranger.get(&host, "/borrows?role=any").await.expect(200).ids(), [borrow]);
}

#[tokio::test]
async fn the_same_post_twice_has_one_effect_and_one_answer() {
    let (_place, host) = Host::start().await;
    let (owner, finn) = (host.register("Olga").await, host.register("Finn").await);
    let book = owner.lists(&host, "Emma").await;
    let ask = |days: u32| {
        finn.request(&host, reqwest::Method::POST, "/borrows")
            .header("Idempotency-Key", "one-and-the-same")
            .json(&json!({"bookId": book, "days": days}))
    };
    let (a, b) = tokio::join!(support::Reply::to(ask(14)), support::Reply::to(ask(14)));
    assert_eq!((a.status, b.status), (201, 201), "{a:?} {b:?}");
    assert_eq!(a.data()["id"], b.data()["id"]);
    let again = support::Reply::to(ask(14)).await.expect(201);
    assert_eq!(again.data()["id"], a.data()["id"]);
    assert_eq!(support::Reply::to(ask(15)).await.expect(409).code(), "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(finn.get(&host, "/borrows").await.expect(200).ids().len(), 1);
}
