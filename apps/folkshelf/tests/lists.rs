//! What holds for every list: pages, cursors, orders, chosen fields, and the naming of what it does not know. To add a
//! list, add it to [`LISTS`].

mod support;

use std::collections::HashSet;

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use support::{Host, Person, Place, Reply};

struct List {
    path: &'static str,
    /// Its orders by name, and the field each goes by.
    sorts: &'static [(&'static str, &'static str)],
    /// Whether it gives a cursor; the others are paged by number alone.
    cursor: bool,
}

const BOOK_SORTS: &[(&str, &str)] =
    &[("createdAt", "createdAt"), ("title", "title"), ("publishedYear", "publishedYear")];

const LISTS: &[List] = &[
    List { path: "/books", sorts: BOOK_SORTS, cursor: true },
    // Answered by PostgreSQL: no list in the projection is as narrow.
    List { path: "/books?author=somebody&available=false", sorts: BOOK_SORTS, cursor: true },
    List { path: "/books/mine", sorts: BOOK_SORTS, cursor: true },
    List { path: "/books/imports", sorts: &[], cursor: false },
    List { path: "/borrows", sorts: &[("requestedAt", "requestedAt")], cursor: true },
    List { path: "/borrows?role=owner&overdue=false", sorts: &[("requestedAt", "requestedAt")], cursor: true },
    List { path: "/notifications", sorts: &[], cursor: true },
    List { path: "/users", sorts: &[("memberSince", "memberSince"), ("name", "name")], cursor: false },
    List { path: "/admin/dead-letters", sorts: &[], cursor: false },
    List { path: "/admin/deliveries", sorts: &[], cursor: false },
    List { path: "/admin/mails", sorts: &[], cursor: false },
];

impl List {
    fn with(&self, query: &str) -> String {
        format!("{}{}{query}", self.path, if self.path.contains('?') { '&' } else { '?' })
    }

    async fn ids(&self, host: &Host, olga: &Person, query: &str) -> Vec<String> {
        olga.get(host, &self.with(query)).await.expect(200).ids()
    }
}

const TITLES: [&str; 7] = ["Emma", "dracula", "Zoë", "Äpfel", "1984", "The Odyssey", "emma"];

/// Olga, an administrator, has seven books, each asked for by somebody else and promised, and of each of these she was
/// told.
async fn olgas_community() -> (Place, Host, Person) {
    let (place, host) = Host::start().await;
    let olga = host.register("Olga").await;
    let promoted = support::command_line(&place, &["users", "promote", &olga.email]);
    assert!(promoted.status.success(), "{promoted:?}");
    for nth in 0..TITLES.len() {
        one_more(&host, &olga, nth).await;
    }
    let mut connection = PgConnection::connect_with(&place.database.owner_options()).await.expect("a connection");
    sqlx::query(
        "insert into event_bus.dead_letter (id, subscription, event_id, error, attempts, parked_at)
        select gen_random_uuid(), s.name, l.id, 'the mail server is away', 4, now()
        from (select name from event_bus.subscription order by name limit 1) s,
            (select id from event_bus.log order by position limit 7) l",
    )
    .execute(&mut connection)
    .await
    .expect("dead letters");
    sqlx::query(
        "insert into auth.given_up_mail (id, kind, recipient, address, attempts, error, created_at, given_up_at)
        select gen_random_uuid(), 'verify_email', nth || '@example.org', nth || '@example.org', 1, 'refused', now(), now()
        from generate_series(1, 7) nth",
    )
    .execute(&mut connection)
    .await
    .expect("letters");
    (place, host, olga)
}

