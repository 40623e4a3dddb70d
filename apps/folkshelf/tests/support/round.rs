//! The core of what members do, each step seen at once on both of two hosts.

use serde_json::{Value, json};

use super::{Host, Person};

/// An administrator of a host.
pub async fn admin(host: &Host) -> Person {
    let admin = host.register("Ada").await;
    host.command_line("users", &["users", "promote", &admin.email]);
    admin
}

pub async fn has_redis(host: &Host) -> bool {
    host.healths().await.iter().all(|health| health.body["checks"]["cache"] == "healthy")
}

/// Whether all reads of a host come from Redis. No event was parked on the way.
pub async fn reads_from_redis(host: &Host, admin: &Person) -> bool {
    let projections = admin.get(host, "/admin/projections").await;
    let parked = admin.get(host, "/admin/dead-letters").await.expect(200);
    assert_eq!(parked.body["pagination"]["total"], 0, "{:#}", parked.body);
    has_redis(host).await
        && projections.status == 200
        && projections.data().as_array().expect("a list").iter().all(|p| p["ready"] == true)
}

pub async fn both_read_from_redis(hosts: [&Host; 2], admin: &Person) {
    for host in hosts {
        testkit::eventually("all reads come from Redis", || reads_from_redis(host, admin)).await;
    }
}

/// A book is listed, asked for, lent and brought back. Every step is done on one host and read at once on the other.
pub async fn a_book_goes_round(one: &Host, two: &Host, title: &str) {
    let owner = one.register("Olga").await;
    let finn = one.register("Finn").await;
    let book = owner.lists(one, title).await;
    let path = format!("/books/{book}");
    let edited = format!("{title}, second edition");
    assert_eq!(two.get(&path).await.expect(200).data()["title"], title);
    owner.put(two, &path, json!({"title": edited})).await.expect(200);
    for host in [one, two] {
        assert_eq!(host.get(&path).await.expect(200).data()["title"], edited.as_str());
        assert!(host.get("/books?limit=100").await.expect(200).ids().contains(&book));
        assert!(owner.get(host, "/books/mine?limit=100").await.expect(200).ids().contains(&book));
    }
    let borrow = finn.asks_for(two, &book).await;
    is_seen(one, &[&owner, &finn], &borrow, "pending").await;
    assert!(finn.get(one, "/borrows?limit=100").await.expect(200).ids().contains(&borrow));
    assert_eq!(owner.was_told(one).await, ["borrow.created"]);
    for (host, other, who, what, status) in [
        (one, two, &owner, "approve", "approved"),
        (two, one, &owner, "hand-over", "active"),
        (one, two, &finn, "declare-return", "return_pending"),
        (two, one, &owner, "return", "returned"),
    ] {
        who.does(host, &borrow, what, body(what)).await;
        is_seen(other, &[who], &borrow, status).await;
    }
    for host in [one, two] {
        assert_eq!(host.get(&path).await.expect(200).data()["status"], "available");
    }
}

fn body(what: &str) -> Value {
    if what == "return" { json!({"condition": "ok"}) } else { json!({}) }
}

async fn is_seen(host: &Host, people: &[&Person], borrow: &str, status: &str) {
    for person in people {
        assert_eq!(person.borrow(host, borrow).await["status"], status, "as {} sees it", person.name);
    }
}
