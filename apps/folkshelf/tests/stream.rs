//! The inbox, live.

mod support;

use std::time::Duration;

use futures_util::StreamExt;
use reqwest::Method;
use support::{Host, Person};

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
