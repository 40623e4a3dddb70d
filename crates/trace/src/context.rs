//! The context of a trace as <https://www.w3.org/TR/trace-context/> writes it.

use std::fmt;
use std::str::FromStr;

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

/// As in `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    pub(crate) trace: TraceId,
    /// The span that what follows belongs under.
    pub(crate) span: SpanId,
    pub(crate) flags: TraceFlags,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no trace context of version 00: 2, 32, 16 and 2 small hexadecimal digits, the ids not all zero")]
pub struct TraceContextError;

impl TraceContext {
    /// A trace of its own.
    pub fn fresh(sampled: bool) -> Self {
        // Random throughout, as samplers elsewhere expect of the lower half: no UUID. Zero means none in both.
        Self {
            trace: TraceId::from(rand::random::<u128>().max(1)),
            span: SpanId::from(rand::random::<u64>().max(1)),
            flags: if sampled { TraceFlags::SAMPLED } else { TraceFlags::default() },
        }
    }

    /// Whether whoever began the trace wants it recorded.
    pub fn is_sampled(&self) -> bool {
        self.flags.is_sampled()
    }

    /// 32 hexadecimal digits.
    pub fn trace_id(&self) -> TraceId {
        self.trace
    }

    pub(crate) fn remote(&self) -> SpanContext {
        SpanContext::new(self.trace, self.span, self.flags, true, TraceState::NONE)
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace, self.span, self.flags.to_u8())
    }
}

impl FromStr for TraceContext {
    type Err = TraceContextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = text.as_bytes();
        let small_hex = |b: &u8| b.is_ascii_digit() || (b'a'..=b'f').contains(b);
        if bytes.len() != 55
            || !bytes.iter().enumerate().all(|(at, b)| match at {
                2 | 35 | 52 => *b == b'-',
                _ => small_hex(b),
            })
        {
            return Err(TraceContextError);
        }
        let (version, trace) = (&text[..2], u128::from_str_radix(&text[3..35], 16));
        let (span, flags) = (u64::from_str_radix(&text[36..52], 16), u8::from_str_radix(&text[53..], 16));
        match (version, trace, span, flags) {
            ("00", Ok(trace @ 1..), Ok(span @ 1..), Ok(flags)) => {
                Ok(Self { trace: trace.into(), span: span.into(), flags: TraceFlags::new(flags) })
            }
            _ => Err(TraceContextError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_reads_back_what_it_shows() {
        for text in [
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000001-0000000000000001-00",
        ] {
            assert_eq!(text.parse::<TraceContext>().expect("well formed").to_string(), text);
        }
        let fresh = TraceContext::fresh(true);
        assert_eq!(fresh.to_string().parse(), Ok(fresh));
        assert!(fresh.is_sampled() && !TraceContext::fresh(false).is_sampled());
    }

    #[test]
    fn only_a_well_formed_context_is_taken_over() {
        for wrong in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-äbf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        ] {
            assert_eq!(wrong.parse::<TraceContext>(), Err(TraceContextError), "{wrong}");
        }
    }
}
