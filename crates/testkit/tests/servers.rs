//! Servers of a test's own can be killed and come back where they were.

use testkit::{PrivatePostgres, PrivateRedis};

#[tokio::test]
async fn an_own_server_of_postgresql_keeps_what_was_committed_when_it_is_killed() {
    let mut server = PrivatePostgres::start().await;
    let pool = server.pool("books");
    sqlx::raw_sql("create table books.kept (n integer); insert into books.kept values (7)")
        .execute(&server.owner_pool("books"))
        .await
        .unwrap();
    server.kill().await;
    assert!(sqlx::query_scalar::<_, i32>("select n from books.kept").fetch_one(&pool).await.is_err());

    server.start_again().await;
    testkit::eventually("the table is read again", || async {
        sqlx::query_scalar::<_, i32>("select n from books.kept").fetch_one(&pool).await.is_ok_and(|n| n == 7)
    })
    .await;
    server.stop().await;
}

#[tokio::test]
async fn an_own_server_of_redis_comes_back_at_its_address() {
    let mut server = PrivateRedis::start().await;
    let url = server.url();
    server.kill().await;
    server.start_again().await;
    server.stop().await;
    server.start_again().await;
    assert_eq!(server.url(), url);
}
