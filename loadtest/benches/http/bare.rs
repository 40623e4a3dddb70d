//! Servers that do as little as can be done: what the host is measured against.

use std::collections::HashMap;
use std::net::SocketAddr;

use actix_web::{App, HttpResponse, HttpServer, get, web};
use anyhow::Context;
use deadpool_redis::{Config, Pool, Runtime, redis};

/// (a) and (b), with two workers as the host has.
pub struct Bare {
    address: SocketAddr,
}

impl Bare {
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

type Bodies = HashMap<String, web::Bytes>;

#[get("/memory/{name}")]
async fn memory(bodies: web::Data<Bodies>, name: web::Path<String>) -> HttpResponse {
    match bodies.get(name.as_str()) {
        Some(body) => HttpResponse::Ok().content_type("application/json").body(body.clone()),
        None => HttpResponse::NotFound().finish(),
    }
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

pub async fn start(answers: &[(&str, Vec<u8>)]) -> anyhow::Result<Bare> {
    let mut config = Config::from_url(testkit::redis_url());
    config.pool = Some(deadpool_redis::PoolConfig::new(16));
    let pool = config.create_pool(Some(Runtime::Tokio1))?;
    let mut connection = pool.get().await?;
    for (name, body) in answers {
        redis::cmd("SET").arg(key(name)).arg(body).exec_async(&mut connection).await?;
    }
    drop(connection);
    let bodies: Bodies =
        answers.iter().map(|(name, body)| ((*name).to_owned(), web::Bytes::from(body.clone()))).collect();
    let (bodies, pool) = (web::Data::new(bodies), web::Data::new(pool));
    let server = HttpServer::new(move || {
        App::new().app_data(bodies.clone()).app_data(pool.clone()).service(memory).service(one_get)
    })
    .workers(2)
    .bind("127.0.0.1:0")?;
    let address = *server.addrs().first().context("an address")?;
    actix_web::rt::spawn(server.run());
    Ok(Bare { address })
}
