//! Signing in, staying signed in, signing out.

mod support;

use reqwest::Method;
use serde_json::json;
use support::{Host, PASSWORD, Person, Place, Reply};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

#[tokio::test]
async fn logout_ends_the_access_token_and_the_refresh_token() {
    let (_place, host) = Host::start().await;
    let ada = host.register("Ada").await;
    ada.get(&host, "/users/me").await.expect(200);
    ada.post(&host, "/auth/logout", json!({})).await.expect(204);
    assert_eq!(ada.get(&host, "/users/me").await.expect(401).header("www-authenticate"), "Bearer");
    host.post("/auth/refresh-token", json!({"refreshToken": ada.refresh})).await.expect(401);
}

#[tokio::test]
async fn who_registers_in_french_is_written_to_in_french() {
    let (place, host) = Host::start().await;
    let olga = host.register("Olga").await;
    let body = json!({"email": "zoe@example.org", "password": PASSWORD, "name": "Zoé", "language": "fr-FR"});
    let reply = host.post("/auth/register", body).await.expect(201);
    let zoe = Person::from("Zoé", "zoe@example.org", &reply);
    assert_eq!(zoe.get(&host, "/profile").await.expect(200).data()["language"], "fr-FR");
    assert_eq!(olga.get(&host, "/profile").await.expect(200).data()["language"], "en");
    assert!(place.mail_to("zoe@example.org", "verify-email").await.contains("Bonjour,"));
    let book = zoe.lists(&host, "Candide").await;
    olga.asks_for(&host, &book).await;
    let told = zoe.get(&host, "/notifications").await.expect(200);
    assert_eq!(told.data()[0]["title"], "Olga aimerait emprunter «\u{a0}Candide\u{a0}»");
}

#[tokio::test]
async fn a_refresh_token_used_again_after_ten_seconds_ends_the_session() {
    let (place, host) = Host::start().await;
    // Several times: an answer from memory a moment too late would show only now and then.
    for _ in 0..8 {
        let ada = host.register("Ada").await;
        let fresh = host.post("/auth/refresh-token", json!({"refreshToken": ada.refresh})).await.expect(200);
        let fresh = Person::from("Ada", &ada.email, &fresh);
        fresh.get(&host, "/users/me").await.expect(200);
        sqlx::query("update auth.refresh_token set used_at = used_at - interval '11 seconds'")
            .execute(&place.database.pool("auth"))
            .await
            .expect("eleven seconds pass");
        host.post("/auth/refresh-token", json!({"refreshToken": ada.refresh})).await.expect(401);
        fresh.get(&host, "/users/me").await.expect(401);
        host.post("/auth/refresh-token", json!({"refreshToken": fresh.refresh})).await.expect(401);
    }
}

#[tokio::test]
async fn two_tabs_that_refresh_at_once_both_stay_signed_in() {
    let (_place, host) = Host::start().await;
    let mut refresh = host.register("Ada").await.refresh;
    for _ in 0..3 {
        let ask = || host.post("/auth/refresh-token", json!({"refreshToken": refresh}));
        let (one, other) = tokio::join!(ask(), ask());
        let (one, other) = (one.expect(200), other.expect(200));
        for tab in [&one, &other] {
            Person::from("Ada", "ada@example.org", tab).get(&host, "/users/me").await.expect(200);
        }
        assert_eq!(one.data()["refreshToken"], other.data()["refreshToken"]);
        refresh = other.data()["refreshToken"].as_str().expect("a token").to_owned();
    }
}

#[tokio::test]
async fn a_client_whose_answer_got_lost_asks_again_and_stays_signed_in() {
    let (place, host) = Host::start().await;
    let ada = host.register("Ada").await;
    let body = json!({"refreshToken": ada.refresh});
    let sent = body.to_string();
    let request = format!(
        "POST /api/v1/auth/refresh-token HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
        Content-Length: {}\r\n\r\n{sent}",
        host.address(),
        sent.len(),
    );
    // The line breaks once the host has exchanged the token: its answer reaches nobody.
    let mut line = TcpStream::connect(host.address()).await.expect("a connection");
    line.write_all(request.as_bytes()).await.expect("sent");
    let pool = place.database.pool("auth");
    testkit::eventually("the token is exchanged", || async {
        let used = "select exists (select from auth.refresh_token where used_at is not null)";
        sqlx::query_scalar(used).fetch_one(&pool).await.expect("an answer")
    })
    .await;
    drop(line);
    let again = host.post("/auth/refresh-token", body).await.expect(200);
    Person::from("Ada", &ada.email, &again).get(&host, "/users/me").await.expect(200);
    let next =
        host.post("/auth/refresh-token", json!({"refreshToken": again.data()["refreshToken"]})).await.expect(200);
    Person::from("Ada", &ada.email, &next).get(&host, "/users/me").await.expect(200);
}

