//! Test databases, test Redis, builders, wait-until. For tests only.
