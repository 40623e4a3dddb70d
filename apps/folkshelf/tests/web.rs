//! The web app as the host gives it out: which file a path stands for, in which form, kept how long, and what is no file.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use support::shape::Shape;
use support::{Host, Place, Reply};

const INDEX: &str = "<!doctype html><title>Folkshelf</title>";
const SCRIPT: &str = "/assets/index-B3kXv0aT.js";
const HEADERS: [(&str, &str); 8] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("access-control-allow-origin", ""),
    ("accept-ranges", ""),
    ("content-encoding", ""),
];

/// A host with a small app of its own.
async fn host() -> (Place, tempfile::TempDir, Host) {
    let built = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = built.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
        std::fs::write(path, text).expect("it is written");
    };
    write("index.html", INDEX);
    write("index.html.br", "index in brotli");
    write("index.html.gz", "index in gzip");
    write(&SCRIPT[1..], "plain();");
    write(&format!("{}.br", &SCRIPT[1..]), "script in brotli");
    write(&format!("{}.gz", &SCRIPT[1..]), "script in gzip");
    write("assets/serif-D2sq9d.woff2", "a font");
    write("manifest.webmanifest", "{}");
    write("mark.svg", &"<svg/>".repeat(1000));
    write(".built", "the stamp of the build");
    let place = Place::new().await;
    let mut environment = place.environment();
    let folder = built.path().to_string_lossy().into_owned();
    environment.push(("FOLKSHELF_HTTP__WEB_DIRECTORY".to_owned(), folder));
    let host = Host::start_with(&environment);
    (place, built, host)
}

async fn with(host: &Host, path: &str, name: &str, value: &str) -> Reply {
    Reply::to(host.at(Method::GET, path).header(name, value)).await
}

