//! One request seen through, from the outside: what a collector receives, and what a request costs when it is away.

mod support;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use sqlx::{Connection, PgConnection};
use support::collector::{Collector, Received};
use support::{Host, Place, Reply};

const DOCUMENT: &str = include_str!("../../../docs/observability.md");

fn environment(place: &Place, endpoint: &str, ratio: &str) -> Vec<(String, String)> {
    let mut environment = place.environment();
    environment.push(("FOLKSHELF_TRACES__ENDPOINT".to_owned(), endpoint.to_owned()));
    environment.push(("FOLKSHELF_TRACES__SAMPLE_RATIO".to_owned(), ratio.to_owned()));
    environment
}

/// A host that sends to a collector of its own.
async fn traced(ratio: &str) -> (Place, Host, Collector) {
    let (place, collector) = (Place::new().await, Collector::start().await);
    let host = Host::start_with(&environment(&place, &collector.endpoint(), ratio));
    (place, host, collector)
}

fn trace_of(reply: &Reply) -> String {
    reply.header("traceparent").split('-').nth(1).expect("a trace id").to_owned()
}

/// Whether a span of this name lies somewhere below `above`.
fn below<'s>(spans: &'s [Received], above: &Received, name: &str) -> Option<&'s Received> {
    spans.iter().find(|span| {
        let mut at = Some(*span);
        while let Some(here) = at {
            if here.parent == above.id {
                return span.name == name;
            }
            at = spans.iter().find(|other| other.id == here.parent);
        }
        false
    })
}

#[tokio::test]
async fn one_trace_spans_a_request_its_statements_its_events_and_all_that_follows() {
    let (_place, host, collector) = traced("1.0").await;
    let (ada, finn) = (host.register("Ada").await, host.register("Finn").await);
    let book = ada.lists(&host, "Emma").await;
    let reply = finn.post(&host, "/borrows", json!({"bookId": book, "days": 21})).await.expect(201);
    let trace = trace_of(&reply);
    // Each process sends its own part.
    let last = ["request POST /api/v1/borrows", "subscription books", "subscription borrowing.view"];
    testkit::eventually("the whole trace has arrived", || async {
        let spans = collector.trace(&trace);
        last.iter().all(|name| spans.iter().any(|span| span.name == *name))
            && spans.iter().filter(|span| span.name == "subscription notifications.view").count() >= 2
    })
    .await;
    let spans = collector.trace(&trace);
    let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    let find = |above: &Received, name: &str| {
        below(&spans, above, name).unwrap_or_else(|| panic!("no {name} below {}: {names:#?}", above.name)).clone()
    };
    let roots: Vec<&Received> = spans.iter().filter(|span| span.parent.is_empty()).collect();
    assert_eq!(roots.len(), 1, "{names:#?}");
    let request = roots[0];
    assert_eq!(request.name, "request POST /api/v1/borrows");
    assert_eq!(request.attribute("http.response.status_code"), "201");

    let command = find(request, "command request_borrow");
    assert_eq!(command.attribute("outcome"), "done");
    find(&command, "sql insert borrowing.borrow");
    find(&command, "sql commit");
    // What it has read it shows itself.
    find(&command, "redis write");
    let append = find(&command, "append borrow.created");
    find(&append, "sql insert event_bus.log");
    // Everybody who hears of the event does so under its append.
    for context in ["borrowing.view", "books", "notifications"] {
        let name = format!("subscription {context}");
        find(&append, &name);
    }
    let notifications = find(&append, "subscription notifications");
    let told = find(&notifications, "append notification.created");
    find(&told, "subscription notifications.view");
    // It is shown with its cause, or with the event that tells of it.
    let mut views = spans.iter().filter(|span| span.name == "subscription notifications.view");
    assert!(views.any(|view| below(&spans, view, "redis write").is_some()), "{names:#?}");
    // What was answered is shown, and values are not.
    let statement = find(&command, "sql insert borrowing.borrow");
    assert!(statement.attribute("db.query.text").contains("$1"), "{statement:?}");
    for span in &spans {
        assert!(!format!("{span:?}").contains("@example.org"), "{span:?}");
        let listed = format!("| `{}` |", span.name.split(' ').next().expect("a word"));
        assert!(DOCUMENT.contains(&listed), "docs/observability.md does not list the span {}", span.name);
    }
    let resource = collector.resource();
    assert_eq!(resource["service.name"], "folkshelf");
    assert_eq!(resource["service.version"], env!("CARGO_PKG_VERSION"));
    assert!(!resource["service.instance.id"].is_empty());
}

