//! The inbox, live over a WebSocket.

mod support;

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::Method;
use serde_json::{Value, json};
use support::shape::Shape;
use support::{Host, PASSWORD, Person, Place, Reply};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

type Socket = WebSocketStream<TcpStream>;

/// Opens one with these headers; the socket and the protocol that was chosen, or the status of the refusal and its body.
async fn open(host: &Host, query: &str, headers: &[(&'static str, &str)]) -> Result<(Socket, String), (u16, Value)> {
    let url = host.url(&format!("/notifications/ws{query}")).replacen("http", "ws", 1);
    let address = url.trim_start_matches("ws://").split('/').next().expect("an address").to_owned();
    let mut request = url.into_client_request().expect("a request");
    for (name, value) in headers {
        request.headers_mut().append(*name, value.parse().expect("a header"));
    }
    let line = TcpStream::connect(address).await.expect("a connection");
    match client_async(request, line).await {
        Ok((socket, answer)) => {
            let chosen = answer.headers().get("sec-websocket-protocol").map(|value| value.to_str().expect("text"));
            Ok((socket, chosen.unwrap_or_default().to_owned()))
        }
        Err(Error::Http(refusal)) => {
            let body = refusal.body().as_deref().unwrap_or_default();
            Err((refusal.status().as_u16(), serde_json::from_slice(body).unwrap_or_default()))
        }
        Err(error) => panic!("{error}"),
    }
}

/// One of a program that sends the token as every request does, and its first frame.
async fn opened(host: &Host, person: &Person, query: &str) -> (Socket, Value) {
    let bearer = format!("Bearer {}", person.token);
    let (mut socket, _) = open(host, query, &[("authorization", &bearer)]).await.expect("a WebSocket");
    let first = frame(&mut socket).await;
    (socket, first)
}

/// What comes next that is no ping.
async fn next(socket: &mut Socket) -> Message {
    let read = async {
        loop {
            match socket.next().await.expect("a frame before the line ends").expect("a frame") {
                Message::Ping(_) => {}
                other => return other,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), read).await.expect("a frame in time")
}

async fn frame(socket: &mut Socket) -> Value {
    match next(socket).await {
        Message::Text(text) => serde_json::from_str(&text).expect("JSON"),
        other => panic!("no text: {other:?}"),
    }
}

/// The code with which it closes, and why.
async fn close(socket: &mut Socket) -> (u16, String) {
    match next(socket).await {
        Message::Close(Some(close)) => (close.code.into(), close.reason.to_string()),
        other => panic!("it did not close: {other:?}"),
    }
}

#[tokio::test]
async fn a_websocket_shows_the_frames_of_the_stream_and_resumes_where_it_broke_off() {
    let (_place, host) = Host::start().await;
    let (owner, finn) = (host.register("Olga").await, host.register("Finn").await);
    let (one, two) = (owner.lists(&host, "One").await, owner.lists(&host, "Two").await);
    let (mut socket, first) = opened(&host, &owner, "").await;
    assert!(first["id"].is_string() && first["retry"] == 2000 && first.get("event").is_none(), "{first}");
    let mut stream = owner.request(&host, Method::GET, "/notifications/stream").send().await.expect("a stream");

    finn.asks_for(&host, &one).await;
    let seen = frame(&mut socket).await;
    assert_eq!((seen["event"].as_str(), seen["data"]["type"].as_str()), (Some("notification"), Some("borrow.created")));
    let mut text = String::new();
    while !text.contains("event: notification") {
        let chunk = stream.chunk().await.expect("bytes").expect("the stream goes on");
        text.push_str(std::str::from_utf8(&chunk).expect("text"));
    }
    let field = |name: &str| text.lines().rev().find_map(|line| line.strip_prefix(name)).expect("the field");
    assert_eq!(seen["id"], field("id: "));
    assert_eq!(seen["data"], serde_json::from_str::<Value>(field("data: ")).expect("JSON"));

    drop(socket);
    finn.asks_for(&host, &two).await;
    let (mut resumed, _) =
        opened(&host, &owner, &format!("?lastEventId={}", seen["id"].as_str().expect("an id"))).await;
    assert!(frame(&mut resumed).await.to_string().contains("Two"), "what was missed, and not what was seen");
    resumed.send(Message::Close(None)).await.expect("it is sent");
    assert!(matches!(next(&mut resumed).await, Message::Close(_)));
}

#[tokio::test]
async fn a_page_shows_its_token_as_a_subprotocol_and_only_pages_of_known_origins_may() {
    let place = Place::new().await;
    let mut environment = place.environment();
    environment.push(("FOLKSHELF_HTTP__ALLOWED_ORIGINS".to_owned(), "https://shelf.example".to_owned()));
    let host = Host::start_with(&environment);
    let olga = host.register("Olga").await;
    let protocols = format!("folkshelf.notifications.v1, bearer.{}", olga.token);
    for origin in ["https://shelf.example", "http://localhost:3000"] {
        let headers = [("sec-websocket-protocol", protocols.as_str()), ("origin", origin)];
        let (mut socket, chosen) = open(&host, "", &headers).await.expect("a WebSocket");
        assert_eq!(chosen, "folkshelf.notifications.v1", "the token is not sent back");
        assert!(frame(&mut socket).await["id"].is_string());
    }
    let foreign = [("sec-websocket-protocol", protocols.as_str()), ("origin", "https://evil.example")];
    let (status, body) = open(&host, "", &foreign).await.expect_err("a refusal");
    assert_eq!((status, body["error"]["code"].as_str()), (403, Some("FOREIGN_ORIGIN")));

    let bearer = format!("Bearer {}", olga.token);
    let both = [("sec-websocket-protocol", protocols.as_str()), ("authorization", bearer.as_str())];
    assert_eq!(open(&host, "", &both).await.expect_err("a refusal").0, 400);
    assert_eq!(open(&host, "", &[]).await.expect_err("a refusal").0, 401);
    let wrong = [("sec-websocket-protocol", "folkshelf.notifications.v1, bearer.no-token")];
    assert_eq!(open(&host, "", &wrong).await.expect_err("a refusal").0, 401);
    // No query carries a token: queries are logged.
    let in_query = format!("?token={}", olga.token);
    assert_eq!(open(&host, &in_query, &[]).await.expect_err("a refusal").0, 401);

    let made = json!({"currentPassword": PASSWORD, "name": "Bell", "scopes": []});
    let key = olga.post(&host, "/auth/api-keys", made).await.expect(201).data()["key"].clone();
    let (mut socket, _) = open(&host, "", &[("x-api-key", key.as_str().expect("a key"))]).await.expect("a WebSocket");
    assert!(frame(&mut socket).await["id"].is_string());
}

#[tokio::test]
async fn what_is_no_websocket_is_told_so_and_a_place_to_resume_from_is_one() {
    let (_place, host) = Host::start().await;
    let olga = host.register("Olga").await;
    host.get("/notifications/ws").await.expect(401);
    assert_eq!(olga.get(&host, "/notifications/ws").await.expect(400).fields(), ["Upgrade"]);
    let reply = olga.get(&host, "/notifications/ws?lastEventId=yesterday").await.expect(400);
    assert_eq!(reply.fields(), ["lastEventId"]);
    // A token that comes as a subprotocol opens a WebSocket and nothing else.
    let elsewhere =
        host.request(Method::GET, "/users/me").header("sec-websocket-protocol", format!("bearer.{}", olga.token));
    Reply::to(elsewhere).await.expect(401);
}

#[tokio::test]
async fn one_more_closes_the_oldest_whichever_kind_it_is_and_a_session_that_ended_sees_nothing_more() {
    let place = Place::new().await;
    let mut environment = place.environment();
    environment.push(("FOLKSHELF_STREAMS__PER_SESSION".to_owned(), "2".to_owned()));
    let host = Host::start_with(&environment);
    let (olga, finn) = (host.register("Olga").await, host.register("Finn").await);
    let book = olga.lists(&host, "Emma").await;
    let (mut oldest, _) = opened(&host, &olga, "").await;
    let (mut second, _) = opened(&host, &olga, "").await;
    let stream = olga.request(&host, Method::GET, "/notifications/stream").send().await.expect("a stream");
    assert_eq!(stream.status(), 200);
    let last = frame(&mut oldest).await;
    assert_eq!((last["event"].as_str(), last["retry"].as_u64()), (Some("replaced"), Some(60_000)));
    assert_eq!(close(&mut oldest).await, (4409, "replaced".to_owned()));

    olga.post(&host, "/auth/logout", json!({})).await.expect(204);
    finn.asks_for(&host, &book).await;
    assert_eq!(close(&mut second).await, (4401, "the session has ended".to_owned()), "and it shows nothing before");
}

#[tokio::test]
async fn a_seat_is_free_as_soon_as_its_client_is_gone() {
    let place = Place::new().await;
    let mut environment = place.environment();
    environment.push(("FOLKSHELF_STREAMS__PER_HOST".to_owned(), "1".to_owned()));
    let host = Host::start_with(&environment);
    let (olga, finn) = (host.register("Olga").await, host.register("Finn").await);
    let (socket, _) = opened(&host, &olga, "").await;
    let bearer = format!("Bearer {}", finn.token);
    let full = open(&host, "", &[("authorization", &bearer)]).await.expect_err("there is no room");
    assert_eq!(full.0, 503);
    drop(socket);
    testkit::eventually_within(Duration::from_secs(5), "the seat is free", || async {
        open(&host, "", &[("authorization", &bearer)]).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn a_host_that_drains_says_when_to_come_back() {
    if support::shape::one_process_only("the lines are those of one process") {
        return;
    }
    let place = Place::new().await;
    let mut environment = place.environment();
    environment.push(("FOLKSHELF_HTTP__DRAIN_SECONDS".to_owned(), "3".to_owned()));
    let mut host = Host::start_with(&environment);
    let olga = host.register("Olga").await;
    let (mut socket, _) = opened(&host, &olga, "").await;
    host.signal("TERM");
    let last = frame(&mut socket).await;
    let retry = last["retry"].as_u64().expect("when to come back");
    assert!((200..3_000).contains(&retry) && last.get("event").is_none(), "{last}");
    assert_eq!(close(&mut socket).await.0, 1012);
    let bearer = format!("Bearer {}", olga.token);
    assert_eq!(open(&host, "", &[("authorization", &bearer)]).await.expect_err("another host has room").0, 503);
    let ended_well = tokio::task::spawn_blocking(move || host.stop()).await.expect("it stopped");
    assert!(ended_well);
}

/// A frame as a client writes it, with a mask of zeros: its first byte, and a payload of so many.
fn raw(first: u8, length: u64) -> Vec<u8> {
    let mut bytes = vec![first];
    match length {
        0..126 => bytes.push(0x80 | length as u8),
        _ => {
            bytes.push(0x80 | 127);
            bytes.extend(length.to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes
}

#[tokio::test]
async fn whoever_sends_more_than_pings_is_cut_off() {
    let (_place, host) = Host::start().await;
    let olga = host.register("Olga").await;
    let policy = "send nothing but pings, pongs and a close";
    let sent = [
        (Message::text("hello"), 1008, policy),
        (Message::binary(vec![1, 2, 3]), 1008, policy),
        (Message::text("x".repeat(4_000)), 1009, "the frame is too large"),
    ];
    for (message, code, why) in sent {
        let (mut socket, _) = opened(&host, &olga, "").await;
        socket.send(message).await.expect("it is sent");
        assert_eq!(close(&mut socket).await, (code, why.to_owned()));
    }

    // A frame that claims to be a terabyte: it is neither waited for nor kept.
    let (mut socket, _) = opened(&host, &olga, "").await;
    let flood = vec![0; 64 * 1024];
    for bytes in [raw(0x82, 1 << 40).as_slice(), &flood, &flood] {
        socket.get_mut().write_all(bytes).await.expect("it is sent");
    }
    assert_eq!(close(&mut socket).await, (1009, "the frame is too large".to_owned()));
    let on_and_on = async { while socket.get_mut().write_all(&flood).await.is_ok() {} };
    // nginx reads on for half a minute when it has closed a line (`lingering_time`).
    let within = if Shape::chosen() == Shape::AllInOne { 10 } else { 40 };
    tokio::time::timeout(Duration::from_secs(within), on_and_on).await.expect("the line is cut");

    // Broken frames: without a mask, of a kind that is not there, a piece of a message, a ping of 126 bytes.
    for (bytes, code) in [
        (vec![0x89, 0x00], 1002),
        (raw(0x83, 0), 1002),
        (raw(0x01, 0), 1008),
        ([raw(0x89, 200), vec![0; 200]].concat(), 1009),
    ] {
        let (mut socket, _) = opened(&host, &olga, "").await;
        socket.get_mut().write_all(&bytes).await.expect("it is sent");
        assert_eq!(close(&mut socket).await.0, code, "{bytes:?}");
    }

    // More pings than anybody needs.
    let (mut socket, _) = opened(&host, &olga, "").await;
    for _ in 0..10 {
        socket.send(Message::Ping("x".into())).await.expect("it is sent");
        assert!(matches!(next(&mut socket).await, Message::Pong(_)), "the canary: some are fine");
    }
    let pings: Vec<u8> = (0..200).flat_map(|_| raw(0x89, 0)).collect();
    socket.get_mut().write_all(&pings).await.expect("they are sent");
    let last = loop {
        match next(&mut socket).await {
            Message::Pong(_) => {}
            Message::Close(Some(close)) => break close,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((u16::from(last.code), last.reason.as_str()), (1008, "too many frames"));
}

#[tokio::test]
async fn a_client_that_does_not_read_loses_its_seat() {
    if support::shape::one_process_only("nginx reads what is sent") {
        return;
    }
    let place = Place::new().await;
    let mut environment = place.environment();
    environment.push(("FOLKSHELF_STREAMS__PER_HOST".to_owned(), "1".to_owned()));
    let host = Host::start_with(&environment);
    let (olga, finn) = (host.register("Olga").await, host.register("Finn").await);
    // It answers no ping: nobody drives it.
    let (_frozen, _) = opened(&host, &olga, "").await;
    let bearer = format!("Bearer {}", finn.token);
    testkit::eventually_within(Duration::from_secs(60), "the seat is free", || async {
        open(&host, "", &[("authorization", &bearer)]).await.is_ok()
    })
    .await;
}
