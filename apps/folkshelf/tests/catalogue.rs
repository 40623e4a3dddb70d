//! The catalogue: every book once on every page, imports of real files.

mod support;

use std::collections::HashSet;
use std::path::Path;

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::json;
use support::{Host, Person, Reply};

async fn upload(host: &Host, owner: &Person, csv: Vec<u8>) -> Reply {
    let part = Part::bytes(csv).file_name("books.csv").mime_str("text/csv").expect("a media type");
    Reply::to(owner.request(host, Method::POST, "/books/import").multipart(Form::new().part("file", part))).await
}

/// The import once it has ended.
async fn ended(host: &Host, owner: &Person, id: &str) -> serde_json::Value {
    let path = format!("/books/imports/{id}");
    testkit::eventually_within(std::time::Duration::from_secs(120), "the import ends", || async {
        let import = owner.get(host, &path).await.expect(200);
        ["completed", "failed"].contains(&import.data()["status"].as_str().unwrap_or_default())
    })
    .await;
    owner.get(host, &path).await.expect(200).data().clone()
}

/// The ids on all pages, page by page and cursor by cursor.
async fn walk(host: &Host, query: &str) -> (Vec<String>, Vec<String>) {
    let (mut by_page, mut by_cursor) = (Vec::new(), Vec::new());
    for page in 1.. {
        let reply = host.get(&format!("/books?limit=100&page={page}{query}")).await.expect(200);
        let ids = reply.ids();
        if ids.is_empty() {
            break;
        }
        by_page.extend(ids);
    }
    let mut cursor = String::new();
    loop {
        let reply = host.get(&format!("/books?limit=100{query}{cursor}")).await.expect(200);
        by_cursor.extend(reply.ids());
        match reply.body["pagination"]["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (by_page, by_cursor),
        }
    }
}

#[tokio::test]
async fn ten_thousand_real_books_are_imported_and_each_is_listed_once() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/goodbooks-10k/books.csv");
    let Ok(csv) = std::fs::read(&file) else {
        println!("skipped: the goodbooks-10k table is not beside this checkout");
        return;
    };
    let (_place, host) = Host::start().await;
    let owner = host.register("Olga").await;
    let started = std::time::Instant::now();
    let id = upload(&host, &owner, csv).await.expect(202).data()["id"].as_str().expect("an id").to_owned();
    let import = ended(&host, &owner, &id).await;
    println!("10,000 rows took {:.1} s: {import}", started.elapsed().as_secs_f64());
    assert_eq!(import["status"], "completed");
    let count = |field: &str| import[field].as_u64().expect("a number");
    assert_eq!(count("total"), 10_000);
    assert_eq!(count("imported") + count("duplicates") + count("failed"), 10_000);
    assert!(count("imported") > 9_500, "{import}");

    // Completed means: the lists show it.
    let first = host.get("/books").await.expect(200);
    assert_eq!(first.body["pagination"]["total"], count("imported"));
    let (by_page, by_cursor) = walk(&host, "").await;
    assert_eq!(by_page.len() as u64, count("imported"));
    assert_eq!(by_page.iter().collect::<HashSet<_>>().len(), by_page.len(), "a book is listed twice");
    assert_eq!(by_page, by_cursor);
    let (by_title, _) = walk(&host, "&sort=title&language=en").await;
    assert_eq!(by_title.iter().collect::<HashSet<_>>().len(), by_title.len());
    assert!(by_title.len() > 5_000);
}

#[tokio::test]
async fn bad_rows_are_told_by_field_and_the_rest_is_imported() {
    let (_place, host) = Host::start().await;
    let owner = host.register("Olga").await;
    let csv = "title,authors,isbn,year\n\
        Emma,Jane Austen,,1815\n\
        ,Nobody,,\n\
        Dracula,Bram Stoker,9783161484101,1897\n\
        Emma,Jane Austen,,1815\n";
    let id = upload(&host, &owner, csv.into()).await.expect(202).data()["id"].as_str().expect("an id").to_owned();
    let import = ended(&host, &owner, &id).await;
    assert_eq!(
        (&import["total"], &import["imported"], &import["duplicates"], &import["failed"]),
        (&json!(4), &json!(2), &json!(1), &json!(1))
    );
    // A wrong number costs the number, not the book.
    assert_eq!((&import["notes"][0]["row"], &import["notes"][0]["field"]), (&json!(4), &json!("isbn")));
    let dracula = import["notes"][0]["bookId"].as_str().expect("a book").to_owned();
    assert_eq!(host.get(&format!("/books/{dracula}")).await.expect(200).data()["title"], "Dracula");
    assert_eq!((&import["leftOut"][0]["row"], &import["leftOut"][0]["reason"]), (&json!(5), &json!("twice_in_file")));
    let errors: Vec<(u64, &str)> = import["errors"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|e| (e["row"].as_u64().expect("a row"), e["field"].as_str().expect("a field")))
        .collect();
    assert_eq!(errors, [(3, "title")]);
    let stranger = host.register("Stan").await;
    stranger.get(&host, &format!("/books/imports/{id}")).await.expect(404);

    // What the row said is there to be repaired, and then the row is dealt with.
    let mut book = import["errors"][0]["values"].clone();
    assert_eq!(book["title"], json!(null), "{book:#}");
    book["title"] = json!("Persuasion");
    book["publishedYear"] = json!(1817);
    owner.post(&host, "/books", book).await.expect(201);
    owner.delete(&host, &format!("/books/imports/{id}/errors/3")).await.expect(204);
    for wrong in ["0", "-1", "three", "99999999999"] {
        let reply = owner.delete(&host, &format!("/books/imports/{id}/errors/{wrong}")).await.expect(400);
        assert_eq!(reply.fields(), ["row"]);
    }
    let listed = owner.get(&host, "/books/imports").await.expect(200).data()[0].clone();
    assert_eq!(
        (&listed["id"], &listed["failed"], &listed["repaired"], &listed["errors"]),
        (&json!(id), &json!(0), &json!(1), &json!(null))
    );
    assert_eq!(listed["noted"], 1);
    owner.delete(&host, &format!("/books/imports/{id}/errors/4")).await.expect(204);
    assert_eq!(owner.get(&host, "/books/imports").await.expect(200).data()[0]["noted"], 0);
}

