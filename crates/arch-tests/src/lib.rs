//! The rules that hold the workspace together, as tests, each with a canary that must fail.
//!
//! Everything is below `tests/architecture`. A rule is a pure function over what the workspace holds (dependencies, texts
//! of files) that answers with one line per breach; its test gives it the workspace and wants no line; its canary gives
//! it something broken and wants just that line. A rule that cannot fail holds nothing.
//!
//! An exception goes into the rule's `ALLOWED`, with a date and a reason. One that is no longer needed fails.
