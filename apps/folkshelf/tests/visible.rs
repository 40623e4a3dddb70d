//! What a reader may not see they meet on no route: not its words, not its id, not a number that counts it. Each route is
//! asked by the owner first, and everything twice: an answer that is kept in memory must not be the owner's.

mod support;

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use support::{Host, Person, Place, Reply};

/// In the title, the author and the category of the book that is looked for, and nowhere else.
const MARK: &str = "quixot";
const ISBN: &str = "9780141439587";
const NO_BOOK: &str = "01936f8e-0000-7000-8000-000000000001";

/// Who looks.
struct Reader<'a> {
    is: &'static str,
    person: Option<&'a Person>,
}

struct Scene {
    place: Place,
    host: Host,
    owner: Person,
    other: Person,
    moderator: Person,
    book: String,
}

impl Scene {
    async fn with_a_book(lending: &str) -> Self {
        let (place, host) = Host::start().await;
        let (owner, other) = (host.register("Olga").await, host.register("Finn").await);
        let moderator = host.register("Mo").await;
        let done = support::command_line(&place, &["users", "promote", &moderator.email, "--role", "moderator"]);
        assert!(done.status.success(), "{done:?}");
        let body = json!({"title": "Quixotica", "authors": ["Zoe Quixote"], "isbn": ISBN, "lending": lending,
            "categories": ["Quixotry"], "language": "is"});
        let book = owner.post(&host, "/books", body).await.expect(201).data()["id"].as_str().expect("an id").to_owned();
        Self { place, host, owner, other, moderator, book }
    }

    fn outsiders(&self) -> [Reader<'_>; 3] {
        [
            Reader { is: "anonymous", person: None },
            Reader { is: "another member", person: Some(&self.other) },
            Reader { is: "moderator", person: Some(&self.moderator) },
        ]
    }

    async fn get(&self, reader: &Reader<'_>, path: &str) -> Reply {
        match reader.person {
            Some(person) => person.get(&self.host, path).await,
            None => self.host.get(path).await,
        }
    }

    /// Every GET route of the API, with the book, its owner, and what finds it. A route that is missing here fails.
    async fn routes(&self) -> Vec<String> {
        let (book, owner) = (&self.book, &self.owner.id);
        let filters = [
            "category=Quixotry",
            "language=is",
            "author=Quixote",
            "q=quixotica",
            "available=true",
            "available=false",
            "sort=title",
            "sort=publishedYear",
        ];
        let mut routes: Vec<String> = filters.iter().map(|filter| format!("/books?{filter}")).collect();
        let typed = ["quixotica", "quixotcia", ISBN, "zoe"];
        routes.extend(typed.iter().map(|text| format!("/books/search?q={text}")));
        routes.extend(typed.iter().map(|text| format!("/books/suggest?q={}", &text[..3])));
        routes.extend(["", "?owner=", "?q=quixotica&owner="].iter().map(|filter| match filter.ends_with('=') {
            true => format!("/books/facets{filter}{owner}"),
            false => format!("/books/facets{filter}"),
        }));
        routes.push(format!("/books?owner={owner}"));
        let document = self.host.get("/api-docs/openapi.json").await.expect(200).body;
        for (path, item) in document["paths"].as_object().expect("paths") {
            let Some(path) = path.strip_prefix("/api/v1").filter(|_| item["get"].is_object()) else { continue };
            // Streams do not end, a WebSocket is no answer; the rest needs a thing of another kind, and shows it to its owner alone.
            let elsewhere = [
                "/notifications/stream",
                "/notifications/ws",
                "/books/imports/",
                "/borrows/{id}",
                "/books/search",
                "/books/suggest",
            ];
            if elsewhere.iter().any(|known| path.starts_with(known)) {
                continue;
            }
            let id = if path.starts_with("/users/") { owner } else { book };
            let path = path.replace("{id}", id).replace("{job}", "books.forget_words").replace("{month}", "2026-10");
            assert!(!path.contains('{'), "{path} takes something else than a book or a member: say what");
            routes.push(path);
        }
        routes
    }

    /// The routes on which the reader meets the book.
    async fn met(&self, reader: &Reader<'_>) -> BTreeSet<String> {
        let mut met = BTreeSet::new();
        for route in self.routes().await {
            for _ in 0..2 {
                let reply = self.get(reader, &route).await;
                assert!(reply.status < 500, "{route}: {reply:?}");
                let counts = [&reply.body["pagination"]["total"], &reply.data()["counts"]["books"]];
                let told = reply.body.to_string().to_lowercase();
                // A search that finds nothing says what was looked for.
                let words = told.replace("/books/search", "");
                if words.contains(MARK)
                    || words.contains(ISBN)
                    || words.contains(&self.book) && reply.status == 200
                    || route.starts_with("/books?") && *counts[0] != 0
                    || *counts[1] != Value::Null && *counts[1] != 0
                {
                    met.insert(route.clone());
                }
            }
        }
        met
    }

