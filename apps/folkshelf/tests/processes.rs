//! Contexts in processes of their own, behind nginx: what members, programs and administrators do, and what goes on while
//! one of the processes is away. docs/contexts-as-processes.md is the page about it.

mod support;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::{Value, json};
use support::shape::{Shape, TOKEN};
use support::{Host, PASSWORD, Person, Place, Reply, round};
use testkit::{eventually, eventually_within};

const APART: [Shape; 3] = [Shape::BorrowingApart, Shape::FiveApart, Shape::FiveDatabases];
/// A route of each context that only members have.
const OF_MEMBERS: [&str; 5] = ["/profile", "/auth/sessions", "/books/mine", "/borrows", "/notifications"];

async fn start(shape: Shape) -> (Place, Host) {
    let place = Place::of(shape).await;
    let host = Host::start_as(shape, &place.environment());
    (place, host)
}

async fn expect_of_members(person: &Person, host: &Host, status: u16) {
    for path in OF_MEMBERS {
        let reply = person.get(host, path).await;
        assert_eq!(reply.status, status, "{path}: {:#}", reply.body);
    }
}

/// Refused for now, with a time to come back.
#[track_caller]
fn expect_away(reply: &Reply) {
    assert_eq!((reply.status, reply.code()), (503, "UNAVAILABLE"), "{:#}", reply.body);
    assert!(reply.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{:?}", reply.headers);
}

#[tokio::test]
async fn a_book_goes_round_and_does_not_disappear_while_it_is_lent() {
    for shape in APART {
        let (_place, host) = start(shape).await;
        round::a_book_goes_round(&host, &host, "Emma").await;
        let (olga, finn) = (host.register("Olga").await, host.register("Finn").await);
        let book = olga.lists(&host, "Persuasion").await;
        let path = format!("/books/{book}");
        let borrow = finn.asks_for(&host, &book).await;
        olga.does(&host, &borrow, "approve", json!({})).await;
        assert_eq!(olga.delete(&host, &path).await.expect(409).code(), "BOOK_ON_LOAN");
        finn.does(&host, &borrow, "cancel", json!({"reason": "Found one"})).await;
        let waiting = finn.asks_for(&host, &book).await;
        olga.delete(&host, &path).await.expect(204);
        host.get(&path).await.expect(404);
        assert_eq!(finn.borrow(&host, &waiting).await["status"], "cancelled");
        assert!(finn.was_told(&host).await.contains(&"borrow.cancelled".to_owned()));
    }
}

#[tokio::test]
async fn members_come_are_made_and_go() {
    for shape in APART {
        let (_place, host) = start(shape).await;
        let ada = round::admin(&host).await;
        ada.post(&host, "/users", json!({"email": "nora@example.org", "name": "Nora"})).await.expect(201);
        let found = ada.get(&host, "/users?q=nora%40example.org").await.expect(200);
        assert_eq!(found.data()[0]["name"], "Nora", "{:#}", found.body);
        let (olga, finn) = (host.register("Olga").await, host.register("Finn").await);
        let (book, lent) = (olga.lists(&host, "Emma").await, finn.lists(&host, "Persuasion").await);
        let waiting = finn.asks_for(&host, &book).await;
        let borrow = olga.asks_for(&host, &lent).await;
        finn.does(&host, &borrow, "approve", json!({})).await;
        finn.does(&host, &borrow, "hand-over", json!({})).await;
        let page = host.get(&format!("/users/{}", finn.id)).await.expect(200);
        assert_eq!((&page.data()["counts"]["books"], &page.data()["counts"]["lent"]), (&json!(1), &json!(1)));

        let leave = || Reply::to(olga.request(&host, Method::DELETE, "/profile").json(&json!({"password": PASSWORD})));
        assert_eq!(leave().await.expect(409).code(), "MEMBER_HAS_OPEN_LOANS", "a book of Finn's is with them");
        finn.does(&host, &borrow, "return", json!({"condition": "ok"})).await;
        leave().await.expect(204);
        expect_of_members(&olga, &host, 401).await;
        host.get(&format!("/books/{book}")).await.expect(404);
        host.get(&format!("/users/{}", olga.id)).await.expect(404);
        eventually("what waited is over", || async { finn.borrow(&host, &waiting).await["status"] == "cancelled" })
            .await;
        assert_eq!(host.log_in(&olga.email, PASSWORD).await.status, 401);
    }
}

#[tokio::test]
async fn sessions_roles_and_keys_end_everywhere_at_once() {
    for shape in APART {
        let (_place, host) = start(shape).await;
        let ada = round::admin(&host).await;
        for _ in 0..3 {
            let finn = host.register("Finn").await;
            expect_of_members(&finn, &host, 200).await;
            finn.post(&host, "/auth/logout", json!({})).await.expect(204);
            expect_of_members(&finn, &host, 401).await;

            let mo = host.register("Mo").await;
            // Registering waits half a second for other databases, and this machine may be busy.
            let page = format!("/users/{}", mo.id);
            eventually("Mo is known", || async { ada.get(&host, &page).await.status == 200 }).await;
            let role = format!("/users/{}/role", mo.id);
            mo.get(&host, "/borrows?role=any").await.expect(403);
            ada.put(&host, &role, json!({"role": "moderator"})).await.expect(200);
            mo.get(&host, "/borrows?role=any").await.expect(200);
            ada.put(&host, &role, json!({"role": "user"})).await.expect(200);
            mo.get(&host, "/borrows?role=any").await.expect(403);
            ada.put(&host, &format!("/users/{}", mo.id), json!({"active": false})).await.expect(200);
            expect_of_members(&mo, &host, 401).await;
        }

        let body = json!({"currentPassword": PASSWORD, "name": "Shelf scanner", "scopes": []});
        let made = ada.post(&host, "/auth/api-keys", body).await.expect(201);
        let text = |name: &str| made.data()[name].as_str().expect("a string").to_owned();
        let (id, key) = (text("id"), text("key"));
        let by_key = async |path| Reply::to(host.request(Method::GET, path).header("x-api-key", &key)).await.status;
        for path in ["/books/mine", "/borrows", "/notifications"] {
            assert_eq!(by_key(path).await, 200, "{path}");
        }
        ada.delete(&host, &format!("/auth/api-keys/{id}")).await.expect(204);
        for path in ["/books/mine", "/borrows", "/notifications"] {
            assert_eq!(by_key(path).await, 401, "{path}");
        }
    }
}

#[tokio::test]
async fn administrators_see_all_of_the_processes_as_one() {
    // Of databases of their own each process shows its own.
    for shape in [Shape::BorrowingApart, Shape::FiveApart] {
        let (_place, mut host) = start(shape).await;
        let ada = round::admin(&host).await;
        let names = async |host: &Host, path: &str| -> Vec<String> {
            let reply = ada.get(host, path).await.expect(200);
            let items = reply.data().as_array().expect("a list").clone();
            items.iter().map(|item| item["name"].as_str().expect("a name").to_owned()).collect()
        };
        let all = ["auth", "books", "borrowing", "notifications", "users"];
        assert_eq!(names(&host, "/admin/projections").await, all);
        eventually("all of them are there", || async {
            let projections = ada.get(&host, "/admin/projections").await.expect(200);
            projections.data().as_array().expect("a list").iter().all(|projection| projection["ready"] == true)
        })
        .await;
        for name in all {
            ada.post(&host, &format!("/admin/projections/{name}/rebuild"), json!({})).await.expect(202);
        }

        let jobs: BTreeSet<String> = names(&host, "/admin/jobs")
            .await
            .iter()
            .map(|name| name.split('.').next().unwrap_or(name).to_owned())
            .collect();
        let of = ["auth", "books", "borrowing", "commands", "community", "members", "notifications", "users"];
        assert!(jobs.iter().eq(of), "{jobs:?}");
        let subscriptions = names(&host, "/admin/subscriptions").await;
        assert_eq!(subscriptions.len(), 10, "{subscriptions:?}");
        ada.get(&host, "/admin/months").await.expect(200);
        // Begun here, done by whichever process runs it.
        for job in [
            "borrowing.forget_messages",
            "notifications.forget_old",
            "community.count_month",
            "commands.forget_answers",
        ] {
            let path = format!("/admin/jobs/{job}");
            ada.post(&host, &format!("{path}/run"), json!({})).await.expect(202);
            eventually_within(Duration::from_secs(30), job, || async {
                ada.get(&host, &path).await.expect(200).data()["last"]["outcome"] == "done"
            })
            .await;
        }

        host.kill_process_of("borrowing");
        assert_eq!(names(&host, "/admin/projections").await, all);
        let projections = ada.get(&host, "/admin/projections").await.expect(200);
        let away: Vec<&Value> =
            projections.data().as_array().expect("a list").iter().filter(|one| one["away"] == true).collect();
        assert_eq!((away.len(), &away[0]["name"]), (1, &json!("borrowing")), "{:#}", projections.body);
    }
}

#[tokio::test]
async fn a_process_answers_its_own_routes_and_believes_whoever_has_the_token() {
    let (_place, host) = start(Shape::FiveApart).await;
    let finn = host.register("Finn").await;
    let client = Client::new();
    let direct = async |context: &str, path: &str| {
        let url = format!("{}/api/v1{path}", host.directly(context));
        Reply::to(client.get(url).bearer_auth(&finn.token)).await
    };
    let contexts = ["users", "auth", "books", "borrowing", "notifications"];
    for (owner, path) in contexts.iter().zip(OF_MEMBERS) {
        for context in contexts {
            let reply = direct(context, path).await;
            match context == *owner {
                true => assert_eq!(reply.status, 200, "{context} {path}: {:#}", reply.body),
                false => assert_eq!((reply.status, reply.code()), (421, "ELSEWHERE"), "{context} {path}"),
            }
        }
        Reply::to(client.get(format!("{}/health", host.directly(owner)))).await.expect(200);
        direct(owner, "/nothing").await.expect(404);
    }
    let ask = |token: &str| {
        let url = format!("{}/internal/messages/get_book", host.internally("books"));
        Reply::to(client.post(url).bearer_auth(token).body("{}"))
    };
    for wrong in ["", "another", &finn.token] {
        ask(wrong).await.expect(401);
    }
    ask(TOKEN).await.expect(400);
    let elsewhere = format!("{}/internal/messages/get_book", host.internally("users"));
    Reply::to(client.post(elsewhere).bearer_auth(TOKEN).body("{}")).await.expect(421);
    // What is for the other processes is at no public address.
    for base in [host.directly("books"), format!("http://{}", host.address())] {
        Reply::to(client.post(format!("{base}/internal/messages/get_book")).bearer_auth(TOKEN)).await.expect(405);
    }
}

#[tokio::test]
async fn without_borrowing_what_needs_it_says_when_to_come_back_and_all_else_goes_on() {
    for shape in APART {
        let (_place, mut host) = start(shape).await;
        let (olga, finn) = (host.register("Olga").await, host.register("Finn").await);
        let book = olga.lists(&host, "Emma").await;
        let borrow = finn.asks_for(&host, &book).await;
        host.kill_process_of("borrowing");

        let ask = async || finn.post(&host, "/borrows", json!({"bookId": book, "days": 21})).await;
        expect_away(&ask().await);
        expect_away(&finn.get(&host, &format!("/borrows/{borrow}")).await);
        expect_away(&olga.delete(&host, &format!("/books/{book}")).await);
        for nth in 0..5 {
            let other = olga.lists(&host, &format!("Volume {nth}")).await;
            assert_eq!(
                olga.get(&host, &format!("/books/{other}")).await.expect(200).data()["title"],
                format!("Volume {nth}")
            );
            let profile = json!({"name": format!("Olga {nth}"), "language": "en", "timeZone": "Europe/Vienna"});
            olga.put(&host, "/profile", profile).await.expect(200);
            assert_eq!(olga.get(&host, "/profile").await.expect(200).data()["name"], format!("Olga {nth}"));
            let selma = host.register("Selma").await;
            host.log_in(&selma.email, PASSWORD).await.expect(200);
            finn.get(&host, "/notifications").await.expect(200);
            host.get("/books").await.expect(200);
            host.get(&format!("/books/{book}")).await.expect(200);
        }

        host.start_process_of("borrowing");
        assert_eq!(finn.borrow(&host, &borrow).await["status"], "pending");
        olga.does(&host, &borrow, "approve", json!({})).await;
        let newest = olga.lists(&host, "The newest").await;
        finn.asks_for(&host, &newest).await;
        // Who called it in vain calls it again within a second.
        let path = format!("/books/{newest}");
        eventually("books reaches borrowing", || async { olga.delete(&host, &path).await.status == 204 }).await;
        eventually("its owner is told", || async { olga.was_told(&host).await.contains(&"borrow.created".to_owned()) })
            .await;
    }
}

/// `FOLKSHELF_TEST_AWAY_SECONDS=70` is the long form: then nobody lists its subscriptions any more.
#[tokio::test]
async fn without_notifications_no_other_request_fails_and_one_waits() {
    let seconds = std::env::var("FOLKSHELF_TEST_AWAY_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(8);
    let place = Place::new().await;
    let mut environment = place.environment();
    environment.push(("FOLKSHELF_COMMUNITY__MAX_REQUESTS_A_DAY".to_owned(), "1000".to_owned()));
    let mut host = Host::start_as(Shape::FiveApart, &environment);
    let (olga, finn) = (host.register("Olga").await, host.register("Finn").await);
    let wait = Duration::from_millis(500);
    host.kill_process_of("notifications");
    let begun = Instant::now();
    let mut waited = [0; 3];
    let (mut longest, mut rounds) = (Duration::ZERO, 0);
    while begun.elapsed() < Duration::from_secs(seconds) {
        rounds += 1;
        let mut timed = async |kind: usize, reply: Reply, began: Instant, status: u16| {
            let took = began.elapsed();
            longest = longest.max(took);
            waited[kind] += u32::from(took >= wait * 4 / 5);
            reply.expect(status)
        };
        let title = format!("Volume {rounds}");
        let body = json!({"title": title, "authors": ["Somebody"], "lending": "lend"});
        let now = Instant::now();
        let made = timed(0, olga.post(&host, "/books", body).await, now, 201).await;
        let path = format!("/books/{}", made.data()["id"].as_str().expect("an id"));
        let now = Instant::now();
        let read = timed(2, olga.get(&host, &path).await, now, 200).await;
        assert_eq!(read.data()["title"], title);
        let body = json!({"bookId": made.data()["id"], "days": 21});
        let now = Instant::now();
        let borrow = timed(1, finn.post(&host, "/borrows", body).await, now, 201).await;
        let path = format!("/borrows/{}", borrow.data()["id"].as_str().expect("an id"));
        let now = Instant::now();
        timed(2, finn.get(&host, &path).await, now, 200).await;
        for (step, body) in [("approve", json!({})), ("hand-over", json!({})), ("return", json!({"condition": "ok"}))] {
            let now = Instant::now();
            timed(1, olga.post(&host, &format!("{path}/{step}"), body).await, now, 200).await;
        }
    }
    println!(
        "{rounds} rounds, waited: books {}, borrows {}, reads {}; longest {longest:?}",
        waited[0], waited[1], waited[2]
    );
    // One in each process that tells notifications something, and one more where the machine is busy.
    assert!(waited[0] <= 2 && waited[1] <= 2 && waited[2] <= 1, "{waited:?} of {rounds} rounds");
    expect_away(&olga.get(&host, "/notifications").await);

    host.start_process_of("notifications");
    eventually_within(Duration::from_secs(30), "notifications has handled what happened meanwhile", || async {
        let behind = "select exists (select from event_bus.log l, event_bus.subscription s
            where s.name in ('notifications', 'notifications.view')
                and (l.transaction_id, l.position) > (s.transaction_id, s.position))";
        !sqlx::query_scalar::<_, bool>(behind)
            .fetch_one(&place.database.owner_pool("event_bus"))
            .await
            .expect("the log")
    })
    .await;
    // Folded into one, as what one member causes within an hour is.
    assert_eq!(olga.was_told(&host).await, ["borrow.created"]);
}