/// The status of a request as it is written, which no client would send like this.
fn status_of(host: &Host, request_line: &str) -> u16 {
    let mut stream = TcpStream::connect(host.address()).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
    write!(stream, "{request_line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("it is sent");
    let mut answer = Vec::new();
    // A request that is no HTTP is answered and cut off.
    drop(stream.read_to_end(&mut answer));
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(!answer.contains("plain();") && !answer.contains("root:") && !answer.contains("stamp"), "{answer}");
    let status = answer.split(' ').nth(1).unwrap_or_else(|| panic!("{request_line}: no answer: {answer}"));
    status.parse().expect("a status")
}

#[tokio::test]
async fn every_page_is_the_index_and_every_file_itself() {
    let (_place, _built, host) = host().await;
    for page in ["/", "/index.html", "/shelf", "/shelf/", "/books/01936f8e-0000-7000-8000-000000000001/edit", "/x_1"] {
        let reply = Reply::to(host.at(Method::GET, page)).await.expect(200);
        assert_eq!(reply.body, json!(INDEX), "{page}");
        assert_eq!(reply.header("content-type"), "text/html; charset=utf-8", "{page}");
        assert_eq!(reply.header("cache-control"), "no-cache", "{page}");
        for (name, value) in HEADERS {
            assert_eq!(reply.header(name), value, "{name} of {page}");
        }
        let policy = reply.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        assert!(reply.header("permissions-policy").contains("camera=()"));
    }
    for (file, kind, keep) in [
        (SCRIPT, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
        ("/assets/serif-D2sq9d.woff2", "font/woff2", "public, max-age=31536000, immutable"),
        ("/manifest.webmanifest", "application/manifest+json; charset=utf-8", "no-cache"),
        ("/mark.svg", "image/svg+xml", "no-cache"),
    ] {
        let reply = Reply::to(host.at(Method::GET, file)).await.expect(200);
        assert_eq!((reply.header("content-type"), reply.header("cache-control")), (kind, keep), "{file}");
    }
    // The query is the page's own.
    Reply::to(host.at(Method::GET, "/reset-password?token=a.b%00")).await.expect(200);
}

#[tokio::test]
async fn a_file_is_sent_in_the_form_the_client_likes_best_and_never_compressed_again() {
    let (_place, _built, host) = host().await;
    for (accepted, coding, body) in [
        ("gzip, deflate, br, zstd", "br", "script in brotli"),
        ("gzip;q=1.0, br;q=0.5", "gzip", "script in gzip"),
        ("gzip, identity", "gzip", "script in gzip"),
        ("br;q=0, gzip;q=0", "", "plain();"),
        ("deflate, zstd", "", "plain();"),
        ("identity", "", "plain();"),
        ("*", "", "plain();"),
        ("nonsense;q=nonsense", "", "plain();"),
    ] {
        let reply = with(&host, SCRIPT, "accept-encoding", accepted).await.expect(200);
        assert_eq!((reply.header("content-encoding"), &reply.body), (coding, &json!(body)), "{accepted}");
        assert_eq!(reply.header("vary"), "accept-encoding", "{accepted}");
        assert_eq!(reply.header("content-length"), body.len().to_string(), "{accepted}");
    }
    // Without compressed forms there is one, for everybody.
    let reply = with(&host, "/mark.svg", "accept-encoding", "gzip, br").await.expect(200);
    assert_eq!((reply.header("content-encoding"), reply.header("vary")), ("", ""));
    assert_eq!(reply.header("content-length"), "6000");
}

#[tokio::test]
async fn each_form_has_a_tag_and_who_holds_it_is_sent_nothing() {
    let (_place, _built, host) = host().await;
    let mut tags = Vec::new();
    for coding in ["br", "gzip", "identity"] {
        let reply = with(&host, "/shelf", "accept-encoding", coding).await.expect(200);
        tags.push(reply.header("etag").to_owned());
    }
    assert!(tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2], "{tags:?}");
    for (coding, tag) in ["br", "gzip", "identity"].iter().zip(&tags) {
        let ask = host.at(Method::GET, "/").header("accept-encoding", *coding).header("if-none-match", tag);
        let reply = Reply::to(ask).await.expect(304);
        assert_eq!((&reply.body, reply.header("etag")), (&json!(""), tag.as_str()));
        assert_eq!((reply.header("cache-control"), reply.header("vary")), ("no-cache", "accept-encoding"));
    }
    let other = with(&host, "/", "if-none-match", &tags[0]).await.expect(200);
    assert_eq!(other.body, json!(INDEX));
}

#[tokio::test]
async fn heads_are_answered_and_other_methods_are_not() {
    let (_place, _built, host) = host().await;
    for path in ["/", "/shelf", SCRIPT] {
        let whole = Reply::to(host.at(Method::GET, path)).await.expect(200);
        let head = Reply::to(host.at(Method::HEAD, path)).await.expect(200);
        assert_eq!(head.body, json!(""), "{path}");
        for name in ["content-length", "content-type", "etag", "cache-control", "content-security-policy"] {
            assert_eq!(head.header(name), whole.header(name), "{name} of {path}");
        }
        // nginx itself refuses to trace.
        let trace = (Shape::chosen() == Shape::AllInOne).then_some("TRACE");
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"].into_iter().chain(trace) {
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let reply = Reply::to(host.at(method.clone(), path)).await.expect(405);
            assert_eq!((reply.code(), reply.header("allow")), ("METHOD_NOT_ALLOWED", "GET, HEAD"), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn what_is_no_file_and_no_page_is_not_found() {
    let (_place, _built, host) = host().await;
    let long = format!("/{}", "shelf/".repeat(500));
    // nginx itself calls this a bad request.
    let no_text = (Shape::chosen() == Shape::AllInOne).then_some("/shelf%00");
    for path in [
        "/assets/index-gone.js",
        "/assets/shelf",
        "/assets/",
        "/favicon.ico",
        "/.built",
        "/.git/config",
        "/assets/index-B3kXv0aT.js.br",
        "/index.html.gz",
        "/caf%C3%A9",
        "/shelf//add",
        long.as_str(),
    ]
    .into_iter()
    .chain(no_text)
    {
        let reply = Reply::to(host.at(Method::GET, path)).await.expect(404);
        assert_eq!(reply.code(), "NOT_FOUND", "{path}");
        assert_eq!(reply.header("cache-control"), "no-store", "{path}");
    }
    // The API answers for itself, as before.
    for path in [
        "/.well-known/nothing",
        "/api",
        "/api/",
        "/api/v1",
        "/api/v1/nothing",
        "/api/v2/books",
        "/health/nothing",
        "/metrics/more",
    ] {
        let reply = Reply::to(host.at(Method::GET, path)).await.expect(404);
        assert_eq!(reply.code(), "NOT_FOUND", "{path}");
        assert_eq!(reply.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'", "{path}");
    }
    Reply::to(host.at(Method::GET, "/api/v1/books")).await.expect(200);
    assert!(host.get("/api-docs/").await.expect(200).body.as_str().is_some_and(|page| page.contains("swagger-ui")));
}

#[tokio::test]
async fn no_path_leads_out_of_the_app() {
    let (_place, _built, host) = host().await;
    for path in [
        "/../../../../etc/passwd",
        "/assets/../../../etc/passwd",
        "/assets/..%2f..%2f..%2fetc%2fpasswd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%5c..%5cetc%5cpasswd",
        "/..\\..\\etc\\passwd",
        "//etc/passwd",
        "/assets/./index-B3kXv0aT.js",
        "/assets%2Findex-B3kXv0aT.js",
        "/etc/passwd%00.html",
        "/%",
        "/%zz",
    ] {
        let status = status_of(&host, &format!("GET {path}"));
        assert!(matches!(status, 400 | 404), "{path}: {status}");
    }
    assert_eq!(status_of(&host, "GET /she\0lf"), 400);
    let endless = format!("GET /{}", "a".repeat(70_000));
    for odd in ["GET shelf", "GET *", "CONNECT localhost:80", "SHELVE /shelf", endless.as_str()] {
        let status = status_of(&host, odd);
        assert!((400..500).contains(&status), "{}: {status}", &odd[..20.min(odd.len())]);
    }
}

#[tokio::test]
async fn the_app_is_one_route_to_metrics() {
    let (_place, _built, host) = host().await;
    for path in ["/", "/books/01936f8e-0000-7000-8000-000000000001", SCRIPT, "/nowhere/at/all", "/nothing.php"] {
        Reply::to(host.at(Method::GET, path)).await;
    }
    let reply = host.get("/metrics").await.expect(200);
    let requests: Vec<_> =
        reply.body.as_str().expect("text").lines().filter(|line| line.starts_with("http_requests_total{")).collect();
    let expected = [r#"http_requests_total{method="GET",route="app",status="200"} 4"#];
    assert!(expected.iter().all(|line| requests.contains(line)), "{requests:#?}");
    assert!(requests.contains(&r#"http_requests_total{method="GET",route="app",status="404"} 1"#), "{requests:#?}");
    assert_eq!(requests.len(), 2, "{requests:#?}");
}

#[tokio::test]
async fn a_folder_without_an_app_is_named_at_start() {
    let (place, empty) = (Place::new().await, tempfile::tempdir().expect("a folder"));
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_folkshelf"))
        .arg("serve")
        .envs(place.environment())
        .env("FOLKSHELF_HTTP__WEB_DIRECTORY", empty.path())
        .output()
        .expect("it runs");
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("there is no index.html in"), "{text}");
}
