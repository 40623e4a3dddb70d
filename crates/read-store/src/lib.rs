//! Sole owner of Redis: prefix-bound handles, documents, lists, write-if-newer, rebuild, breaker.
