//! What tests share: databases of their own on a real PostgreSQL, keys of their own in a real Redis, callers,
//! a world for one context, samples of messages, and waiting for a condition instead of for time. A dev-dependency only.

mod certificates;
mod database;
mod people;
mod pooler;
mod s3;
mod servers;
mod wire;
mod world;

pub use ::servers::{
    Line, MASTER, PrivateNats, PrivateRedis, RedisCluster, RedisGroup, eventually, eventually_within, nats_programs,
};
pub use certificates::Certificates;
pub use database::TestDatabase;
pub use people::{A_SATURDAY, a_user, admin, anonymous, member, moderator};
pub use pooler::Pooler;
pub use s3::PrivateS3;
pub use servers::{PrivatePostgres, signal};
pub use wire::WireSamples;
pub use world::{Place, Process, World};

/// Redis for tests, as `just test` starts it.
///
/// # Panics
/// When `REDIS_URL` is not set: the tests want a real Redis.
pub fn redis_url() -> String {
    std::env::var("REDIS_URL").expect("REDIS_URL names a Redis for tests; `just test` starts one")
}

/// A key prefix that no other test has.
pub fn redis_prefix() -> String {
    format!("test-{}", uuid::Uuid::now_v7().simple())
}
