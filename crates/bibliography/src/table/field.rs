//! What a column of a file can hold.

use serde::{Deserialize, Serialize};

/// What a column is taken for. A field that several columns may hold has a second name: the first column counts, the other
/// one fills in where the first is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The title; the series may follow it in parentheses.
    Title,
    /// Where `title` is empty, as with the title of the work beside that of the edition.
    OtherTitle,
    /// Follows the title after a colon.
    Subtitle,
    /// The authors, in the order of the book.
    Authors,
    /// Come behind those of `authors`.
    MoreAuthors,
    /// The ISBN, in either form.
    Isbn,
    /// Where `isbn` holds no valid number.
    OtherIsbn,
    /// The year of publication, or a date.
    PublishedYear,
    /// Where `published_year` is empty.
    OtherYear,
    /// A language code or name.
    Language,
    /// Categories, tags, genres.
    Categories,
    /// Come behind those of `categories`.
    MoreCategories,
    /// What the book is about.
    Description,
    /// How well the copy is kept.
    Condition,
    /// The owner's private notes.
    Notes,
    /// What the owner does with the book: lend it, give it away, or keep it.
    Lending,
    /// How many copies of the book there are.
    Copies,
    /// The shelf, list or status by which another program sorts books: some of them are not owned.
    Shelf,
    /// Whether the reader owns the book: yes or no.
    Owned,
    /// Whether the row was deleted: yes or no.
    Deleted,
    /// What kind of thing the row is. Only books are taken.
    Kind,
    /// Our own: how the cells of the row are written.
    Version,
}

impl Field {
    /// What a person may take a column for. `version` is ours alone.
    pub const CHOICES: [Field; 21] = [
        Field::Title,
        Field::OtherTitle,
        Field::Subtitle,
        Field::Authors,
        Field::MoreAuthors,
        Field::Isbn,
        Field::OtherIsbn,
        Field::PublishedYear,
        Field::OtherYear,
        Field::Language,
        Field::Categories,
        Field::MoreCategories,
        Field::Description,
        Field::Condition,
        Field::Notes,
        Field::Lending,
        Field::Copies,
        Field::Shelf,
        Field::Owned,
        Field::Deleted,
        Field::Kind,
    ];

    /// The name of the field, as it is serialized.
    pub const fn as_str(self) -> &'static str {
        match self {
            Field::Title => "title",
            Field::OtherTitle => "other_title",
            Field::Subtitle => "subtitle",
            Field::Authors => "authors",
            Field::MoreAuthors => "more_authors",
            Field::Isbn => "isbn",
            Field::OtherIsbn => "other_isbn",
            Field::PublishedYear => "published_year",
            Field::OtherYear => "other_year",
            Field::Language => "language",
            Field::Categories => "categories",
            Field::MoreCategories => "more_categories",
            Field::Description => "description",
            Field::Condition => "condition",
            Field::Notes => "notes",
            Field::Lending => "lending",
            Field::Copies => "copies",
            Field::Shelf => "shelf",
            Field::Owned => "owned",
            Field::Deleted => "deleted",
            Field::Kind => "kind",
            Field::Version => "version",
        }
    }

    /// Reads a name of one of the [`Self::CHOICES`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::CHOICES.into_iter().find(|field| field.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_written_as_it_is_named() {
        for field in Field::CHOICES {
            assert_eq!(serde_json::to_value(field).unwrap(), field.as_str());
            assert_eq!(Field::from_name(field.as_str()), Some(field));
        }
        assert_eq!((Field::from_name("colour"), Field::from_name("version")), (None, None));
    }
}