#[tokio::test]
async fn a_member_logs_out_everywhere_else() {
    let (_place, host) = Host::start().await;
    let here = host.register("Ada").await;
    let there = Person::from("Ada", &here.email, &host.log_in(&here.email, PASSWORD).await.expect(200));
    let ended = here.delete(&host, "/auth/sessions/others").await.expect(200);
    assert_eq!(ended.data()["count"], 1);
    there.get(&host, "/users/me").await.expect(401);
    assert_eq!(here.get(&host, "/auth/sessions").await.expect(200).ids().len(), 1);
}

#[tokio::test]
async fn browsers_keep_the_refresh_token_in_a_cookie_that_scripts_cannot_read() {
    let (_place, host) = Host::start().await;
    let ada = host.register("Ada").await;
    let reply = host.log_in(&ada.email, PASSWORD).await.expect(200);
    let cookie = reply.header("set-cookie").to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/api/v1/auth"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let pair = cookie.split(';').next().expect("a pair").to_owned();
    let refreshed = Reply::to(host.request(Method::POST, "/auth/refresh-token").header("cookie", pair)).await;
    refreshed.expect(200);
}

#[tokio::test]
async fn an_unknown_address_and_a_wrong_password_are_answered_alike() {
    let (_place, host) = Host::start().await;
    let ada = host.register("Ada").await;
    let wrong = host.log_in(&ada.email, "wrong wrong wrong").await.expect(401);
    let unknown = host.log_in("nobody@example.org", "wrong wrong wrong").await.expect(401);
    assert_eq!(wrong.body["error"], unknown.body["error"]);
    let known = host.post("/auth/forgot-password", json!({"email": ada.email})).await.expect(202);
    let unknown = host.post("/auth/forgot-password", json!({"email": "nobody@example.org"})).await.expect(202);
    assert_eq!(known.body, unknown.body);
}

#[tokio::test]
async fn a_forgotten_password_is_reset_by_mail_and_all_sessions_end() {
    let (place, host) = Host::start().await;
    let ada = host.register("Ada").await;
    let verify = token(&place.mail_to(&ada.email, "verify").await);
    host.post("/auth/verify-email", json!({"token": "not-the-one"})).await;
    assert_eq!(ada.get(&host, "/users/me").await.expect(200).data()["verified"], false);
    ada.post(&host, "/auth/verify-email", json!({"token": verify})).await.expect(204);
    assert_eq!(ada.get(&host, "/users/me").await.expect(200).data()["verified"], true);

    host.post("/auth/forgot-password", json!({"email": ada.email})).await.expect(202);
    let reset = token(&place.mail_to(&ada.email, "reset").await);
    let body = json!({"token": reset, "newPassword": "a new pass phrase"});
    host.post("/auth/reset-password", body.clone()).await.expect(204);
    ada.get(&host, "/users/me").await.expect(401);
    host.log_in(&ada.email, PASSWORD).await.expect(401);
    host.log_in(&ada.email, "a new pass phrase").await.expect(200);
    let again = host.post("/auth/reset-password", body).await;
    assert!((400..500).contains(&again.status), "a token works once: {again:?}");
}

/// The token in a mail's link.
fn token(mail: &str) -> String {
    let (_, rest) = mail.split_once("token=").expect("a link with a token");
    rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_').collect()
}

#[tokio::test]
async fn changing_the_password_ends_the_other_sessions() {
    let (_place, host) = Host::start().await;
    let here = host.register("Ada").await;
    let there = Person::from("Ada", &here.email, &host.log_in(&here.email, PASSWORD).await.expect(200));
    assert_eq!(here.get(&host, "/auth/sessions").await.expect(200).ids().len(), 2);
    let body = json!({"currentPassword": PASSWORD, "newPassword": "another pass phrase"});
    here.post(&host, "/auth/change-password", body).await.expect(204);
    here.get(&host, "/users/me").await.expect(200);
    there.get(&host, "/users/me").await.expect(401);
}

#[tokio::test]
async fn forged_and_foreign_tokens_are_refused() {
    let (_place, host) = Host::start().await;
    let ada = host.register("Ada").await;
    let (head, signature) = ada.token.rsplit_once('.').expect("a token has three parts");
    let flipped: String = signature.chars().rev().collect();
    // {"alg":"none"} in front of a payload that was good.
    let none = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{}.", head.split('.').nth(1).expect("a payload"));
    for token in [format!("{head}.{flipped}"), none, "x".to_owned(), String::new(), "a.b.c".to_owned()] {
        let reply = Reply::to(host.request(Method::GET, "/users/me").bearer_auth(&token)).await;
        assert_eq!(reply.expect(401).code(), "UNAUTHENTICATED");
    }
    let basic = Reply::to(host.request(Method::GET, "/users/me").header("authorization", "Basic eDp5")).await;
    basic.expect(401);
    // A bad token is refused even where none is needed.
    Reply::to(host.request(Method::GET, "/books").bearer_auth("x")).await.expect(401);
}