#[tokio::test]
async fn a_view_refreshed_for_several_traces_at_once_is_in_each_of_them_with_links_between() {
    let (place, host, collector) = traced("1.0").await;
    let ada = host.register("Ada").await;
    let mut books = Vec::new();
    for nth in 0..12 {
        books.push(ada.lists(&host, &format!("Volume {nth}")).await);
    }
    // While this transaction is open nobody may read the events that come after it: they wait, and come all at once.
    let mut holding = PgConnection::connect_with(&place.database.owner_options()).await.expect("a connection");
    sqlx::raw_sql("begin; select pg_current_xact_id()").execute(&mut holding).await.expect("a transaction");
    let paths: Vec<String> = books.iter().map(|book| format!("/books/{book}")).collect();
    let deleted = join_all(paths.iter().map(|path| ada.delete(&host, path))).await;
    let traces: Vec<String> = deleted.into_iter().map(|reply| trace_of(&reply.expect(204))).collect();
    sqlx::raw_sql("rollback").execute(&mut holding).await.expect("an end");

    const VIEW: &str = "subscription books.view";
    testkit::eventually("every trace shows its view", async || {
        traces.iter().all(|trace| collector.trace(trace).iter().any(|span| span.name == VIEW))
    })
    .await;
    let spans = collector.all();
    let views: Vec<&Received> = spans.iter().filter(|span| span.name == VIEW && traces.contains(&span.trace)).collect();
    let writes = |view: &Received| below(&spans, view, "redis write").is_some();
    let mut linked = 0;
    for view in views {
        let append = spans.iter().find(|span| span.id == view.parent).expect("its parent");
        assert_eq!((append.name.as_str(), &append.trace), ("append book.deleted", &view.trace));
        for (trace, id) in &view.links {
            let other = spans.iter().find(|span| span.trace == *trace && span.id == *id).expect("what is linked to");
            assert_eq!(other.name, VIEW);
            assert_ne!(other.parent, view.parent);
            assert!(other.links.contains(&(view.trace.clone(), view.id.clone())), "the link goes both ways");
            assert_ne!(writes(view), writes(other), "the work is done in one of them");
            linked += 1;
        }
    }
    assert!(linked > 0, "twelve events came in batches of one");
}

#[tokio::test]
async fn a_callers_trace_goes_on_here_and_its_decision_counts() {
    if support::shape::one_process_only("nginx drops strangers' traces") {
        return;
    }
    let (_place, host, collector) = traced("0.0").await;
    let ask = |flags: &str, nth: u32| {
        let given = format!("00-4bf92f3577b34da6a3ce929d0e0e473{nth}-00f067aa0ba902b7-{flags}");
        Reply::to(host.request(Method::GET, "/books").header("traceparent", given))
    };
    let unsampled = ask("00", 1).await.expect(200);
    let sampled = ask("01", 2).await.expect(200);
    let own = host.get("/books").await.expect(200);
    assert_eq!(trace_of(&unsampled), "4bf92f3577b34da6a3ce929d0e0e4731");
    assert_eq!(trace_of(&sampled), "4bf92f3577b34da6a3ce929d0e0e4732");
    testkit::eventually("the sampled trace has arrived", || async { !collector.trace(&trace_of(&sampled)).is_empty() })
        .await;
    let spans = collector.trace(&trace_of(&sampled));
    let request = spans.iter().find(|span| span.name == "request GET /api/v1/books").expect("a request");
    assert_eq!(request.parent, "00f067aa0ba902b7");
    // Batches are sent in order: what was asked before would have come by now.
    assert!(collector.trace(&trace_of(&unsampled)).is_empty());
    assert!(collector.trace(&trace_of(&own)).is_empty());
    assert_eq!(collector.traces(), HashSet::from([trace_of(&sampled)]));
}

