//! Real servers of a test's own, which it may stop, kill, freeze and cut off, and waiting for a condition instead of for
//! time. Of Folkshelf nothing here knows: the tests of contexts (`testkit`) and the checker of faults share it.

mod line;
mod nats;
mod postgres;
mod redis;
mod standby;
mod wait;

pub use line::Line;
pub use nats::{PrivateNats, nats_programs};
pub use postgres::{Home, PrivatePostgres, end, free_port, postgres, signal};
pub use redis::{MASTER, PrivateRedis, RedisCluster, RedisGroup};
pub use wait::{eventually, eventually_within};
