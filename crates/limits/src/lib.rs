//! How often somebody may ask, counted over all hosts; and who is asking, behind proxies.
//!
//! | where | what |
//! |---|---|
//! | [`Rate`] | so many in so long, as a setting writes it: `30 per 1m` |
//! | [`Subject`] | who is counted: a member, a network, an account, an account as tried from one network |
//! | [`Limits`] | takes permits, and gives them back |
//! | [`Proxies`] | the client's address, as far as trusted proxies vouch for it |
//!
//! The count is kept in Redis by GCRA: one number a key, the *theoretical arrival time*, changed by one script. While Redis
//! is away each host counts for itself, with `governor`.
//!
//! A round trip for each hot read would cost more than the read. So [`Limits::take`] takes permits in small lots and spends
//! them in process, and gives everybody an *allowance* of one lot a period without asking Redis. ADR 37 says what that
//! bounds. [`Limits::take_all`], for passwords, asks Redis each time and is exact.

mod client;
mod key;
mod limits;
mod lot;
mod metrics;
mod rate;

pub use client::{Client, Proxies, ProxyError};
pub use key::{Network, Subject};
pub use limits::{Limit, Limits, Refused, Taken};
pub use rate::{Rate, RateError};