/// One more in each list but those of dead letters and of mails.
async fn one_more(host: &Host, olga: &Person, nth: usize) {
    let mut body = json!({"title": TITLES[nth % TITLES.len()], "authors": ["Somebody"], "lending": "lend"});
    if !nth.is_multiple_of(3) {
        body["publishedYear"] = json!(1800 + nth);
    }
    let book = olga.post(host, "/books", body).await.expect(201).data()["id"].as_str().expect("an id").to_owned();
    // Of one row that is no book.
    let part = Part::bytes(b"title,authors\n,Somebody\n".to_vec()).file_name("books.csv");
    let upload = olga.request(host, Method::POST, "/books/import").multipart(Form::new().part("file", part));
    Reply::to(upload).await.expect(202);
    testkit::eventually("the import has ended", async || {
        let newest = olga.get(host, "/books/imports?limit=1").await.expect(200);
        newest.data()[0]["status"] == "completed"
    })
    .await;
    let borrower = host.register(&format!("Finn{}", nth % 4)).await;
    let borrow = borrower.asks_for(host, &book).await;
    olga.does(host, &borrow, "approve", json!({})).await;
}

#[tokio::test]
async fn every_list_names_what_it_does_not_know_and_bounds_its_pages() {
    let (_place, host, olga) = olgas_community().await;
    for list in LISTS {
        for (query, field) in [
            ("colour=red", "colour"),
            ("fields=id,secret", "fields"),
            ("fields=", "fields"),
            ("sort=colour", "sort"),
            ("sort=", "sort"),
            ("order=sideways", "order"),
            ("page=0", "page"),
            ("page=-1", "page"),
            ("page=9223372036854775808", "page"),
            ("page=1&page=2", "page"),
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("cursor=nonsense", "cursor"),
            ("cursor=", "cursor"),
        ] {
            let reply = olga.get(&host, &list.with(query)).await;
            assert_eq!(reply.status, 400, "{}: {:#}", list.with(query), reply.body);
            assert!(reply.fields().contains(&field), "{}: {:#}", list.with(query), reply.body);
        }
        let whole = olga.get(&host, &list.with("limit=100")).await.expect(200);
        let total = whole.body["pagination"]["total"].clone();
        assert_eq!(total, whole.ids().len(), "{}", list.path);
        assert!(whole.ids().len() >= TITLES.len(), "{}: {:#}", list.path, whole.body);
        for far in ["page=1000000000000", "page=9223372036854775807&limit=100"] {
            let reply = olga.get(&host, &list.with(far)).await.expect(200);
            assert!(reply.ids().is_empty(), "{}", list.with(far));
            assert_eq!(reply.body["pagination"]["total"], total, "{}", list.with(far));
        }
        let mut by_page = Vec::new();
        for page in 1..=whole.ids().len() {
            by_page.extend(list.ids(&host, &olga, &format!("limit=2&page={page}")).await);
        }
        assert_eq!(by_page, whole.ids(), "{}", list.path);
    }
}

#[tokio::test]
async fn every_list_shows_the_fields_that_were_chosen_and_no_others() {
    let (_place, host, olga) = olgas_community().await;
    for list in LISTS {
        let whole = olga.get(&host, &list.with("limit=3")).await.expect(200).data().clone();
        let known: Vec<&String> = whole[0].as_object().expect("an item").keys().collect();
        for pair in known.iter().zip(known.iter().cycle().skip(1)) {
            for chosen in [vec![*pair.0], vec![*pair.0, *pair.1]] {
                let names: Vec<&str> = chosen.iter().map(|name| name.as_str()).collect();
                let query = format!("limit=3&fields={}", names.join(","));
                let shown = olga.get(&host, &list.with(&query)).await.expect(200).data().clone();
                let expected: Vec<Value> = whole
                    .as_array()
                    .expect("a list")
                    .iter()
                    .map(|item| {
                        let item = item.as_object().expect("an item").clone();
                        Value::Object(item.into_iter().filter(|(name, _)| names.contains(&name.as_str())).collect())
                    })
                    .collect();
                assert_eq!(shown, Value::Array(expected), "{}", list.with(&query));
            }
        }
    }
}

