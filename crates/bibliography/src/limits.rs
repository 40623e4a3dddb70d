//! How much the description of a book may hold. A longer text is cut when it comes from a file, and refused when a person writes it.

use kernel::Line;

/// Characters of a title.
pub const LONGEST_TITLE: usize = 500;
/// Characters of an author's name.
pub const LONGEST_AUTHOR: usize = 200;
/// Characters of a category.
pub const LONGEST_CATEGORY: usize = 60;
/// Characters of a book's description.
pub const LONGEST_DESCRIPTION: usize = 5_000;
/// Characters of its owner's notes.
pub const LONGEST_NOTES: usize = 1_000;
/// Authors of one book.
pub const MOST_AUTHORS: usize = 50;
/// Categories of one book.
pub const MOST_CATEGORIES: usize = 20;

/// A title within its limit.
pub type Title = Line<LONGEST_TITLE>;
/// An author's name within its limit.
pub type Author = Line<LONGEST_AUTHOR>;
/// A category within its limit.
pub type Category = Line<LONGEST_CATEGORY>;
