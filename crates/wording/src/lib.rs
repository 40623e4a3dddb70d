//! What people are told, in their language. The texts stand in `locales/` of the context that tells them, one file a
//! language, written in Fluent (projectfluent.org): a language says things in its own order and has its own plurals. Code
//! names a text and gives what it speaks of.

mod audit;
mod language;
mod letter;
mod texts;

pub use audit::assert_complete;
pub use language::Language;
pub use letter::{Item, Letter, Stop};
pub use texts::{Args, Texts};
