//! Two members of whom one blocks the other: neither meets the other's books, on any host, also where the answer for
//! everybody is kept in memory; and nobody else notices.

mod support;

use serde_json::json;
use support::{Host, Person, Place, books_from_memory};

async fn blocks(host: &Host, blocker: &Person, blocked: &Person) {
    blocker.post(host, "/profile/blocks", json!({"userId": blocked.id})).await.expect(201);
}

async fn unblocks(host: &Host, blocker: &Person, blocked: &Person) {
    blocker.delete(host, &format!("/profile/blocks/{}", blocked.id)).await.expect(204);
}

/// Where somebody meets the book "Quixotica" by Zoe Quixote, the only book of its owner.
async fn met(host: &Host, reader: Option<&Person>, owner: &Person, book: &str) -> Vec<String> {
    let mut met = Vec::new();
    let paths = [
        "/books".to_owned(),
        "/books?sort=title".to_owned(),
        "/books?category=Quixotry".to_owned(),
        format!("/books?owner={}", owner.id),
        "/books?q=quixotica".to_owned(),
        "/books/search?q=quixotcia".to_owned(),
        "/books/suggest?q=quix".to_owned(),
        "/books/suggest?q=zoe".to_owned(),
        "/books/facets".to_owned(),
        "/books/facets?q=quixotica".to_owned(),
        format!("/books/facets?owner={}", owner.id),
        format!("/books/{book}"),
        format!("/books/{book}/availability"),
        format!("/users/{}", owner.id),
    ];
    for path in paths {
        // Twice: the second answer may come from memory.
        for _ in 0..2 {
            let reply = match reader {
                Some(reader) => reader.get(host, &path).await,
                None => host.get(&path).await,
            };
            let text = reply.body.to_string().to_lowercase();
            let counted = reply.data()["counts"]["books"].as_u64().unwrap_or_default();
            if text.contains("quixot") || reply.status == 200 && path.contains(book) || counted > 0 {
                met.push(path.clone());
            }
        }
    }
    met.dedup();
    met
}

