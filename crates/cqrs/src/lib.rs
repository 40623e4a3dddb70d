//! CommandBus and QueryBus: one place that wraps every handler in span, metrics, timeout, actor and idempotency.
