//! A community in which a mail address is proved before there is an account.

mod support;

use serde_json::json;
use support::{Host, PASSWORD, Place};

fn token(mail: &str) -> String {
    let (_, rest) = mail.split_once("token=").expect("a link with a token");
    rest.chars().take_while(char::is_ascii_alphanumeric).collect()
}

#[tokio::test]
async fn registering_is_answered_alike_and_the_letter_opens_the_account() {
    let place = Place::new().await;
    let mut environment = place.environment();
    environment.push(("FOLKSHELF_ACCOUNTS__PROOF".to_owned(), "required".to_owned()));
    let host = Host::start_with(&environment);
    assert_eq!(host.get("/community").await.expect(200).data()["proofRequired"], true);

    let register = async |email: &str| host.post("/auth/register", json!({"email": email, "name": "Ada"})).await;
    let fresh = register("ada@example.org").await.expect(202);
    let link = token(&place.mail_to("ada@example.org", "verify-email").await);
    host.log_in("ada@example.org", PASSWORD).await.expect(401);

    let refused = host.post("/auth/verify-email", json!({"token": link})).await.expect(400);
    assert_eq!(refused.body["error"]["details"][0]["field"], "newPassword", "{refused:?}");
    let proof = json!({"token": link, "newPassword": PASSWORD});
    host.post("/auth/verify-email", proof.clone()).await.expect(204);
    host.post("/auth/verify-email", proof).await.expect(400);
    let ada = host.log_in("ada@example.org", PASSWORD).await.expect(200);
    assert_eq!(ada.data()["user"]["verified"], true);
    assert_eq!(ada.data()["user"]["name"], "Ada");

    let known = register("ada@example.org").await.expect(202);
    assert_eq!(known.body, fresh.body);
    assert_eq!(known.header("set-cookie"), fresh.header("set-cookie"));
    let again = host.post("/auth/resend-proof", json!({"email": "ada@example.org"})).await.expect(202);
    let nobody = host.post("/auth/resend-proof", json!({"email": "nobody@example.org"})).await.expect(202);
    assert_eq!(again.body, nobody.body);
}