#[tokio::test]
async fn every_order_goes_both_ways() {
    let (_place, host, olga) = olgas_community().await;
    for list in LISTS {
        for (sort, field) in list.sorts {
            let query = |order: &str| format!("limit=100&sort={sort}&order={order}");
            let up = olga.get(&host, &list.with(&query("asc"))).await.expect(200);
            let mut down = list.ids(&host, &olga, &query("desc")).await;
            let default = list.ids(&host, &olga, &format!("limit=100&sort={sort}")).await;
            assert!(default == up.ids() || default == down, "{} by {sort}", list.path);
            down.reverse();
            assert_eq!(up.ids(), down, "{} by {sort}", list.path);
            // Names and titles go by rules of language; the others by value.
            if !["title", "name"].contains(sort) {
                let values: Vec<String> = up
                    .data()
                    .as_array()
                    .expect("a list")
                    .iter()
                    .map(|item| match &item[*field] {
                        // What nobody knows stands before all others.
                        Value::Null => String::new(),
                        Value::String(text) => text.clone(),
                        number => format!("{:0>6}", number.to_string()),
                    })
                    .collect();
                assert!(values.is_sorted(), "{} by {sort}: {values:?}", list.path);
            }
        }
        if list.sorts.is_empty() {
            olga.get(&host, &list.with("order=asc")).await.expect(400);
        }
    }
}

#[tokio::test]
async fn a_walk_by_cursor_sees_once_what_was_there_while_more_comes() {
    let (_place, host, olga) = olgas_community().await;
    let mut nth = TITLES.len();
    for list in LISTS.iter().filter(|list| list.cursor) {
        let orders = list.sorts.iter().flat_map(|(sort, _)| ["asc", "desc"].map(|order| (*sort, order)));
        let mut queries: Vec<String> = orders.map(|(sort, order)| format!("&sort={sort}&order={order}")).collect();
        if queries.is_empty() {
            queries.push(String::new());
        }
        for query in queries {
            let there: HashSet<String> =
                list.ids(&host, &olga, &format!("limit=100{query}")).await.into_iter().collect();
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            let mut inserts = 2;
            loop {
                let path = list.with(&format!("limit=4{query}{cursor}"));
                // In the middle of the walk, and at the same time as a page is read.
                let reply = if inserts > 0 {
                    inserts -= 1;
                    nth += 1;
                    tokio::join!(olga.get(&host, &path), one_more(&host, &olga, nth)).0.expect(200)
                } else {
                    olga.get(&host, &path).await.expect(200)
                };
                seen.extend(reply.ids());
                match reply.body["pagination"]["nextCursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
                assert!(seen.len() < 500, "{path}: the walk does not end");
            }
            let distinct: HashSet<String> = seen.iter().cloned().collect();
            assert_eq!(distinct.len(), seen.len(), "{}{query}: something is seen twice", list.path);
            let missed: Vec<_> = there.difference(&distinct).collect();
            assert!(missed.is_empty(), "{}{query}: never seen: {missed:?}", list.path);
        }
    }
}

#[tokio::test]
async fn a_cursor_that_somebody_made_up_leads_nowhere_bad() {
    let (_place, host, olga) = olgas_community().await;
    let id = "01936f8e000070008000000000000001";
    for list in LISTS {
        for key in
            ["0", "1", "9223372036854775807", "253402300799999999", "-1", "-9223372036854775808", "32767", "ff", ""]
        {
            for cursor in [
                format!("c.{key}.{id}"),
                format!("t.{key}.{id}"),
                format!("y.{key}.{id}"),
                format!("{key}-{id}"),
                format!("c.{key}.{id}.{id}"),
            ] {
                for (sort, _) in list.sorts.iter().chain([&("", "")]) {
                    let sort = if sort.is_empty() { String::new() } else { format!("&sort={sort}") };
                    let path = list.with(&format!("cursor={cursor}{sort}"));
                    let reply = olga.get(&host, &path).await;
                    assert!(matches!(reply.status, 200 | 400), "{path}: {:#}", reply.body);
                }
            }
        }
    }
}