async fn quixotica_of(host: &Host, owner: &Person) -> String {
    let body = json!({"title": "Quixotica", "authors": ["Zoe Quixote"], "lending": "lend", "categories": ["Quixotry"]});
    owner.post(host, "/books", body).await.expect(201).data()["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn neither_of_a_pair_meets_the_others_books_on_any_host_and_nobody_else_notices() {
    let place = Place::new().await;
    let (one, two) = (Host::start_in(&place), Host::start_in(&place));
    let (olga, finn, wilma) = (one.register("Olga").await, one.register("Finn").await, one.register("Wilma").await);
    let book = quixotica_of(&one, &olga).await;
    let others = finn.lists(&one, "Another").await;
    let everywhere = met(&two, None, &olga, &book).await.len();
    assert_eq!(everywhere, 14);
    for host in [&one, &two] {
        assert_eq!(met(host, Some(&finn), &olga, &book).await.len(), everywhere);
    }
    blocks(&one, &olga, &finn).await;
    for host in [&one, &two] {
        assert_eq!(met(host, Some(&finn), &olga, &book).await, Vec::<String>::new());
        assert_eq!(met(host, Some(&wilma), &olga, &book).await.len(), everywhere);
        assert_eq!(met(host, None, &olga, &book).await.len(), everywhere);
        assert_eq!(met(host, Some(&olga), &olga, &book).await.len(), everywhere);
        olga.get(host, &format!("/books/{others}")).await.expect(404);
        assert_eq!(olga.get(host, "/books").await.expect(200).ids(), [book.as_str()]);
        let page = finn.get(host, "/books").await.expect(200);
        assert_eq!((page.ids(), page.body["pagination"]["total"].as_u64()), (vec![others.clone()], Some(1)));
    }
    // What Finn does about the book is answered as if it were not there.
    let ask = json!({"bookId": book, "days": 14});
    for reply in [
        finn.post(&two, "/borrows", ask.clone()).await,
        finn.put(&two, &format!("/books/{book}"), json!({"lending": "off"})).await,
        finn.delete(&two, &format!("/books/{book}")).await,
        finn.get(&two, &format!("/books/{book}/history")).await,
    ] {
        assert_eq!((reply.status, reply.code()), (404, "BOOK_NOT_FOUND"));
    }
    let own = finn.get(&one, "/profile/blocks").await.expect(200);
    assert!(own.data().as_array().expect("a list").is_empty(), "who is blocked is not told");
    unblocks(&two, &olga, &finn).await;
    for host in [&one, &two] {
        assert_eq!(met(host, Some(&finn), &olga, &book).await.len(), everywhere);
    }
    finn.post(&two, "/borrows", ask).await.expect(201);
}

#[tokio::test]
async fn a_block_holds_at_once_on_every_host_again_and_again() {
    let place = Place::new().await;
    let (one, two) = (Host::start_in(&place), Host::start_in(&place));
    let (olga, finn) = (one.register("Olga").await, one.register("Finn").await);
    let book = olga.lists(&one, "Emma").await;
    let path = format!("/books/{book}");
    for round in 0..10 {
        let (writing, reading) = if round % 2 == 0 { (&one, &two) } else { (&two, &one) };
        blocks(writing, &finn, &olga).await;
        finn.get(reading, &path).await.expect(404);
        assert_eq!(finn.get(reading, "/books").await.expect(200).body["pagination"]["total"], 0);
        unblocks(writing, &finn, &olga).await;
        finn.get(reading, &path).await.expect(200);
        assert_eq!(finn.get(reading, "/books").await.expect(200).body["pagination"]["total"], 1);
    }
}

/// PostgreSQL shows a book from its commit on, and a host is told a moment later: the answer that others share meanwhile is
/// not given to those from whom the book is hidden.
#[tokio::test]
async fn an_answer_that_others_share_shows_no_first_book_of_who_blocks_the_reader() {
    let (place, host) = Host::start().await;
    let (olga, finn, wilma) = (host.register("Olga").await, host.register("Finn").await, host.register("Wilma").await);
    let other = wilma.lists(&host, "Emma").await;
    let body = json!({"title": "Quixotica", "authors": ["Zoe Quixote"], "lending": "off"});
    let book = olga.post(&host, "/books", body).await.expect(201).data()["id"].as_str().expect("an id").to_owned();
    blocks(&host, &olga, &finn).await;
    let list = "/books?limit=6";
    testkit::eventually("what all share is his too", async || {
        let before = books_from_memory(&host).await;
        assert_eq!(finn.get(&host, list).await.expect(200).ids(), [other.as_str()]);
        books_from_memory(&host).await > before
    })
    .await;
    let lent = sqlx::query("update books.book set lending = 'lend' where id = $1::text::uuid").bind(&book);
    lent.execute(&place.database.pool("books")).await.expect("committed, and told to nobody");
    let both = [other.clone(), book.clone()];
    // Two lists that nobody has asked for: one is asked for by another member first, one by nobody without an account.
    for (list, first) in [("/books?sort=title&limit=7", Some(&wilma)), ("/books?sort=title&limit=8", None)] {
        for _ in 0..2 {
            let shown = match first {
                Some(first) => first.get(&host, list).await,
                None => host.get(list).await,
            };
            assert_eq!(shown.expect(200).ids(), both);
        }
        assert_eq!(finn.get(&host, list).await.expect(200).ids(), [other.as_str()]);
    }
}

#[tokio::test]
async fn nobody_hides_their_books_from_moderation() {
    let (place, host) = Host::start().await;
    let (olga, mo) = (host.register("Olga").await, host.register("Mo").await);
    support::command_line(&place, &["users", "promote", &mo.email, "--role", "moderator"]);
    let book = olga.lists(&host, "Emma").await;
    blocks(&host, &olga, &mo).await;
    mo.get(&host, &format!("/books/{book}")).await.expect(200);
    mo.delete(&host, &format!("/books/{book}")).await.expect(204);
}

#[tokio::test]
async fn blocks_are_paged_and_their_loans_go_on() {
    let (_place, host) = Host::start().await;
    let olga = host.register("Olga").await;
    let book = olga.lists(&host, "Emma").await;
    let finn = host.register("Finn").await;
    let borrow = finn.asks_for(&host, &book).await;
    olga.does(&host, &borrow, "approve", json!({})).await;
    olga.does(&host, &borrow, "hand-over", json!({})).await;
    let mut blocked = vec![finn.id.clone()];
    blocks(&host, &olga, &finn).await;
    for _ in 0..2 {
        let other = host.register("Wilma").await;
        blocks(&host, &olga, &other).await;
        blocked.insert(0, other.id);
    }
    let mut walked = Vec::new();
    for page in 1..=3 {
        let reply = olga.get(&host, &format!("/profile/blocks?limit=1&page={page}")).await.expect(200);
        assert_eq!(reply.body["pagination"]["total"], 3);
        walked.push(reply.data()[0]["user"]["id"].as_str().expect("an id").to_owned());
    }
    assert_eq!(walked, blocked);
    for (query, field) in
        [("colour=red", "colour"), ("sort=name", "sort"), ("limit=0", "limit"), ("cursor=x", "cursor")]
    {
        let reply = olga.get(&host, &format!("/profile/blocks?{query}")).await.expect(400);
        assert!(reply.fields().contains(&field), "{query}: {:#}", reply.body);
    }
    let oneself = olga.post(&host, "/profile/blocks", json!({"userId": olga.id})).await.expect(400);
    assert_eq!(oneself.fields(), ["userId"]);
    finn.does(&host, &borrow, "declare-return", json!({})).await;
    olga.does(&host, &borrow, "return", json!({"condition": "ok"})).await;
}
