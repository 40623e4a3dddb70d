//! Looking after members: finding them, their roles, and letting them go and come back.

mod support;

use serde_json::json;
use support::{Host, PASSWORD, Person, Place, Reply};

/// Mo, a moderator, and Ada, an administrator.
async fn staff(place: &Place, host: &Host) -> (Person, Person) {
    let (mo, ada) = (host.register("Mo").await, host.register("Ada").await);
    for (person, role) in [(&mo, "moderator"), (&ada, "admin")] {
        let done = support::command_line(place, &["users", "promote", &person.email, "--role", role]);
        assert!(done.status.success(), "{done:?}");
    }
    (mo, ada)
}

fn names(reply: &Reply) -> Vec<&str> {
    reply.data().as_array().expect("a list").iter().map(|member| member["name"].as_str().expect("a name")).collect()
}

#[tokio::test]
async fn members_are_found_by_name_and_by_mail_address_which_is_not_shown() {
    let (place, host) = Host::start().await;
    let (mo, ada) = staff(&place, &host).await;
    for (email, name) in [("countess@example.org", "Augusta"), ("nora@example.org", "Nora, the countess’s friend")] {
        let body = json!({"email": email, "password": PASSWORD, "name": name});
        host.post("/auth/register", body).await.expect(201);
    }
    let (augusta, nora) = ("Augusta", "Nora, the countess’s friend");
    for (q, by_ada, by_mo) in [
        ("AUGUSTA", vec![augusta], vec![augusta]),
        // A moderator, who is not shown an address, does not guess it either.
        ("countess%40ex", vec![augusta], vec![]),
        ("countess", vec![augusta, nora], vec![nora]),
        ("example.org", vec![], vec![]),
        ("no", vec![nora], vec![nora]),
    ] {
        for (person, found) in [(&ada, by_ada), (&mo, by_mo)] {
            let reply = person.get(&host, &format!("/users?sort=name&q={q}")).await.expect(200);
            assert_eq!(names(&reply), found, "{q}");
            assert_eq!(reply.body["pagination"]["total"], found.len(), "{q}");
            assert!(!reply.body.to_string().contains("@example.org"), "{:#}", reply.body);
        }
    }
    let narrowed = ada.get(&host, "/users?q=countess&role=admin").await.expect(200);
    assert!(names(&narrowed).is_empty());
}

#[tokio::test]
async fn a_member_gets_a_role_is_sent_away_and_comes_back() {
    let (place, host) = Host::start().await;
    let (mo, ada) = staff(&place, &host).await;
    let finn = host.register("Finn").await;
    let book = finn.lists(&host, "Emma").await;
    let (one, role) = (format!("/users/{}", finn.id), format!("/users/{}/role", finn.id));
    mo.put(&host, &one, json!({"active": false})).await.expect(403);
    mo.put(&host, &role, json!({"role": "premium"})).await.expect(403);

    let changed = ada.put(&host, &role, json!({"role": "premium"})).await.expect(200);
    assert_eq!(changed.data()["role"], "premium");
    assert_eq!(names(&mo.get(&host, "/users?role=premium").await.expect(200)), ["Finn"]);

    ada.put(&host, &one, json!({"active": false})).await.expect(200);
    finn.get(&host, "/users/me").await.expect(401);
    host.log_in(&finn.email, PASSWORD).await.expect(401);
    assert_eq!(names(&mo.get(&host, "/users?active=false").await.expect(200)), ["Finn"]);
    assert!(host.get("/books").await.expect(200).ids().is_empty(), "their books are in no list");
    host.get(&one).await.expect(404);
    mo.get(&host, &one).await.expect(200);

    ada.put(&host, &one, json!({"active": true})).await.expect(200);
    let again = Person::from("Finn", &finn.email, &host.log_in(&finn.email, PASSWORD).await.expect(200));
    assert_eq!(again.get(&host, "/users/me").await.expect(200).data()["role"], "premium");
    assert_eq!(host.get("/books").await.expect(200).ids(), [book]);
    assert!(names(&mo.get(&host, "/users?active=false").await.expect(200)).is_empty());
}

#[tokio::test]
async fn a_members_page_holds_what_they_show_and_what_became_of_their_loans() {
    let (_place, host) = Host::start().await;
    let (olga, finn) = (host.register("Olga").await, host.register("Finn").await);
    let path = format!("/users/{}", olga.id);
    let profile = json!({"name": "Olga", "bio": "Ring twice.", "location": "12 Mill Lane", "language": "en",
        "timeZone": "Europe/Vienna", "showLocation": true});
    let saved = olga.put(&host, "/profile", profile).await.expect(200);
    assert_eq!((&saved.data()["showLocation"], &saved.data()["showBio"]), (&json!(true), &json!(false)));

    let (back, out) = (olga.lists(&host, "Emma").await, olga.lists(&host, "Persuasion").await);
    for book in [&back, &out] {
        let borrow = finn.asks_for(&host, book).await;
        olga.does(&host, &borrow, "approve", json!({})).await;
        olga.does(&host, &borrow, "hand-over", json!({})).await;
        if book == &back {
            olga.does(&host, &borrow, "return", json!({"condition": "ok"})).await;
        }
    }
    let seen = finn.get(&host, &path).await.expect(200);
    let page = seen.data();
    assert_eq!(
        (&page["name"], &page["location"], &page["bio"]),
        (&json!("Olga"), &json!("12 Mill Lane"), &json!(null))
    );
    assert_eq!(page["counts"], json!({"books": 2, "borrowed": 0, "lent": 2, "cameBack": 1, "out": 1, "given": 0}));
    assert!(page["memberSince"].is_string() && page.get("email").is_none());
    let visitor = host.get(&path).await.expect(200);
    assert_eq!((&visitor.data()["location"], &visitor.data()["counts"]["lent"]), (&json!(null), &json!(2)));
    let finns = host.get(&format!("/users/{}", finn.id)).await.expect(200);
    assert_eq!(finns.data()["counts"]["borrowed"], 2);
}
