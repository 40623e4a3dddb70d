use std::sync::atomic::{AtomicU32, Ordering};

use cqrs::Peer as _;
use kernel::{ErrorKind, Refusal};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// How a process on the other side behaves.
#[derive(Clone, Copy)]
enum Answers {
    With(&'static str),
    /// It dies with the request in its hands.
    CutsOff,
    /// It sends on and on.
    WithoutEnd,
    Never,
}

const FINE: Answers = Answers::With("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");

/// A process that behaves so with one connection after the other; the last one for ever. How often it was asked.
async fn process(each: &'static [Answers]) -> (Arc<Peer>, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let peer = peer(&format!("http://{}", listener.local_addr().expect("an address")));
    let asked = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&asked);
    tokio::spawn(async move {
        let mut lines = Vec::new();
        loop {
            let (mut line, _) = listener.accept().await.expect("a client");
            let mut request = [0; 2048];
            let read = line.read(&mut request).await.expect("a request");
            let head = String::from_utf8_lossy(&request[..read]).to_ascii_lowercase();
            assert!(head.contains("authorization: bearer the token"), "{head}");
            let nth = counted.fetch_add(1, Ordering::SeqCst) as usize;
            match each[nth.min(each.len() - 1)] {
                Answers::With(text) => line.write_all(text.as_bytes()).await.expect("it is read"),
                Answers::CutsOff => {}
                Answers::WithoutEnd => {
                    line.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.expect("it is read");
                    while line.write_all(&[b'x'; 64 * 1024]).await.is_ok() {}
                }
                Answers::Never => lines.push(line),
            }
        }
    });
    (peer, asked)
}

fn peer(url: &str) -> Arc<Peer> {
    Peer::new(url, vec!["books"], &SecretString::from("the token")).expect("a peer")
}

fn message(twice_is_once: bool, within: Duration) -> Outgoing {
    Outgoing { name: "get_book", body: b"{}".to_vec(), within, twice_is_once }
}

async fn kind(peer: &Peer, message: Outgoing) -> Option<ErrorKind> {
    peer.send(message).await.err().map(|refused| refused.kind())
}

#[tokio::test]
async fn an_answer_without_an_end_is_not_kept() {
    let (peer, asked) = process(&[Answers::WithoutEnd]).await;
    assert_eq!(kind(&peer, message(true, LONG_ENOUGH)).await, Some(ErrorKind::Internal));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

const LONG_ENOUGH: Duration = Duration::from_secs(5);

#[tokio::test]
async fn what_may_be_done_twice_is_sent_again_when_its_answer_is_lost() {
    let (peer, asked) = process(&[Answers::CutsOff, FINE]).await;
    assert_eq!(kind(&peer, message(true, LONG_ENOUGH)).await, None);
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn what_may_not_be_done_twice_is_not_sent_again() {
    let (peer, asked) = process(&[Answers::CutsOff, FINE]).await;
    assert_eq!(kind(&peer, message(false, LONG_ENOUGH)).await, Some(ErrorKind::Unavailable));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_answer_is_waited_for_as_long_as_was_said_and_asked_for_once() {
    let (peer, asked) = process(&[Answers::Never]).await;
    let begun = Instant::now();
    assert_eq!(kind(&peer, message(true, Duration::from_millis(300))).await, Some(ErrorKind::Unavailable));
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn nobody_asks_a_process_that_is_away_until_it_may_be_back() {
    let (peer, asked) = process(&[Answers::CutsOff, Answers::CutsOff, Answers::CutsOff, FINE]).await;
    for _ in 0..10 {
        assert_eq!(kind(&peer, message(false, LONG_ENOUGH)).await, Some(ErrorKind::Unavailable));
    }
    assert_eq!(asked.load(Ordering::SeqCst), FAILURES);
    assert!(peer.is_away());
    tokio::time::sleep(BreakerSettings::default().wait).await;
    assert_eq!(kind(&peer, message(false, LONG_ENOUGH)).await, None);
    assert!(!peer.is_away());
}

#[tokio::test]
async fn a_process_that_was_never_there_is_away() {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let refused = peer(&format!("http://{free}")).send(message(false, LONG_ENOUGH)).await.expect_err("nobody is there");
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
    assert!(refused.to_string().contains("Connection refused"), "{refused}");
}

#[tokio::test]
async fn what_is_answered_says_whether_it_was_heard() {
    const fn status(text: &'static str) -> Answers {
        Answers::With(text)
    }
    const NOBODY: Answers =
        status("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    const LOST: Answers = status("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    const TOKEN: Answers =
        status("HTTP/1.1 401 Unauthorized\r\ncontent-length: 8\r\nconnection: close\r\n\r\nno token");
    const UNREAD: Answers = status("HTTP/1.1 400 Bad Request\r\ncontent-length: 5\r\nconnection: close\r\n\r\nwhat?");
    for (answers, expected, times) in [
        (&[NOBODY, FINE] as &[Answers], None, 2),
        (&[LOST, FINE], Some(ErrorKind::Unavailable), 1),
        (&[TOKEN], Some(ErrorKind::Unavailable), 2),
        (&[UNREAD], Some(ErrorKind::Internal), 1),
    ] {
        let (peer, asked) = process(answers).await;
        let refused = peer.send(message(false, LONG_ENOUGH)).await.err();
        assert_eq!(refused.as_ref().map(Refusal::kind), expected);
        assert_eq!(asked.load(Ordering::SeqCst), times, "{refused:?}");
        assert!(!format!("{refused:?}").contains("the token"), "the secret stays here");
    }
}

#[test]
fn a_token_that_no_header_may_have_is_named() {
    let error = Peer::new("http://127.0.0.1:1", Vec::new(), &SecretString::from("two\nlines")).err().expect("refused");
    assert!(error.to_string().starts_with("internal.token has"), "{error}");
}