#[tokio::test]
async fn a_file_is_reviewed_before_it_is_imported() {
    let (_place, host) = Host::start().await;
    let owner = host.register("Olga").await;
    let csv = "what;who;status\nEmma;Jane Austen;read\nIlias;Homer;to-read\n";
    let part = || Part::bytes(csv.as_bytes().to_vec()).file_name("books.csv");
    let send = async |path: &str, form: Form| Reply::to(owner.request(&host, Method::POST, path).multipart(form)).await;
    let wrong = send("/books/import", Form::new().text("review", "maybe").part("file", part())).await.expect(400);
    assert_eq!(wrong.fields(), ["review"]);
    send("/books/import?review=perhaps", Form::new().part("file", part())).await.expect(400);
    // As a parameter, or as a part of the form before the file.
    let first = send("/books/import?review=true", Form::new().part("file", part())).await.expect(202);
    owner.delete(&host, &format!("/books/imports/{}", first.data()["id"].as_str().expect("an id"))).await.expect(204);
    let id = send("/books/import", Form::new().text("review", "true").part("file", part())).await.expect(202);
    let path = format!("/books/imports/{}", id.data()["id"].as_str().expect("an id"));
    let review = owner.get(&host, &path).await.expect(200).data().clone();
    assert_eq!(
        (&review["status"], &review["format"], &review["encoding"]),
        (&json!("review"), &json!("table"), &json!("utf-8"))
    );
    assert_eq!(
        review["review"],
        json!({
            "columns": [
                {"index": 0, "name": "what", "field": null, "samples": ["Emma", "Ilias"]},
                {"index": 1, "name": "who", "field": null, "samples": ["Jane Austen", "Homer"]},
                {"index": 2, "name": "status", "field": "shelf", "samples": ["read", "to-read"]},
            ],
            "shelves": [{"name": "read", "count": 1, "owned": true}, {"name": "to-read", "count": 1, "owned": false}],
            "rows": [["Emma", "Jane Austen", "read"], ["Ilias", "Homer", "to-read"]],
        })
    );
    assert_eq!(owner.get(&host, "/books/imports/open").await.expect(200).data()["reviews"], json!([review["id"]]));

    let start = format!("{path}/start");
    assert_eq!(owner.post(&host, &start, json!({})).await.expect(400).fields(), ["columns"]);
    let columns = json!([{"index": 0, "field": "title"}, {"index": 1, "field": "authors"}]);
    let body = json!({"columns": columns, "shelves": ["to-read", "mine"]});
    assert_eq!(owner.post(&host, &start, body).await.expect(400).fields(), ["shelves[1]"]);
    owner.post(&host, &start, json!({"columns": columns})).await.expect(202);
    assert_eq!(owner.post(&host, &start, json!({})).await.expect(409).code(), "IMPORT_NOT_IN_REVIEW");
    let done = ended(&host, &owner, review["id"].as_str().expect("an id")).await;
    assert_eq!((&done["imported"], &done["skipped"], &done["review"]), (&json!(1), &json!(1), &json!(null)));
    assert_eq!(done["leftOutCounts"], json!([{"reason": "not_owned", "count": 1}]));
    let add = format!("{path}/rows/3/add");
    let added = owner.post(&host, &add, json!({})).await.expect(200).data()["bookId"].clone();
    assert_eq!(owner.post(&host, &add, json!({})).await.expect(200).data()["bookId"], added);
    owner.post(&host, &format!("{path}/rows/x/add"), json!({})).await.expect(400);
}

