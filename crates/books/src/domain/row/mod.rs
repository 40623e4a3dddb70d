//! What becomes of a row that [`bibliography::table`] has read: a book that keeps every rule of form, or what is wrong with it.
//!
//! | module | holds |
//! |---|---|
//! | `settle` | a reading held to the rules; what breaks one is left out and noted |
//! | `left_out` | why a row is on no shelf although nothing is wrong with it |
//! | `values` | what a row said, so that it can be repaired |

mod left_out;
mod settle;
mod values;

pub use left_out::LeftOutReason;
pub use settle::{BadRow, GoodRow, settle};
pub use values::RowValues;

#[cfg(test)]
mod tests;
