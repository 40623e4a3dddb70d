//! Servers that do as little as can be done: what the host is measured against.

use std::collections::HashMap;
use std::net::SocketAddr;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{App, HttpResponse, HttpServer, get, web};
use anyhow::Context;
use deadpool_redis::{Config, Pool, Runtime, redis};

use crate::load::Load;

/// (a), (b) and (d), with two workers as the host has.
pub struct Bare {
    address: SocketAddr,
}

impl Bare {
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// What it is asked for by name, and answers.
#[derive(Clone)]
struct Answer {
    headers: HeaderMap,
    body: web::Bytes,
}

type Answers = HashMap<String, Answer>;

#[get("/memory/{name}")]
async fn memory(answers: web::Data<Answers>, name: web::Path<String>) -> HttpResponse {
    match answers.get(name.as_str()) {
        Some(answer) => HttpResponse::Ok().content_type("application/json").body(answer.body.clone()),
        None => HttpResponse::NotFound().finish(),
    }
}

#[get("/fields/{name}")]
async fn memory_with_fields(answers: web::Data<Answers>, name: web::Path<String>) -> HttpResponse {
    let Some(answer) = answers.get(name.as_str()) else { return HttpResponse::NotFound().finish() };
    let mut response = HttpResponse::Ok().body(answer.body.clone());
    response.headers_mut().clone_from(&answer.headers);
    response
}

#[get("/redis/{name}")]
async fn one_get(pool: web::Data<Pool>, name: web::Path<String>) -> HttpResponse {
    let Ok(mut connection) = pool.get().await else { return HttpResponse::ServiceUnavailable().finish() };
    match redis::cmd("GET").arg(key(&name)).query_async::<Vec<u8>>(&mut connection).await {
        Ok(body) => HttpResponse::Ok().content_type("application/json").body(body),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

fn key(name: &str) -> String {
    format!("bench:{name}")
}

/// What actix-web does not write by itself.
fn of_the_host(headers: &reqwest::header::HeaderMap) -> anyhow::Result<HeaderMap> {
    let mut own = HeaderMap::new();
    for (name, value) in headers.iter().filter(|(name, _)| !["content-length", "date"].contains(&name.as_str())) {
        own.append(HeaderName::try_from(name.as_str())?, HeaderValue::from_bytes(value.as_bytes())?);
    }
    Ok(own)
}

pub async fn start(answers: &[(&str, &Load)]) -> anyhow::Result<Bare> {
    let mut config = Config::from_url(testkit::redis_url());
    config.pool = Some(deadpool_redis::PoolConfig::new(16));
    let pool = config.create_pool(Some(Runtime::Tokio1))?;
    let mut connection = pool.get().await?;
    let mut kept = Answers::new();
    for (name, load) in answers {
        let (headers, body) = load.answer().await?;
        redis::cmd("SET").arg(key(name)).arg(&body).exec_async(&mut connection).await?;
        kept.insert((*name).to_owned(), Answer { headers: of_the_host(&headers)?, body: body.into() });
    }
    drop(connection);
    let (kept, pool) = (web::Data::new(kept), web::Data::new(pool));
    let server = HttpServer::new(move || {
        let app = App::new().app_data(kept.clone()).app_data(pool.clone());
        app.service(memory).service(memory_with_fields).service(one_get)
    })
    .workers(2)
    .bind("127.0.0.1:0")?;
    let address = *server.addrs().first().context("an address")?;
    actix_web::rt::spawn(server.run());
    Ok(Bare { address })
}