#[tokio::test]
async fn a_nul_in_a_json_export_costs_nothing_but_itself() {
    let (_place, host) = Host::start().await;
    let owner = host.register("Olga").await;
    let file = r#"[{"title": "Em\u0000ma", "author": "Jane Austen", "no\u0000te": "a\u0000b", "status": "re\u0000ad"},
        {"title": "Ilias", "author": "Homer"}]"#;
    let part = Part::bytes(file.as_bytes().to_vec()).file_name("books.json");
    let form = Form::new().part("file", part);
    let reply = Reply::to(owner.request(&host, Method::POST, "/books/import?review=true").multipart(form)).await;
    let id = reply.expect(202).data()["id"].as_str().expect("an id").to_owned();
    let review = owner.get(&host, &format!("/books/imports/{id}")).await.expect(200).data()["review"].clone();
    assert_eq!(
        (&review["columns"][1]["name"], &review["shelves"][0]["name"]),
        (&json!("no\u{fffd}te"), &json!("re\u{fffd}ad"))
    );
    let shelves = owner.get(&host, &format!("/books/imports/{id}/shelves?shelf=1")).await.expect(200);
    assert_eq!(shelves.data()["shelves"], json!([{"name": "a\u{fffd}b", "count": 1, "owned": true}]));
    let wrong = owner.get(&host, &format!("/books/imports/{id}/shelves?shelf=4&owned=-1")).await.expect(400);
    assert_eq!(wrong.fields(), ["owned"]);
    assert_eq!(owner.get(&host, &format!("/books/imports/{id}/shelves?shelf=4")).await.expect(400).fields(), ["shelf"]);
    owner.post(&host, &format!("/books/imports/{id}/start"), json!({})).await.expect(202);
    let import = ended(&host, &owner, &id).await;
    assert_eq!(
        (&import["status"], &import["imported"], &import["failed"]),
        (&json!("completed"), &json!(2), &json!(0))
    );
    assert_eq!((&import["notes"][0]["row"], &import["notes"][0]["field"]), (&json!(1), &json!("title")));
}

#[tokio::test]
async fn an_upload_that_is_no_csv_is_refused() {
    let (_place, host) = Host::start().await;
    let owner = host.register("Olga").await;
    assert_eq!(upload(&host, &owner, vec![]).await.expect(400).fields(), ["file"]);
    assert_eq!(upload(&host, &owner, b"colour,size\nred,5\n".to_vec()).await.expect(400).fields(), ["file"]);
    let other = Form::new().text("colour", "red");
    let reply = Reply::to(owner.request(&host, Method::POST, "/books/import").multipart(other)).await;
    assert_eq!(reply.expect(400).fields(), ["colour"]);
    Reply::to(owner.request(&host, Method::POST, "/books/import").json(&json!({}))).await.expect(415);
}

#[tokio::test]
async fn more_than_the_first_twelve_books_are_visible_and_filters_agree() {
    let (_place, host) = Host::start().await;
    let (owner, finn) = (host.register("Olga").await, host.register("Finn").await);
    let mut books = Vec::new();
    for nth in 0..25 {
        books.push(owner.lists(&host, &format!("Volume {nth:02}")).await);
    }
    let borrow = finn.asks_for(&host, &books[3]).await;
    owner.does(&host, &borrow, "approve", json!({})).await;
    let (all, _) = walk(&host, "").await;
    assert_eq!(all.len(), 25);
    let (available, _) = walk(&host, "&available=true").await;
    assert_eq!(available.len(), 24);
    assert!(!available.contains(&books[3]));
    let (of_owner, _) = walk(&host, &format!("&owner={}", owner.id)).await;
    assert_eq!(of_owner, all);
    assert_eq!(owner.get(&host, "/books/mine?limit=100").await.expect(200).ids().len(), 25);
    let titles = host.get("/books?sort=title&order=asc&limit=2&fields=title").await.expect(200);
    assert_eq!(titles.data(), &json!([{"title": "Volume 00"}, {"title": "Volume 01"}]));
}

#[tokio::test]
async fn notes_are_for_the_owner_alone() {
    let (_place, host) = Host::start().await;
    let (owner, finn) = (host.register("Olga").await, host.register("Finn").await);
    let body = json!({"title": "Emma", "authors": ["Jane Austen"], "lending": "lend", "notes": "third shelf"});
    let id = owner.post(&host, "/books", body).await.expect(201).data()["id"].as_str().expect("an id").to_owned();
    let path = format!("/books/{id}");
    assert_eq!(owner.get(&host, &path).await.expect(200).data()["notes"], "third shelf");
    for reply in [finn.get(&host, &path).await, host.get(&path).await, finn.get(&host, "/books").await] {
        assert!(!reply.body.to_string().contains("third shelf"), "{reply:?}");
    }
    let edit = json!({"title": "Mine now", "authors": ["Finn"], "lending": "lend"});
    finn.put(&host, &path, edit).await.expect(403);
    finn.delete(&host, &path).await.expect(403);
    // Availability follows from borrows: nobody can write it.
    let flip = json!({"title": "Emma", "authors": ["Jane Austen"], "lending": "lend", "available": false});
    assert_eq!(owner.put(&host, &path, flip).await.expect(400).fields(), ["available"]);
}
