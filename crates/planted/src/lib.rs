//! Bugs on purpose. `just faults --planted` builds a program of its own with the feature `on`, and names one bug in
//! `FOLKSHELF_PLANTED`; the checker must find it. In every other build [`bug`] is `false` when it is compiled.

/// Whether this process has the bug.
#[cfg(not(feature = "on"))]
#[must_use]
pub const fn bug(_name: &str) -> bool {
    false
}

/// Whether this process has the bug.
#[cfg(feature = "on")]
#[must_use]
pub fn bug(name: &str) -> bool {
    static PLANTED: std::sync::LazyLock<String> =
        std::sync::LazyLock::new(|| std::env::var("FOLKSHELF_PLANTED").unwrap_or_default());
    *PLANTED == name
}

/// What is in this program. A run that is to find a bug must not look at a program that has none.
#[must_use]
pub const fn is_planted() -> bool {
    cfg!(feature = "on")
}