    async fn nobody_else_meets_it(&self) {
        for reader in self.outsiders() {
            assert_eq!(self.met(&reader).await, BTreeSet::new(), "{}", reader.is);
        }
        for person in [&self.other, &self.moderator] {
            let asks = async |book: &str| {
                let ask = json!({"bookId": book, "days": 14});
                let change = json!({"lending": "lend"});
                let (path, history) = (format!("/books/{book}"), format!("/books/{book}/history"));
                [
                    person.post(&self.host, "/borrows", ask).await,
                    person.put(&self.host, &path, change).await,
                    person.delete(&self.host, &path).await,
                    person.get(&self.host, &path).await,
                    person.get(&self.host, &history).await,
                    person.get(&self.host, &format!("{path}/availability")).await,
                ]
                .map(|reply| {
                    (reply.status, reply.body["error"]["code"].clone(), reply.body["error"]["message"].clone())
                })
            };
            let answers = asks(&self.book).await;
            assert!(answers.iter().all(|(status, ..)| *status == 404), "{answers:?}");
            assert_eq!(answers, asks(NO_BOOK).await, "as of a book that does not exist");
        }
        // A file of numbers alone learns no title from it.
        let form = reqwest::multipart::Part::bytes(format!("{ISBN}\n{ISBN}\n").into_bytes()).file_name("numbers.csv");
        let upload = self.other.request(&self.host, Method::POST, "/books/import");
        let upload = Reply::to(upload.multipart(reqwest::multipart::Form::new().part("file", form))).await.expect(202);
        let import = format!("/books/imports/{}", upload.data()["id"].as_str().expect("an id"));
        testkit::eventually("the import is over", async || {
            self.other.get(&self.host, &import).await.expect(200).data()["status"] == "completed"
        })
        .await;
        assert_eq!(self.other.get(&self.host, &import).await.data()["imported"], 0);
    }
}

/// Where its owner meets a book that is off: at their own shelf and at the book itself.
fn owners(book: &str) -> BTreeSet<String> {
    let own = ["", "/availability", "/history"].map(|what| format!("/books/{book}{what}"));
    own.into_iter().chain(["/books/mine", "/books/export"].map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_book_that_is_not_offered_is_met_by_nobody_but_its_owner() {
    let scene = Scene::with_a_book("off").await;
    let owner = Reader { is: "owner", person: Some(&scene.owner) };
    assert_eq!(scene.met(&owner).await, owners(&scene.book));
    scene.nobody_else_meets_it().await;
    assert_eq!(scene.met(&owner).await, owners(&scene.book));
    // The test finds what can be found.
    let path = format!("/books/{}", scene.book);
    scene.owner.put(&scene.host, &path, json!({"lending": "lend"})).await.expect(200);
    let met = scene.met(&Reader { is: "anonymous", person: None }).await;
    let by_users = format!("/users/{}", scene.owner.id);
    for route in ["/books?category=Quixotry", "/books/search?q=quixotcia", "/books/suggest?q=zoe", &path, &by_users] {
        assert!(met.contains(route), "{route} is not among {met:?}");
    }
}

#[tokio::test]
async fn the_books_of_a_deactivated_owner_are_gone_everywhere() {
    let scene = Scene::with_a_book("lend").await;
    let path = format!("/books/{}", scene.book);
    // Kept in memory.
    for reader in scene.outsiders() {
        scene.get(&reader, &path).await.expect(200);
        scene.get(&reader, "/books").await.expect(200);
    }
    let admin = scene.host.register("Ada").await;
    support::command_line(&scene.place, &["users", "promote", &admin.email]);
    let deactivate = json!({"active": false});
    admin.put(&scene.host, &format!("/users/{}", scene.owner.id), deactivate).await.expect(200);
    scene.nobody_else_meets_it().await;
    scene.owner.get(&scene.host, &path).await.expect(401);
    admin.put(&scene.host, &format!("/users/{}", scene.owner.id), json!({"active": true})).await.expect(200);
    scene.host.get(&path).await.expect(200);
}

#[tokio::test]
async fn the_parties_of_a_loan_keep_the_loan_when_its_book_is_hidden() {
    let scene = Scene::with_a_book("lend").await;
    let (host, reader) = (&scene.host, &scene.other);
    let borrow = reader.asks_for(host, &scene.book).await;
    scene.owner.does(host, &borrow, "approve", json!({})).await;
    scene.owner.does(host, &borrow, "hand-over", json!({})).await;
    let path = format!("/books/{}", scene.book);
    scene.owner.put(host, &path, json!({"lending": "off"})).await.expect(200);
    reader.get(host, &path).await.expect(404);
    assert_eq!(reader.borrow(host, &borrow).await["book"]["title"], "Quixotica");
    assert_eq!(reader.get(host, "/borrows").await.expect(200).ids(), [borrow.as_str()]);
    reader.does(host, &borrow, "declare-return", json!({})).await;
    scene.owner.does(host, &borrow, "return", json!({"condition": "ok"})).await;
}
