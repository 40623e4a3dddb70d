//! Figures for docs/contexts-as-processes.md. Nothing is asserted of how long anything takes:
//! `cargo nextest run --workspace --run-ignored only -E 'binary(apart_figures)' --no-capture`

mod support;

use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use support::shape::Shape;
use support::{Host, PASSWORD, Place, Reply, round};

const SHAPES: [Shape; 3] = [Shape::AllInOne, Shape::BorrowingApart, Shape::FiveApart];

fn start(place: &Place, shape: Shape) -> Host {
    let mut environment = place.environment();
    let more = [
        ("COMMUNITY__MAX_OPEN_REQUESTS", "1000"),
        ("COMMUNITY__MAX_REQUESTS_A_DAY", "1000"),
        ("LIMITS__PROFILE", "off"),
    ];
    environment.extend(more.map(|(name, value)| (format!("FOLKSHELF_{name}"), value.to_owned())));
    Host::start_as(shape, &environment)
}

async fn timed(took: &mut Vec<Duration>, request: RequestBuilder, status: u16) -> Reply {
    let begun = Instant::now();
    let reply = Reply::to(request).await;
    took.push(begun.elapsed());
    reply.expect(status)
}

fn middle_and_p99(took: &mut [Duration]) -> (f64, f64) {
    took.sort();
    let at = |share: usize| took[(took.len() * share / 100).min(took.len() - 1)].as_secs_f64() * 1000.0;
    (at(50), at(99))
}

/// The same members do the same in each shape, one request after the other.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn how_long_requests_take_in_each_shape() {
    const TIMES: usize = 200;
    for _round in 0..2 {
        let mut first: Option<Vec<f64>> = None;
        for shape in SHAPES {
            let place = Place::new().await;
            let host = start(&place, shape);
            let (olga, finn) = (host.register("Olga").await, host.register("Finn").await);
            for nth in 0..20 {
                let book = olga.lists(&host, &format!("Warm {nth}")).await;
                finn.asks_for(&host, &book).await;
            }
            let mut took: [Vec<Duration>; 4] = Default::default();
            for nth in 0..TIMES {
                let body = json!({"title": format!("Volume {nth}"), "authors": ["Somebody"], "lending": "lend"});
                let post = olga.request(&host, Method::POST, "/books").json(&body);
                let made = timed(&mut took[0], post, 201).await;
                let book = made.data()["id"].as_str().expect("an id").to_owned();
                let body = json!({"bookId": book, "days": 21});
                let asked = timed(&mut took[1], finn.request(&host, Method::POST, "/borrows").json(&body), 201).await;
                let borrow = asked.data()["id"].as_str().expect("an id");
                timed(&mut took[2], finn.request(&host, Method::GET, &format!("/borrows/{borrow}")), 200).await;
                timed(&mut took[3], finn.request(&host, Method::GET, &format!("/books/{book}")), 200).await;
            }
            let figures = took.each_mut().map(|took| middle_and_p99(took));
            let middles: Vec<f64> = figures.iter().map(|(middle, _)| *middle).collect();
            let base = first.get_or_insert_with(|| middles.clone());
            for (nth, name) in
                ["POST /books", "POST /borrows", "GET /borrows/{id}", "GET /books/{id}"].iter().enumerate()
            {
                let (middle, p99) = figures[nth];
                println!("FIGURE {shape:?} | {name} | {middle:.1} ms | p99 {p99:.1} ms | x{:.2}", middle / base[nth]);
            }
        }
    }
}

/// What each route says while the process of one context is away.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn what_is_refused_while_a_process_is_away() {
    for away in ["users", "auth", "books", "borrowing", "notifications"] {
        let place = Place::new().await;
        let mut host = start(&place, Shape::FiveApart);
        let ada = round::admin(&host).await;
        let (olga, finn) = (host.register("Olga").await, host.register("Finn").await);
        let book = olga.lists(&host, "Emma").await;
        let borrow = finn.asks_for(&host, &book).await;
        // As people who were here a moment ago.
        for person in [&ada, &olga, &finn] {
            for path in ["/profile", "/books/mine", "/borrows", "/notifications"] {
                person.get(&host, path).await;
            }
        }
        host.kill_process_of(away);
        let book_path = format!("/books/{book}");
        let new = json!({"title": "Persuasion", "authors": ["Jane Austen"], "lending": "lend"});
        let profile = json!({"name": "Olga", "language": "en", "timeZone": "Europe/Vienna"});
        let guest = |method: Method, path: &str| host.request(method, path);
        let login = json!({"email": olga.email, "password": PASSWORD});
        let register = json!({"email": "new@example.org", "password": PASSWORD, "name": "New"});
        let asks: Vec<(&str, RequestBuilder)> = vec![
            ("web app", host.at(Method::GET, "/")),
            ("GET /health/ready", host.request(Method::GET, "/health/ready")),
            ("POST /auth/register", guest(Method::POST, "/auth/register").json(&register)),
            ("POST /auth/login", guest(Method::POST, "/auth/login").json(&login)),
            ("GET /books (guest)", guest(Method::GET, "/books")),
            ("GET /books (member)", finn.request(&host, Method::GET, "/books?limit=3")),
            ("GET /books?q=", finn.request(&host, Method::GET, "/books?q=emma")),
            ("POST /books", olga.request(&host, Method::POST, "/books").json(&new)),
            ("GET /books/{id}/availability", finn.request(&host, Method::GET, &format!("{book_path}/availability"))),
            ("GET /borrows/{id}", finn.request(&host, Method::GET, &format!("/borrows/{borrow}"))),
            (
                "POST /borrows/{id}/approve",
                olga.request(&host, Method::POST, &format!("/borrows/{borrow}/approve")).json(&json!({})),
            ),
            (
                "POST /borrows/{id}/messages",
                finn.request(&host, Method::POST, &format!("/borrows/{borrow}/messages"))
                    .json(&json!({"text": "Hello"})),
            ),
            ("GET /notifications", olga.request(&host, Method::GET, "/notifications")),
            ("GET /profile", olga.request(&host, Method::GET, "/profile")),
            ("PUT /profile", olga.request(&host, Method::PUT, "/profile").json(&profile)),
            ("GET /users/{id}", finn.request(&host, Method::GET, &format!("/users/{}", olga.id))),
            ("GET /users (admin)", ada.request(&host, Method::GET, "/users")),
            ("GET /admin/projections", ada.request(&host, Method::GET, "/admin/projections")),
            ("GET /admin/subscriptions", ada.request(&host, Method::GET, "/admin/subscriptions")),
            ("GET /auth/sessions", finn.request(&host, Method::GET, "/auth/sessions")),
            ("DELETE /profile", finn.request(&host, Method::DELETE, "/profile").json(&json!({"password": PASSWORD}))),
            ("DELETE /books/{id}", olga.request(&host, Method::DELETE, &book_path)),
        ];
        for (name, ask) in asks {
            let begun = Instant::now();
            let reply = Reply::to(ask).await;
            let code = match &reply.body {
                Value::Object(_) => reply.code().to_owned(),
                _ => String::new(),
            };
            println!(
                "AWAY {away} | {name} | {} {code} | retry-after {} | {:?}",
                reply.status,
                reply.header("retry-after"),
                begun.elapsed()
            );
        }
    }
}