// The collector has to answer while the test waits for the host to end.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_spans_are_sent_before_the_host_ends() {
    let (_place, mut host, collector) = traced("1.0").await;
    let reply = host.get("/books").await.expect(200);
    assert!(host.stop());
    assert!(!collector.trace(&trace_of(&reply)).is_empty());
}

#[tokio::test]
async fn without_an_endpoint_traces_have_ids_and_nothing_is_sent() {
    let (_place, host) = Host::start().await;
    let reply = host.get("/books/not-a-uuid").await.expect(400);
    assert_eq!(reply.body["traceId"], trace_of(&reply));
    assert!(reply.header("traceparent").ends_with("-00"), "nobody records it: {}", reply.header("traceparent"));
    let metrics = host.get("/metrics").await.expect(200).body;
    assert!(!metrics.as_str().expect("text").contains("trace_spans_sent_total{"));
}

#[tokio::test]
async fn a_collector_that_is_away_costs_nothing_and_is_told_of_once() {
    let place = Place::new().await;
    // One that takes connections and never answers: worse than one that refuses them.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}/v1/traces", silent.local_addr().expect("an address"));
    let mut host = Host::start_with(&environment(&place, &endpoint, "1.0"));
    host.get("/books").await.expect(200);
    let mut slowest = Duration::ZERO;
    for _ in 0..300 {
        let asked = Instant::now();
        host.get("/books").await.expect(200);
        slowest = slowest.max(asked.elapsed());
    }
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    // Each is given up after 3 s, and is full only after a while: what is answered from memory makes no spans.
    testkit::eventually_within(Duration::from_secs(60), "two batches were lost", || async {
        host.metric("trace_spans_sent_total{outcome=\"lost\"}").await.is_some_and(|spans| spans > 512.0)
    })
    .await;
    let told = host.log().iter().filter(|line| line.contains("traces do not reach their collector")).count();
    // Once by each process.
    assert_eq!(told, support::shape::Shape::chosen().processes().len());
    let stopping = Instant::now();
    assert!(host.stop());
    assert!(stopping.elapsed() < Duration::from_secs(15), "{:?}", stopping.elapsed());
}

#[tokio::test]
async fn slow_statements_and_handlers_are_told_of_with_their_trace() {
    let place = Place::new().await;
    let mut environment = place.environment();
    for name in ["STATEMENT", "HANDLER"] {
        environment.push((format!("FOLKSHELF_LOG__SLOW_{name}_MILLISECONDS"), "1".to_owned()));
    }
    let host = Host::start_with(&environment);
    let (ada, finn) = (host.register("Ada").await, host.register("Finn").await);
    let book = ada.lists(&host, "Emma").await;
    let reply = finn.post(&host, "/borrows", json!({"bookId": book, "days": 21})).await.expect(201);
    let trace = trace_of(&reply);
    let told = || -> Vec<serde_json::Value> {
        let lines = host.log().into_iter().filter_map(|line| serde_json::from_str(&line).ok());
        lines.filter(|line: &serde_json::Value| line["trace_id"] == trace.as_str()).collect()
    };
    testkit::eventually("a slow subscription is told of", || async {
        told().iter().any(|line| line["message"] == "slow handler" && line["kind"] == "subscription")
    })
    .await;
    let lines = told();
    let commands: Vec<_> = lines.iter().filter(|line| line["kind"] == "command").collect();
    assert_eq!(commands.len(), 1, "{lines:#?}");
    assert_eq!(commands[0]["name"], "request_borrow");
    assert_eq!(commands[0]["level"], "WARN");
    assert!(commands[0]["milliseconds"].as_f64().is_some_and(|ms| ms >= 1.0));
    let slow = lines.iter().find(|line| line["message"] == "slow statement").expect("one took a millisecond");
    assert!(slow["statement"].is_string() && slow["milliseconds"].as_f64().is_some_and(|ms| ms >= 1.0), "{slow:#}");
}
