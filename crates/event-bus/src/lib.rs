//! The event log in PostgreSQL, subscriptions with durable checkpoints, retries and dead letters.
