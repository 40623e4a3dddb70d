//! What is said of one part.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Fine,
    /// Hosts work; an operator should know.
    Look,
    /// Hosts do not work, or what is acknowledged may be lost.
    Wrong,
}

#[derive(Debug, Clone)]
pub struct Finding {
    pub part: &'static str,
    pub verdict: Verdict,
    pub what: String,
    pub todo: String,
}

impl Finding {
    pub fn fine(part: &'static str, what: impl Into<String>) -> Self {
        Self { part, verdict: Verdict::Fine, what: what.into(), todo: String::new() }
    }

    pub fn look(part: &'static str, what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { part, verdict: Verdict::Look, what: what.into(), todo: todo.into() }
    }

    pub fn wrong(part: &'static str, what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { part, verdict: Verdict::Wrong, what: what.into(), todo: todo.into() }
    }

    /// Wrong, or else worth a look.
    pub fn wrong_if(wrong: bool, part: &'static str, what: impl Into<String>, todo: impl Into<String>) -> Self {
        if wrong { Self::wrong(part, what, todo) } else { Self::look(part, what, todo) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Fine => "ok",
            Verdict::Look => "look",
            Verdict::Wrong => "WRONG",
        };
        write!(f, "{verdict:<6}{}: {}", self.part, self.what)?;
        if !self.todo.is_empty() {
            write!(f, "\n      {}", self.todo)?;
        }
        Ok(())
    }
}
