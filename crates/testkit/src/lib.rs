//! What tests share: databases of their own on a real PostgreSQL, keys of their own in a real Redis, callers,
//! a world for one context, samples of messages, and waiting for a condition instead of for time. A dev-dependency only.

mod certificates;
mod database;
mod line;
mod nats;
mod people;
mod pooler;
mod redis;
mod s3;
mod servers;
mod standby;
mod wait;
mod wire;
mod world;

pub use certificates::Certificates;
pub use database::TestDatabase;
pub use line::Line;
pub use nats::{PrivateNats, nats_programs};
pub use people::{A_SATURDAY, a_user, admin, anonymous, member, moderator};
pub use pooler::Pooler;
pub use redis::{MASTER, PrivateRedis, RedisCluster, RedisGroup};
pub use s3::PrivateS3;
pub use servers::{PrivatePostgres, signal};
pub use wait::{eventually, eventually_within};
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
