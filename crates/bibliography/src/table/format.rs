//! Which program wrote a file, and how it writes.

use serde::{Deserialize, Serialize};

use super::column_names;
use super::field::Field;
use super::formats;
use super::names::Names;

/// The program that wrote a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Our own: what [`crate::export`] writes.
    Folkshelf,
    /// goodreads.com.
    Goodreads,
    /// librarything.com.
    Librarything,
    /// thestorygraph.com.
    Storygraph,
    /// The catalogue of the program Calibre.
    Calibre,
    /// The Android app Openreads.
    Openreads,
    /// Any server of BookWyrm.
    Bookwyrm,
    /// inventaire.io.
    Inventaire,
    /// babelio.com.
    Babelio,
    /// libib.com.
    Libib,
    /// The table of the data set goodbooks-10k.
    Goodbooks,
    /// ISBNs alone, one a line.
    IsbnList,
    /// Any other table.
    Table,
}

/// How one program writes.
pub(super) struct Spec {
    pub format: Format,
    /// Columns that only this program's header has: all of one of the groups are there.
    pub marks: &'static [&'static [&'static str]],
    pub columns: &'static [(&'static str, Field)],
    pub authors: Names,
    pub more_authors: Names,
    /// What parts the categories of a cell.
    pub tags: &'static [&'static str],
    /// A book is in several collections at once, as in LibraryThing.
    pub collections: bool,
    /// 0 copies means that nobody counted.
    pub zero_copies_unknown: bool,
    /// Cells say exactly what was there: nothing is cleaned or guessed.
    pub exact: bool,
    /// Each row is one copy.
    pub row_is_a_copy: bool,
}

impl Spec {
    pub const BASE: Spec = Spec {
        format: Format::Table,
        marks: &[],
        columns: &[],
        authors: Names::ByHeader,
        more_authors: Names::Commas,
        tags: &[",", ";", "|"],
        collections: false,
        zero_copies_unknown: false,
        exact: false,
        row_is_a_copy: false,
    };

    pub fn of(format: Format) -> &'static Spec {
        formats::ALL.iter().find(|spec| spec.format == format).unwrap_or(&formats::TABLE)
    }

    fn recognises(&self, header: &[String]) -> bool {
        self.marks.iter().any(|group| group.iter().all(|mark| header.contains(&plain(mark))))
    }

    /// What each column of the header is taken for; no field is taken twice.
    pub fn fields(&self, header: &[String]) -> Vec<Option<Field>> {
        let header: Vec<String> = header.iter().map(|name| plain(name)).collect();
        let mut fields = vec![None; header.len()];
        let mut taken = Vec::new();
        let named = self.columns.iter().map(|(name, field)| (plain(name), *field));
        let words = column_names::COLUMNS.iter().filter(|_| self.format == Format::Table);
        let guessed = words.flat_map(|(field, names)| names.iter().map(|name| (plain(name), *field)));
        for (name, field) in named.chain(guessed) {
            let place = header.iter().zip(&fields).position(|(column, taken)| *column == name && taken.is_none());
            if let Some(place) = place
                && !name.is_empty()
                && !taken.contains(&field)
            {
                taken.push(field);
                fields[place] = Some(field);
            }
        }
        fields
    }
}

impl Format {
    /// Recognises a program by the columns that only its header has. A header that no program is known by is a `Table`.
    pub fn of_header(header: &[String]) -> Self {
        let plain: Vec<String> = header.iter().map(|name| plain(name)).collect();
        formats::ALL.iter().find(|spec| spec.recognises(&plain)).map_or(Format::Table, |spec| spec.format)
    }

    /// Whether a cell may stand in quotation marks. LibraryThing's tab-separated export quotes nothing: a title may begin
    /// with a quotation mark.
    pub fn quotes(self, delimiter: u8) -> bool {
        !(self == Format::Librarything && delimiter == b'\t')
    }
}

/// Letters without accents and digits alone, so that `Published Year`, `published_year` and `publishedYear` are one.
pub(super) fn plain(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    name.nfkd().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_known_however_its_name_is_written() {
        for name in ["Année de publication", "annee_de_publication", "ANNÉE DE PUBLICATION"] {
            assert_eq!(plain(name), "anneedepublication");
        }
    }

    #[test]
    fn no_name_stands_for_two_fields_of_one_program() {
        for spec in &formats::ALL {
            let mut names: Vec<String> = spec.columns.iter().map(|(name, _)| plain(name)).collect();
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all, "{:?}", spec.format);
        }
        let mut words: Vec<String> =
            column_names::COLUMNS.iter().flat_map(|(_, names)| names.iter().map(|n| plain(n))).collect();
        let all = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), all);
    }
}
