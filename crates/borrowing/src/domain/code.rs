//! The code with which a borrower shows that the owner gave them the book.

use rand::{Rng, RngExt};

/// After so many wrong ones the code is void, and only the owner can hand over: six digits would be guessed otherwise.
pub const MAX_WRONG_CODES: i16 = 5;

/// Six digits, made at the approval and shown to the owner alone.
#[derive(Clone, PartialEq, Eq)]
pub struct HandOverCode(String);

impl HandOverCode {
    pub fn random(source: &mut impl Rng) -> Self {
        Self(format!("{:06}", source.random_range(0..1_000_000)))
    }

    /// A code as it was stored.
    pub fn stored(code: String) -> Self {
        Self(code)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Compares every byte whatever the first ones say, so the time it takes tells nothing about the code.
    pub fn matches(&self, given: &str) -> bool {
        let (code, given) = (self.0.as_bytes(), given.as_bytes());
        code.len() == given.len() && code.iter().zip(given).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
    }
}

/// Never in a log.
impl std::fmt::Debug for HandOverCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HandOverCode(******)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_code_matches() {
        let code = HandOverCode::stored("012345".to_owned());
        assert!(code.matches("012345"));
        for wrong in ["12345", "012346", "0123456", "", "ABCDEF"] {
            assert!(!code.matches(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_code_has_six_digits_and_stays_out_of_logs() {
        let code = HandOverCode::random(&mut rand::rng());
        assert_eq!(code.as_str().len(), 6);
        assert!(code.as_str().bytes().all(|b| b.is_ascii_digit()));
        assert!(!format!("{code:?}").contains(code.as_str()));
    }
}
