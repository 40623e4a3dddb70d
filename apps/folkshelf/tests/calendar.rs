//! One's days in a calendar program: by the secret address, without a session, and not after it has ended.

mod support;

use serde_json::json;
use support::{Host, Reply};

/// Lines of more than 75 bytes go on in the next one, after a blank.
fn unfolded(file: &Reply) -> String {
    file.body.as_str().expect("a text").replace("\r\n ", "")
}

#[tokio::test]
async fn a_calendar_program_reads_the_days_by_the_secret_address_alone() {
    let (_place, host) = Host::start().await;
    let (ada, finn) = (host.register("Ada").await, host.register("Finn").await);
    let book = ada.lists(&host, "Café, crème; brûlée").await;
    let borrow = finn.asks_for(&host, &book).await;
    ada.does(&host, &borrow, "approve", json!({})).await;

    let opened = finn.post(&host, "/profile/calendar-feed", json!({})).await.expect(201);
    assert_eq!(opened.header("cache-control"), "no-store");
    let address = opened.data()["url"].as_str().expect("an address").to_owned();
    let (_, path) = address.split_once("/api/v1").expect("below the API");
    let file = host.get(path).await.expect(200);
    assert_eq!(file.header("content-type"), "text/calendar; charset=utf-8");
    let text = unfolded(&file);
    assert!(text.contains("SUMMARY:Last day to pick up “Café\\, crème\\; brûlée” from Ada\r\n"), "{text}");
    let french = host.get(&format!("{path}&language=fr")).await.expect(200);
    let french = unfolded(&french);
    assert!(french.contains("SUMMARY:Dernier jour pour aller chercher «\u{a0}Café"), "{french}");
    // Nothing is written in it: the community's.
    assert!(unfolded(&host.get(&format!("{path}&language=de")).await.expect(200)).contains("Last day"));
    let wrong = host.get(&format!("{path}&language=%00")).await.expect(400);
    assert_eq!(wrong.fields(), ["language"]);
    host.get("/calendar.ics").await.expect(400);

    finn.delete(&host, "/profile/calendar-feed").await.expect(204);
    let gone = host.get(path).await.expect(404);
    assert_eq!(gone.code(), "CALENDAR_NOT_FOUND");
    let (_, token) = path.split_once("token=").expect("a token");
    assert!(!gone.body.to_string().contains(token), "{gone:?}");
    assert!(host.log().iter().all(|line| !line.contains(token)), "the address is in the log");
}
