//! The programs behind `just bench-search` and `just bench-million`, on a few books.

use std::process::Command;

use sqlx::ConnectOptions;
use testkit::TestDatabase;

#[tokio::test]
async fn generated_books_are_there_and_are_found() {
    let database = TestDatabase::of("books").await;
    let url = database.owner_options().to_url_lossy().to_string();
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_loadtest"))
            .args(arguments)
            .env("DATABASE_URL", &url)
            .output()
            .expect("the program starts");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    run(&["generate-books", "--count", "2000", "--members", "20"]);
    let pool = database.pool("books");
    let (books, indexes): (i64, i64) = sqlx::query_as(
        "select (select count(*) from books.book),
            (select count(*) from pg_indexes where schemaname = 'books' and tablename = 'book')",
    )
    .fetch_one(&pool)
    .await
    .expect("counts");
    assert_eq!(books, 2000);
    assert!(indexes > 10, "they were dropped and are built again: {indexes}");

    let measured = run(&["search", "--clients", "2", "--queries", "4"]);
    assert!(measured.contains("search: a common word"), "{measured}");
}
