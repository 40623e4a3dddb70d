//! Searches, suggestions and the export, over HTTP.

mod support;

use std::collections::BTreeMap;

use reqwest::multipart::{Form, Part};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use support::{Host, Person, Reply};

async fn lists(host: &Host, owner: &Person, book: Value) {
    owner.post(host, "/books", book).await.expect(201);
}

/// What is asked, as a query string has it.
fn asking(path: &str, text: &str) -> String {
    let text: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
    format!("{path}?q={text}")
}

fn titles(reply: &Reply) -> Vec<&str> {
    reply.data().as_array().expect("a list").iter().map(|book| book["title"].as_str().expect("a title")).collect()
}

#[tokio::test]
async fn a_search_answers_as_a_list_does_and_narrows_by_the_same_filters() {
    let (_place, host) = Host::start().await;
    let owner = host.register("Olga").await;
    for (title, author, category) in
        [("Emma", "Jane Austen", "Classics"), ("The Emma Papers", "Ann", "Crime"), ("Room", "Emma Donoghue", "Crime")]
    {
        let book = json!({"title": title, "authors": [author], "lending": "lend", "categories": [category]});
        lists(&host, &owner, book).await;
    }
    let found = host.get("/books/search?q=emma").await.expect(200);
    assert_eq!(titles(&found), ["Emma", "The Emma Papers", "Room"]);
    assert_eq!(found.body["pagination"], json!({"page": 1, "limit": 20, "total": 3, "totalPages": 1}));
    let found = host.get("/books/search?q=emna&category=crime&limit=1&page=2&fields=title").await.expect(200);
    assert_eq!(found.data(), &json!([{"title": "Room"}]));
    assert_eq!(titles(&host.get("/books?q=emma&sort=title").await.expect(200)), ["Emma", "Room", "The Emma Papers"]);
    assert_eq!(titles(&host.get("/books?q=emma").await.expect(200)), ["Emma", "The Emma Papers", "Room"]);
    assert_eq!(titles(&owner.get(&host, "/books/mine?q=papers").await.expect(200)), ["The Emma Papers"]);
    let suggested = host.get("/books/suggest?q=em").await.expect(200);
    assert_eq!(
        suggested.data(),
        &json!([{"kind": "title", "text": "Emma"}, {"kind": "title", "text": "The Emma Papers"},
            {"kind": "author", "text": "Emma Donoghue"}])
    );
    let facets = host.get("/books/facets").await.expect(200);
    assert_eq!(
        facets.data(),
        &json!({"categories": [{"name": "Crime", "count": 2}, {"name": "Classics", "count": 1}], "languages": []})
    );
    // Each count says how many books its choice finds beside the query and the other filters.
    let facets = host.get("/books/facets?q=emma&category=classics&author=jane").await.expect(200);
    assert_eq!(facets.data(), &json!({"categories": [{"name": "Classics", "count": 1}], "languages": []}));
    for (path, field) in [
        ("/books/search", "q"),
        ("/books/suggest", "q"),
        ("/books/search?q=a&sort=title", "sort"),
        ("/books/search?q=a&cursor=c.1.x", "cursor"),
        ("/books/search?q=a&language=klingon", "language"),
        ("/books/search?q=a&owner=me", "owner"),
        ("/books?q=a%00b", "q"),
        ("/books?q=a&cursor=x", "cursor"),
        ("/books/facets?q=a%00b", "q"),
        ("/books/facets?language=klingon", "language"),
        ("/books/facets?owner=me", "owner"),
        ("/books/facets?page=2", "page"),
    ] {
        assert_eq!(host.get(path).await.expect(400).fields(), [field], "{path}");
    }
}

#[tokio::test]
async fn a_text_is_the_same_at_every_door() {
    let (_place, host) = Host::start().await;
    for name in ["\u{200b}", "\u{3164}\u{2800}", "Ann\u{202e}nnA"] {
        let body = json!({"email": "ann@example.org", "password": "correct horse battery", "name": name});
        assert_eq!(host.post("/auth/register", body).await.expect(400).fields(), ["name"], "{name:?}");
    }
    let owner = host.register("Olga").await;
    for title in ["\u{2060}", "\u{ad}", "Emma \u{2067}ammE"] {
        let book = json!({"title": title, "authors": ["Ann"], "lending": "lend"});
        assert_eq!(owner.post(&host, "/books", book).await.expect(400).fields(), ["title"], "{title:?}");
    }
    let isbn = "\u{200e}ISBN-13 :\u{a0}978\u{2011}0439023481";
    let book = json!({"title": "\u{200f}Snømannen", "authors": ["Jo Nesbø"], "lending": "lend", "isbn": isbn});
    lists(&host, &owner, book).await;
    for path in ["/books?author=nesbo", "/books?author=NESB%C3%98", "/books?q=snomannen"] {
        assert_eq!(titles(&host.get(path).await.expect(200)), ["Snømannen"], "{path}");
    }
    for path in ["/books", "/books/search"] {
        assert_eq!(titles(&host.get(&asking(path, isbn)).await.expect(200)), ["Snømannen"], "{path}");
    }
}