#[tokio::test]
async fn who_leaves_is_gone_from_everywhere() {
    let (_place, host) = Host::start().await;
    let (ada, finn) = (host.register("Ada").await, host.register("Finn").await);
    let book = ada.lists(&host, "Emma").await;
    let borrow = finn.asks_for(&host, &book).await;
    ada.does(&host, &borrow, "approve", json!({})).await;
    let wrong =
        Reply::to(ada.request(&host, Method::DELETE, "/profile").json(&json!({"password": "wrong wrong"}))).await;
    assert_eq!(wrong.expect(400).fields(), ["password"]);
    let leave = || Reply::to(ada.request(&host, Method::DELETE, "/profile").json(&json!({"password": PASSWORD})));
    assert_eq!(leave().await.expect(409).code(), "MEMBER_HAS_OPEN_LOANS");
    finn.does(&host, &borrow, "cancel", json!({})).await;
    leave().await.expect(204);
    ada.get(&host, "/users/me").await.expect(401);
    host.log_in(&ada.email, PASSWORD).await.expect(401);
    host.get(&format!("/users/{}", ada.id)).await.expect(404);
    testkit::eventually("the shelf is gone", || async { host.get(&format!("/books/{book}")).await.status == 404 })
        .await;
}

#[tokio::test]
async fn the_published_keys_check_a_token() {
    let place = Place::new().await;
    let other = "the secret that signs from next week on: 0123456789".to_owned();
    let mut environment = place.environment();
    environment.push(("FOLKSHELF_AUTH__OTHER_TOKEN_SECRETS".to_owned(), other.clone()));
    let host = Host::start_with(&environment);
    let ada = host.register("Ada").await;
    let published = host.get("/.well-known/jwks.json").await.expect(200);
    assert_eq!(published.header("cache-control"), "public, max-age=300");
    let keys = published.body["keys"].as_array().expect("keys");
    assert_eq!(keys.len(), 2);
    let header = ada.token.split('.').next().expect("a header");
    assert!(keys.iter().all(|key| key["alg"] == "EdDSA" && key.get("d").is_none()), "{keys:?}");

    // Next week's host takes this week's token, and this host already takes next week's.
    environment.retain(|(name, _)| name != "FOLKSHELF_AUTH__OTHER_TOKEN_SECRETS");
    environment.push(("FOLKSHELF_AUTH__TOKEN_SECRET".to_owned(), other));
    let development = "folkshelf-development-only-not-a-secret";
    environment.push(("FOLKSHELF_AUTH__OTHER_TOKEN_SECRETS".to_owned(), development.to_owned()));
    let next = Host::start_with(&environment);
    ada.get(&next, "/users/me").await.expect(200);
    let again = Person::from("Ada", &ada.email, &next.log_in(&ada.email, PASSWORD).await.expect(200));
    assert_ne!(again.token.split('.').next(), Some(header), "another key");
    again.get(&host, "/users/me").await.expect(200);
    let swapped = next.get("/.well-known/jwks.json").await.expect(200);
    let swapped = swapped.body["keys"].as_array().expect("keys").clone();
    assert_eq!((&swapped[0], &swapped[1]), (&keys[1], &keys[0]), "the one that signs comes first");
    // A refresh on the other host, and its answer lost: the same new token from both.
    let body = json!({"refreshToken": ada.refresh});
    let first = next.post("/auth/refresh-token", body.clone()).await.expect(200);
    let lost = host.post("/auth/refresh-token", body).await.expect(200);
    assert_eq!(first.data()["refreshToken"], lost.data()["refreshToken"]);
}

#[tokio::test]
async fn a_common_password_is_refused_wherever_one_is_chosen() {
    let (place, host) = Host::start().await;
    let body =
        |password: &str| json!({"email": "marie.curie@example.org", "password": password, "name": "Marie Curie"});
    for common in ["1234567890", "qwertyuiop", "password123", "mariecurie", "Marie.Curie1"] {
        let refused = host.post("/auth/register", body(common)).await.expect(400);
        assert_eq!((refused.code(), refused.fields()), ("PASSWORD_TOO_COMMON", vec!["password"]), "{common}");
    }
    let reply = host.post("/auth/register", body(PASSWORD)).await.expect(201);
    let marie = Person::from("Marie", "marie.curie@example.org", &reply);
    let change = json!({"currentPassword": PASSWORD, "newPassword": "mariecurie"});
    let refused = marie.post(&host, "/auth/change-password", change).await.expect(400);
    assert_eq!((refused.code(), refused.fields()), ("PASSWORD_TOO_COMMON", vec!["newPassword"]));

    host.post("/auth/forgot-password", json!({"email": marie.email})).await.expect(202);
    let token = token(&place.mail_to(&marie.email, "reset").await);
    let reset = |password: &str| host.post("/auth/reset-password", json!({"token": token, "newPassword": password}));
    for common in ["mariecurie", "iloveyou123"] {
        let refused = reset(common).await.expect(400);
        assert_eq!((refused.code(), refused.fields()), ("PASSWORD_TOO_COMMON", vec!["newPassword"]));
    }
    // The token was not used up by that, and the old password holds until then.
    host.log_in(&marie.email, PASSWORD).await.expect(200);
    reset("radium in a glass").await.expect(204);
    host.log_in(&marie.email, "radium in a glass").await.expect(200);
}
