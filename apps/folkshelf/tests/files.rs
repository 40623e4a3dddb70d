//! Files of imports: kept as they were sent, in a folder or in a real S3, and given back to their owner alone.

mod support;

use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use sqlx::{Connection, PgConnection};
use support::{Host, PASSWORD, Person, Place, Reply};
use testkit::PrivateS3;

const FILE: &str = "title,authors\nEmma,\"Austen, Jane\"\n<script>alert(1)</script>,Nobody\n";

/// What names the store of a host; the folder of the tests goes without a word.
fn of(s3: &PrivateS3) -> Vec<(String, String)> {
    let endpoint = s3.endpoint();
    [
        ("FOLDER", None),
        ("S3__BUCKET", Some("shelf-files")),
        ("S3__ENDPOINT", Some(endpoint.as_str())),
        ("S3__ACCESS_KEY_ID", Some(PrivateS3::KEY_ID)),
        ("S3__SECRET_ACCESS_KEY", Some(PrivateS3::SECRET)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((format!("FOLKSHELF_FILES__{name}"), value?.to_owned())))
    .collect()
}

/// A host that keeps its files in this S3.
fn host_with(place: &Place, s3: &PrivateS3) -> Host {
    let mut environment = place.environment();
    environment.retain(|(name, _)| name != "FOLKSHELF_FILES__FOLDER");
    environment.extend(of(s3));
    Host::start_with(&environment)
}

/// Sends a file for review; the import's id.
async fn send(host: &Host, person: &Person, file: &[u8]) -> String {
    let form = Form::new().part("file", Part::bytes(file.to_vec()).file_name("books.csv"));
    let request = person.request(host, Method::POST, "/books/import?review=true").multipart(form);
    Reply::to(request).await.expect(202).data()["id"].as_str().expect("an id").to_owned()
}

fn path(import: &str) -> String {
    format!("/books/imports/{import}/file")
}

async fn is_kept(host: &Host, person: &Person, import: &str) -> bool {
    let reply = person.get(host, &format!("/books/imports/{import}")).await.expect(200);
    reply.data()["fileKept"].as_bool().expect("whether it is kept")
}

async fn got(host: &Host, person: &Person, import: &str) -> Vec<u8> {
    let response = person.request(host, Method::GET, &path(import)).send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    response.bytes().await.expect("the whole file").to_vec()
}

async fn until_gone(host: &Host, person: &Person, import: &str) {
    testkit::eventually_within(Duration::from_secs(40), "the file is gone", || async {
        let reply = person.get(host, &path(import)).await;
        reply.status == 404 && reply.code() != "IMPORT_NOT_FOUND"
    })
    .await;
}

/// Files in the folder of the tests.
fn in_folder(place: &Place) -> usize {
    std::fs::read_dir(place.mail.path().join("files/imports")).map_or(0, Iterator::count)
}

#[tokio::test]
async fn a_file_is_given_back_as_it_was_sent_to_its_owner_alone_and_goes_with_its_import_or_its_member() {
    let place = Place::new().await;
    let (one, two) = (Host::start_in(&place), Host::start_in(&place));
    let (olga, finn) = (one.register("Olga").await, one.register("Finn").await);
    let import = send(&one, &olga, FILE.as_bytes()).await;
    assert!(is_kept(&one, &olga, &import).await);
    let response = olga.request(&two, Method::GET, &path(&import)).send().await.expect("an answer");
    let headers = response.headers().clone();
    let header = |name: &str| headers[name].to_str().expect("text").to_owned();
    // No browser shows it as a page or runs what is in it.
    assert_eq!(header("content-type"), "application/octet-stream");
    assert_eq!(header("content-disposition"), "attachment; filename=\"import\"");
    assert_eq!((header("x-content-type-options"), header("cache-control")), ("nosniff".into(), "no-store".into()));
    assert_eq!(response.text().await.expect("text"), FILE);
    assert_eq!(finn.get(&two, &path(&import)).await.expect(404).code(), "IMPORT_NOT_FOUND");
    one.get(&path(&import)).await.expect(401);

    olga.delete(&one, &format!("/books/imports/{import}")).await.expect(204);
    assert_eq!(olga.get(&one, &path(&import)).await.expect(404).code(), "IMPORT_NOT_FOUND");
    send(&one, &olga, FILE.as_bytes()).await;
    Reply::to(olga.request(&one, Method::DELETE, "/profile").json(&serde_json::json!({"password": PASSWORD})))
        .await
        .expect(204);
    testkit::eventually_within(Duration::from_secs(40), "both files are gone", || async { in_folder(&place) == 0 })
        .await;
}

#[tokio::test]
async fn a_file_stays_for_a_day_after_its_import_has_ended() {
    let (place, host) = Host::start().await;
    let olga = host.register("Olga").await;
    let import = send(&host, &olga, FILE.as_bytes()).await;
    let started = olga.post(&host, &format!("/books/imports/{import}/start"), serde_json::json!({})).await;
    started.expect(202);
    testkit::eventually("the import has ended", || async {
        let reply = olga.get(&host, &format!("/books/imports/{import}")).await.expect(200);
        reply.data()["status"] == "completed"
    })
    .await;
    let mut line = PgConnection::connect_with(&place.database.owner_options()).await.expect("a connection");
    let mut ended = async |hours: f64| {
        let older = "update books.import set updated_at = now() - make_interval(secs => $1 * 3600)";
        sqlx::query(older).bind(hours).execute(&mut line).await.expect("updated");
    };
    ended(23.5).await;
    // More than one sweep.
    tokio::time::sleep(Duration::from_secs(12)).await;
    assert_eq!(got(&host, &olga, &import).await, FILE.as_bytes());
    ended(24.5).await;
    until_gone(&host, &olga, &import).await;
    assert!(!is_kept(&host, &olga, &import).await);
    assert_eq!(in_folder(&place), 0);
}

#[tokio::test]
async fn with_s3_files_large_and_small_come_back_and_what_it_kept_is_there_after_it_was_away() {
    let (place, mut s3) = (Place::new().await, PrivateS3::start().await);
    let host = host_with(&place, &s3);
    let olga = host.register("Olga").await;
    let mut small = String::new();
    // The first files may come before its volumes are there.
    testkit::eventually_within(Duration::from_secs(60), "a file is kept", || async {
        let import = send(&host, &olga, FILE.as_bytes()).await;
        let kept = is_kept(&host, &olga, &import).await;
        if !kept {
            olga.delete(&host, &format!("/books/imports/{import}")).await.expect(204);
        }
        kept
    })
    .await;
    let open = olga.get(&host, "/books/imports/open").await.expect(200);
    small.push_str(open.data()["reviews"][0].as_str().expect("an id"));
    assert_eq!(got(&host, &olga, &small).await, FILE.as_bytes());
    // More than one part of S3.
    let rows = (0..40_000).map(|row| format!("Book {row},{}\n", "Somebody With A Long Name ".repeat(10)));
    let large = format!("title,authors\n{}", rows.collect::<String>()).into_bytes();
    assert!(large.len() > 9 * 1024 * 1024);
    let import = send(&host, &olga, &large).await;
    assert!(is_kept(&host, &olga, &import).await);
    assert!(got(&host, &olga, &import).await == large, "each byte as it was sent");

    // Frozen, then gone: imports go on, and after a moment without a wait.
    s3.signal("STOP").await;
    for _ in 0..2 {
        let other = send(&host, &olga, FILE.as_bytes()).await;
        assert!(!is_kept(&host, &olga, &other).await);
        olga.delete(&host, &format!("/books/imports/{other}")).await.expect(204);
    }
    s3.signal("CONT").await;
    s3.kill().await;
    let before = Instant::now();
    let other = send(&host, &olga, FILE.as_bytes()).await;
    assert!(before.elapsed() < Duration::from_secs(8), "{:?}", before.elapsed());
    assert_eq!(olga.get(&host, &path(&other)).await.expect(404).code(), "IMPORT_FILE_NOT_KEPT");
    assert_eq!(olga.get(&host, &path(&small)).await.expect(503).code(), "UNAVAILABLE");

    s3.start_again().await;
    testkit::eventually_within(Duration::from_secs(60), "the file is there again", || async {
        olga.request(&host, Method::GET, &path(&small)).send().await.is_ok_and(|reply| reply.status() == 200)
    })
    .await;
    assert_eq!(got(&host, &olga, &small).await, FILE.as_bytes());
    olga.delete(&host, &format!("/books/imports/{other}")).await.expect(204);
    let again = send(&host, &olga, FILE.as_bytes()).await;
    assert!(is_kept(&host, &olga, &again).await);
}

#[tokio::test]
async fn without_a_store_an_import_works_and_its_file_is_not_kept() {
    let place = Place::new().await;
    let mut environment = place.environment();
    environment.retain(|(name, _)| name != "FOLKSHELF_FILES__FOLDER");
    let host = Host::start_with(&environment);
    let olga = host.register("Olga").await;
    let import = send(&host, &olga, FILE.as_bytes()).await;
    assert!(!is_kept(&host, &olga, &import).await);
    assert_eq!(olga.get(&host, &path(&import)).await.expect(404).code(), "IMPORT_FILE_NOT_KEPT");
}
