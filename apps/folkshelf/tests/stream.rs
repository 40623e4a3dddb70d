//! The inbox, live.

mod support;

use std::time::Duration;

use futures_util::StreamExt;
use reqwest::Method;
use sqlx::{Connection, PgConnection};
use support::{Host, Person, Place};

/// Reads a stream until it holds so many notifications; what was read.
async fn frames(
    host: &Host,
    person: &Person,
    after: Option<&str>,
    count: usize,
    act: impl Future<Output = ()>,
) -> String {
    let mut request = person.request(host, Method::GET, "/notifications/stream");
    if let Some(after) = after {
        request = request.header("Last-Event-ID", after);
    }
    let response = request.send().await.expect("a stream");
    assert_eq!(response.status().as_u16(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut stream = response.bytes_stream();
    let mut text = String::new();
    let read = async {
        while text.matches("event: notification").count() < count {
            let chunk = stream.next().await.expect("the stream goes on").expect("bytes");
            text.push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    };
    let both = async { tokio::join!(read, act) };
    tokio::time::timeout(Duration::from_secs(20), both).await.expect("the frames come in time");
    text
}

/// The last id in a stream's text.
fn last_id(text: &str) -> String {
    let id = text.lines().rev().find_map(|line| line.strip_prefix("id: ")).expect("an id");
    id.to_owned()
}

#[tokio::test]
async fn the_inbox_streams_live_and_resumes_where_it_broke_off() {
    let (_place, host) = Host::start().await;
    let (owner, finn) = (host.register("Olga").await, host.register("Finn").await);
    let (one, two, three) =
        (owner.lists(&host, "One").await, owner.lists(&host, "Two").await, owner.lists(&host, "Three").await);

    let live = frames(&host, &owner, None, 1, async {
        finn.asks_for(&host, &one).await;
    })
    .await;
    assert!(live.contains("borrow.created"), "{live}");

    // The line broke; something happens meanwhile.
    finn.asks_for(&host, &two).await;
    let resumed = frames(&host, &owner, Some(&last_id(&live)), 2, async {
        finn.asks_for(&host, &three).await;
    })
    .await;
    assert_eq!(resumed.matches("event: notification").count(), 2, "each once: {resumed}");
    assert!(resumed.contains("Two") && resumed.contains("Three") && !resumed.contains("“One”"), "{resumed}");
}

#[tokio::test]
async fn a_stream_needs_a_session_and_a_sensible_place_to_resume_from() {
    let (_place, host) = Host::start().await;
    let owner = host.register("Olga").await;
    host.get("/notifications/stream").await.expect(401);
    let request = owner.request(&host, Method::GET, "/notifications/stream").header("Last-Event-ID", "yesterday");
    assert_eq!(support::Reply::to(request).await.expect(400).fields(), ["Last-Event-ID"]);
}

/// Opens one more stream, and reads its beginning.
async fn opened(host: &Host, person: &Person) -> reqwest::Response {
    let mut response = person.request(host, Method::GET, "/notifications/stream").send().await.expect("an answer");
    assert_eq!(response.status().as_u16(), 200);
    response.chunk().await.expect("bytes").expect("the stream begins");
    response
}

/// Reads until the stream ends, or holds `word`; what was read.
async fn read_until(stream: &mut reqwest::Response, word: &str) -> String {
    let mut text = String::new();
    let read = async {
        while !text.contains(word) {
            let Some(chunk) = stream.chunk().await.expect("bytes") else { break };
            text.push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    };
    tokio::time::timeout(Duration::from_secs(20), read).await.expect("it comes, or the stream ends");
    text
}

/// A sample of the host's metrics, 0 where there is none.
async fn metric(host: &Host, sample: &str) -> f64 {
    host.metric(sample).await.unwrap_or(0.0)
}

/// A host with bounds of its own.
async fn with_bounds(bounds: &[(&str, &str)]) -> (Place, Host) {
    let place = Place::new().await;
    let mut environment = place.environment();
    let own = bounds.iter().map(|(name, bound)| (format!("FOLKSHELF_STREAMS__{name}"), (*bound).to_owned()));
    environment.extend(own);
    let host = Host::start_with(&environment);
    (place, host)
}

#[tokio::test]
async fn one_more_stream_of_a_session_or_a_member_closes_the_oldest_which_says_so() {
    let (_place, host) = with_bounds(&[("PER_MEMBER", "10")]).await;
    let (owner, finn) = (host.register("Olga").await, host.register("Finn").await);
    let book = owner.lists(&host, "Emma").await;
    let mut streams = Vec::new();
    for _ in 0..8 {
        streams.push(opened(&host, &owner).await);
    }
    assert_eq!(metric(&host, "inbox_streams_open").await, 8.0);
    streams.push(opened(&host, &owner).await);
    let mut oldest = streams.remove(0);
    let text = read_until(&mut oldest, "nothing").await;
    assert!(text.contains("event: replaced") && text.contains("retry: 60000"), "{text}");
    assert_eq!(metric(&host, "inbox_streams_open").await, 8.0);

    // Two more of another session are as many as the member may have.
    let again = host.log_in(&owner.email, support::PASSWORD).await.expect(200);
    let other_session = Person::from("Olga", &owner.email, &again);
    for _ in 0..3 {
        streams.push(opened(&host, &other_session).await);
    }
    let text = read_until(&mut streams.remove(0), "nothing").await;
    assert!(text.contains("event: replaced"), "{text}");
    assert_eq!(metric(&host, "inbox_streams_open").await, 10.0);

    // Those that are left show what comes, and one look at the inbox did for all.
    let looks = "query_duration_seconds_count{outcome=\"answered\",query=\"notifications_since\"}";
    let before = metric(&host, looks).await;
    finn.asks_for(&host, &book).await;
    for stream in &mut streams {
        let text = read_until(stream, "borrow.created").await;
        assert!(text.contains("borrow.created"), "{text}");
    }
    let looked = metric(&host, looks).await - before;
    assert!((1.0..=4.0).contains(&looked), "{looked} looks for {} streams", streams.len());

    drop(streams);
    // The host learns of it when it next writes to them.
    let within = Duration::from_secs(45);
    testkit::eventually_within(within, "the seats are given back", || async {
        metric(&host, "inbox_streams_open").await == 0.0
    })
    .await;
}

#[tokio::test]
async fn on_a_full_host_the_member_with_most_streams_makes_room_and_otherwise_one_comes_back() {
    let (_place, host) = with_bounds(&[("PER_HOST", "3")]).await;
    let (olga, finn, mia) = (host.register("Olga").await, host.register("Finn").await, host.register("Mia").await);
    let mut first = opened(&host, &olga).await;
    let others = (opened(&host, &olga).await, opened(&host, &olga).await);
    // Finn has none, Olga three: her oldest makes room.
    let his = opened(&host, &finn).await;
    let text = read_until(&mut first, "nothing").await;
    assert!(text.contains("event: replaced") && text.contains("retry: 60000"), "{text}");
    // He would have as many as she has: two do not push each other out.
    let refused = finn.get(&host, "/notifications/stream").await.expect(503);
    assert_eq!((refused.code(), refused.header("retry-after")), ("UNAVAILABLE", "30"));
    let hers = opened(&host, &mia).await;
    assert_eq!(metric(&host, "inbox_streams_open").await, 3.0);
    // Now each of them has one.
    let una = host.register("Una").await;
    una.get(&host, "/notifications/stream").await.expect(503);
    drop((first, others, his, hers));
    testkit::eventually_within(Duration::from_secs(45), "there is room again", || async {
        let response = una.request(&host, Method::GET, "/notifications/stream").send().await.expect("an answer");
        response.status().as_u16() == 200
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_resumes_far_behind_shows_everything_once_and_in_order() {
    let (place, host) = Host::start().await;
    let (owner, finn) = (host.register("Olga").await, host.register("Finn").await);
    let books = (owner.lists(&host, "One").await, owner.lists(&host, "Two").await);
    let first = frames(&host, &owner, None, 1, async {
        finn.asks_for(&host, &books.0).await;
    })
    .await;
    // More than one look finds, made from the one that is there.
    let mut line = PgConnection::connect_with(&place.database.owner_options()).await.expect("a connection");
    let copies = "insert into notifications.notification (id, user_id, kind, facts, data, created_at,
            source_event_id, log_transaction, log_position, version)
        select gen_random_uuid(), user_id, kind, facts, data, created_at,
            gen_random_uuid(), log_transaction, log_position + nth, version
        from notifications.notification, generate_series(1, 250) nth where kind = 'borrow.created'";
    sqlx::query(copies).execute(&mut line).await.expect("notifications");
    let rest = frames(&host, &owner, Some(&last_id(&first)), 251, async {
        finn.asks_for(&host, &books.1).await;
    })
    .await;
    let ids: Vec<&str> = rest.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!((ids.len(), distinct.len()), (251, 251), "each once");
}
