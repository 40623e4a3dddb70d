//! Clients that send or read at a pace of their own cost nobody else anything.

mod support;

use std::time::Duration;

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use support::{Host, Person, Place, Reply};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// A host whose files wait in a folder of the test.
fn host(place: &Place, folder: &std::path::Path, own: &[(&str, &str)]) -> Host {
    let mut environment = place.environment();
    environment.push(("FOLKSHELF_UPLOADS__DIRECTORY".to_owned(), folder.to_string_lossy().into_owned()));
    environment.extend(own.iter().map(|(name, value)| (format!("FOLKSHELF_{name}"), (*value).to_owned())));
    Host::start_with(&environment)
}

async fn import(host: &Host, person: &Person, rows: &str) -> Reply {
    let part = Part::text(format!("title,authors\n{rows}"));
    let request = person.request(host, Method::POST, "/books/import");
    Reply::to(request.multipart(Form::new().part("file", part))).await
}

/// Sends the beginning of a file, and no more.
async fn trickle(host: &Host, person: &Person) -> TcpStream {
    let mut line = TcpStream::connect(host.address()).await.expect("a line");
    let head = format!(
        "POST /api/v1/books/import HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
        content-type: multipart/form-data; boundary=x\r\ncontent-length: 100000\r\n\r\n\
        --x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\ntitle,authors\nEmma,",
        person.token
    );
    line.write_all(head.as_bytes()).await.expect("sent");
    line
}

async fn metric(host: &Host, sample: &str) -> f64 {
    host.metric(sample).await.unwrap_or(0.0)
}

#[tokio::test]
async fn trickling_uploads_stop_nobody_and_are_given_up() {
    if support::shape::one_process_only("nginx waits for slow senders") {
        return;
    }
    let (place, folder) = (Place::new().await, tempfile::tempdir().expect("a folder"));
    let host = host(&place, folder.path(), &[]);
    let ada = host.register("Ada").await;
    let mut slow = Vec::new();
    for name in ["Eve", "Mallory", "Trudy"] {
        let person = host.register(name).await;
        slow.push(trickle(&host, &person).await);
        slow.push(trickle(&host, &person).await);
    }
    testkit::eventually("six files are on their way", || async {
        metric(&host, "uploads_spooled_bytes").await >= 6.0 * 14.0
    })
    .await;
    // More than are read at once; the imports of others begin all the same.
    let id =
        import(&host, &ada, "Emma,Jane Austen\n").await.expect(202).data()["id"].as_str().expect("an id").to_owned();
    testkit::eventually("the import has ended", || async {
        ada.get(&host, &format!("/books/imports/{id}")).await.data()["status"] == "completed"
    })
    .await;
    // They are not let wait for as long as they like.
    for mut line in slow {
        let mut answer = [0; 12];
        let read = tokio::time::timeout(Duration::from_secs(30), line.read_exact(&mut answer)).await;
        read.expect("in time").expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 408");
    }
    testkit::eventually("nothing is left", || async { metric(&host, "uploads_spooled_bytes").await == 0.0 }).await;
}

#[tokio::test]
async fn a_member_sends_two_files_at_once_and_what_breaks_off_leaves_nothing() {
    if support::shape::one_process_only("nginx takes a file whole before it passes it on") {
        return;
    }
    let (place, folder) = (Place::new().await, tempfile::tempdir().expect("a folder"));
    let host = host(&place, folder.path(), &[]);
    let (ada, eve) = (host.register("Ada").await, host.register("Eve").await);
    let slow = (trickle(&host, &eve).await, trickle(&host, &eve).await);
    testkit::eventually("two files are on their way", || async {
        metric(&host, "uploads_spooled_bytes").await >= 2.0 * 14.0
    })
    .await;
    let refused = import(&host, &eve, "Emma,Jane Austen\n").await.expect(409);
    assert_eq!(refused.code(), "TOO_MANY_AT_ONCE");
    import(&host, &ada, "Emma,Jane Austen\n").await.expect(202);
    // A host that dies now leaves none of them behind: they have no names.
    let names = std::fs::read_dir(folder.path()).expect("the folder").count();
    assert_eq!(names, 0);
    drop(slow);
    testkit::eventually("the turns are free again", || async {
        import(&host, &eve, "Emma,Jane Austen\n").await.status == 202
    })
    .await;
    testkit::eventually("nothing is left", || async { metric(&host, "uploads_spooled_bytes").await == 0.0 }).await;
    let kept = ada.get(&host, "/books/imports").await.expect(200).ids().len();
    assert_eq!((kept, eve.get(&host, "/books/imports").await.expect(200).ids().len()), (1, 1));
}

#[tokio::test]
async fn a_file_that_finds_no_room_is_told_to_come_back() {
    if support::shape::one_process_only("nginx takes a file whole before it passes it on") {
        return;
    }
    let (place, folder) = (Place::new().await, tempfile::tempdir().expect("a folder"));
    let host = host(&place, folder.path(), &[("UPLOADS__SPOOL_MIB", "1"), ("IMPORTS__MAX_BYTES", "500000")]);
    let ada = host.register("Ada").await;
    let mut line = trickle(&host, &ada).await;
    line.write_all(&[b'x'; 90_000]).await.expect("sent");
    testkit::eventually("a file is on its way", || async { metric(&host, "uploads_spooled_bytes").await >= 90_000.0 })
        .await;
    let eve = host.register("Eve").await;
    let refused = import(&host, &eve, &"x".repeat(490_000)).await.expect(503);
    assert_eq!((refused.code(), refused.header("retry-after")), ("UNAVAILABLE", "10"));
    drop(line);
}

#[tokio::test]
async fn whoever_reads_nothing_is_cut_off() {
    if support::shape::one_process_only("nginx reads answers") {
        return;
    }
    let (place, folder) = (Place::new().await, tempfile::tempdir().expect("a folder"));
    let host = host(&place, folder.path(), &[("HTTP__REQUEST_TIMEOUT_SECONDS", "2")]);
    let ada = host.register("Ada").await;
    // More than the system keeps of an answer on its way.
    let rows: String = (0..1_000).map(|nth| format!("Emma {nth},Jane Austen,{}\n", "x".repeat(9_000))).collect();
    let part = Part::text(format!("title,authors,description\n{rows}"));
    let request = ada.request(&host, Method::POST, "/books/import").multipart(Form::new().part("file", part));
    let reply = Reply::to(request).await.expect(202);
    let path = format!("/books/imports/{}", reply.data()["id"].as_str().expect("an id"));
    testkit::eventually_within(Duration::from_secs(60), "the shelf is full", || async {
        ada.get(&host, &path).await.data()["status"] == "completed"
    })
    .await;
    let mut unread = Vec::new();
    for _ in 0..2 {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a small window");
        let mut line = socket.connect(host.address().parse().expect("an address")).await.expect("a line");
        let head =
            format!("GET /api/v1/books/export HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n", ada.token);
        line.write_all(head.as_bytes()).await.expect("sent");
        line.readable().await.expect("it begins");
        unread.push(line);
    }
    let refused = ada.get(&host, "/books/export").await.expect(409);
    assert_eq!(refused.code(), "TOO_MANY_AT_ONCE");
    testkit::eventually_within(Duration::from_secs(60), "the lines are cut", || async {
        ada.get(&host, "/books/export").await.status == 200
    })
    .await;
    drop(unread);
}