#[tokio::test]
async fn no_query_that_a_person_can_type_is_an_error() {
    if support::shape::one_process_only("nginx refuses addresses of more than 8 KB") {
        return;
    }
    let (_place, host) = Host::start().await;
    let owner = host.register("Olga").await;
    owner.lists(&host, "Emma").await;
    for path in ["/books/search", "/books/suggest", "/books"] {
        for text in ["", " ", "'\"\\", "&|!:*()<->", "'; drop table book; --", "%_", "😀", "مرحبا", "...", "emma 'x'"]
        {
            host.get(&asking(path, text)).await.expect(200);
        }
        assert_eq!(host.get(&asking(path, &"x".repeat(10_000))).await.expect(400).fields(), ["q"]);
        assert_eq!(host.get(&asking(path, "a\0b")).await.expect(400).fields(), ["q"]);
        host.get(&asking(path, &"\u{fdfa}".repeat(200))).await.expect(200);
    }
}

/// The fields that a member gave, by title.
async fn shelf(host: &Host, owner: &Person) -> BTreeMap<String, Value> {
    let mut books = BTreeMap::new();
    for page in 1.. {
        let reply = owner.get(host, &format!("/books/mine?limit=100&page={page}")).await.expect(200);
        let list = reply.data().as_array().expect("a list").clone();
        if list.is_empty() {
            return books;
        }
        for book in list {
            let fields = [
                "authors",
                "isbn13",
                "isbn10",
                "publishedYear",
                "language",
                "categories",
                "description",
                "condition",
                "notes",
                "lending",
            ];
            let given: Value = fields.iter().map(|field| ((*field).to_owned(), book[*field].clone())).collect();
            books.insert(book["title"].as_str().expect("a title").to_owned(), given);
        }
    }
    books
}

async fn export(host: &Host, owner: &Person) -> Response {
    owner.request(host, Method::GET, "/books/export").send().await.expect("an answer")
}

async fn import(host: &Host, owner: &Person, csv: Vec<u8>) -> Value {
    let part = Part::bytes(csv).file_name("books.csv").mime_str("text/csv").expect("a media type");
    let request = owner.request(host, Method::POST, "/books/import").multipart(Form::new().part("file", part));
    let id = Reply::to(request).await.expect(202).data()["id"].as_str().expect("an id").to_owned();
    let path = format!("/books/imports/{id}");
    testkit::eventually_within(std::time::Duration::from_secs(60), "the import ends", || async {
        let import = owner.get(host, &path).await.expect(200);
        ["completed", "failed"].contains(&import.data()["status"].as_str().unwrap_or_default())
    })
    .await;
    owner.get(host, &path).await.expect(200).data().clone()
}

#[tokio::test]
async fn an_export_is_read_back_unchanged() {
    let (_place, host) = Host::start().await;
    let (olga, finn) = (host.register("Olga").await, host.register("Finn").await);
    // More than one piece of the stream.
    let rows: String = (0..1_100).map(|nth| format!("Volume {nth},Author {nth}\n")).collect();
    assert_eq!(import(&host, &olga, format!("title,authors\n{rows}").into_bytes()).await["imported"], 1_100);
    for book in [
        json!({"title": "=HYPERLINK(\"http://example.org\")", "authors": ["@sum", "+1", "-1"], "lending": "give",
            "description": "=1+1\n\n\"quoted\", and; a line\n\tindented", "notes": "'apostrophe", "publishedYear": -720,
            "categories": ["C++", "a; b", "c, d", "-e"], "condition": "like_new", "language": "pt", "isbn": "080442957X"}),
        json!({"title": "Two  spaces, a comma", "authors": ["Tolkien, J. R. R.", "a;b|c", "d\\", "Ann", "ann"],
            "lending": "off", "description": "é ü 😀 \u{2067}שלום\u{2069} rtl", "notes": "-", "isbn": "979-10-90636-07-1"}),
        json!({"title": "'", "authors": ["\\;"], "lending": "lend"}),
    ] {
        lists(&host, &olga, book).await;
    }
    let answer = export(&host, &olga).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    assert!(answer.headers()["content-disposition"].to_str().expect("text").starts_with("attachment"));
    let csv = answer.bytes().await.expect("a whole body").to_vec();
    let done = import(&host, &finn, csv.clone()).await;
    assert_eq!((&done["imported"], &done["failed"]), (&json!(1_103), &json!(0)), "{done}");
    let (hers, his) = (shelf(&host, &olga).await, shelf(&host, &finn).await);
    assert_eq!(hers.len(), 1_103);
    assert_eq!(hers, his);
    let again = export(&host, &finn).await.bytes().await.expect("a whole body");
    let sorted = |csv: &[u8]| {
        let mut lines: Vec<String> = String::from_utf8_lossy(csv).lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    assert_eq!(sorted(&csv), sorted(&again));
    assert_eq!(export(&host, &host.register("Eve").await).await.text().await.expect("a header").lines().count(), 1);
}
