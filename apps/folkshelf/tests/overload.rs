//! More requests at once than a host works on: the excess is told at once to come back, and slow senders keep nobody out.
//! What the others then take is measured by `just bench-overload`.

mod support;

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use support::{Host, Place, Reply};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PLACES: usize = 4;

fn host(place: &Place) -> Host {
    let mut environment = place.environment();
    environment.push(("FOLKSHELF_HTTP__MAX_REQUESTS_IN_FLIGHT".to_owned(), PLACES.to_string()));
    // Then every read is worked on.
    environment.push(("FOLKSHELF_HTTP__MEMORY_CACHE_MIB".to_owned(), "0".to_owned()));
    Host::start_with(&environment)
}

fn was_shed(reply: &Reply) -> bool {
    let message = reply.body["error"]["message"].as_str().unwrap_or_default();
    reply.status == 503 && reply.header("retry-after") == "2" && message.contains("under way")
}

#[tokio::test]
async fn the_excess_is_told_at_once_to_come_back() {
    if support::shape::one_process_only("each process counts its own requests") {
        return;
    }
    let place = Place::new().await;
    let host = host(&place);
    let ada = host.register("Ada").await;
    // They wait for a position that is not there yet: each holds its place for a while.
    let waiting = (0..10 * PLACES).map(|_| {
        Reply::to(ada.request(&host, Method::GET, "/users/me").header("x-folkshelf-min-position", "999999999999-1"))
    });
    let replies = join_all(waiting).await;
    let shed: Vec<&Reply> = replies.iter().filter(|reply| was_shed(reply)).collect();
    assert!(replies.len() - shed.len() >= PLACES, "those with a place are answered: {replies:?}");
    assert!(shed.len() >= PLACES, "{} of {} were told to come back", shed.len(), replies.len());
    for reply in &shed {
        assert_eq!(reply.code(), "UNAVAILABLE");
        assert_eq!(reply.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
    }
    let metrics = host.get("/metrics").await.expect(200);
    let text = metrics.body.as_str().expect("text");
    let count = text.lines().find_map(|line| line.strip_prefix("requests_shed_total ")).expect("it is counted");
    assert!(count.parse::<usize>().expect("a number") >= PLACES, "{count}");
    // All places are free again.
    ada.get(&host, "/users/me").await.expect(200);
}

#[tokio::test]
async fn whoever_sends_slowly_keeps_nobody_out() {
    if support::shape::one_process_only("nginx waits for slow senders") {
        return;
    }
    let place = Place::new().await;
    let host = host(&place);
    let ada = host.register("Ada").await;
    let mut slow = Vec::new();
    for _ in 0..3 * PLACES {
        let mut line = TcpStream::connect(host.address()).await.expect("a line");
        let head = format!(
            "POST /api/v1/books HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
            content-length: 1000\r\n\r\n{{\"title\":",
            ada.token
        );
        line.write_all(head.as_bytes()).await.expect("sent");
        slow.push(line);
    }
    for nth in 0..3 * PLACES {
        ada.get(&host, "/users/me").await.expect(200);
        let book = json!({"title": format!("Emma {nth}"), "authors": ["Jane Austen"], "lending": "lend"});
        ada.post(&host, "/books", book).await.expect(201);
    }
    // Clients that finish sending are answered.
    let mut last = slow.pop().expect("a line");
    last.write_all(" ".repeat(991).as_bytes()).await.expect("sent");
    let mut answer = [0; 12];
    tokio::time::timeout(Duration::from_secs(20), last.read_exact(&mut answer))
        .await
        .expect("in time")
        .expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 400");
}

#[tokio::test]
async fn bodies_that_come_all_at_once_are_worked_on_a_few_at_a_time() {
    if support::shape::one_process_only("each process counts its own requests") {
        return;
    }
    let place = Place::new().await;
    let host = host(&place);
    let ada = host.register("Ada").await;
    let book = |nth: usize| json!({"title": format!("Emma {nth}"), "authors": ["Jane Austen"], "lending": "lend"});
    let replies = join_all((0..20 * PLACES).map(|nth| ada.post(&host, "/books", book(nth)))).await;
    let made = replies.iter().filter(|reply| reply.status == 201).count();
    let shed = replies.iter().filter(|reply| was_shed(reply)).count();
    assert_eq!(made + shed, replies.len(), "{replies:?}");
    assert!(made >= PLACES && shed > 0, "{made} made, {shed} shed");
    // What was refused was not done.
    let mine = ada.get(&host, "/books/mine?limit=100").await.expect(200);
    assert_eq!(mine.ids().len(), made);
}
