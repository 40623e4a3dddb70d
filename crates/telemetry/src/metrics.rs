//! The default registry as text.

use prometheus::TextEncoder;

/// Everything in the default Prometheus registry, in the text format: the metrics of all crates and those of the process
/// (memory, CPU, open files; on Linux).
pub fn metrics_text() -> String {
    TextEncoder::new().encode_to_string(&prometheus::gather()).unwrap_or_else(|error| {
        tracing::error!(%error, "the metrics cannot be written");
        String::new()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_of_the_process_are_shown() {
        assert!(metrics_text().contains("process_resident_memory_bytes"));
    }
}
