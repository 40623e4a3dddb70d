//! The export of Babelio, in French. `Note` is a mark for the book and no note.

use crate::table::field::Field;
use crate::table::format::{Format, Spec};
use crate::table::names::Names;

pub const SPEC: Spec = Spec {
    format: Format::Babelio,
    marks: &[
        &["titre", "auteur", "statut"],
        &["titre", "auteur", "date d'entrée babelio"],
        &["titre", "auteur", "editeur", "date de publication"],
        &["titre", "auteur", "ean", "date de publication"],
    ],
    columns: &[
        ("titre", Field::Title),
        ("auteur", Field::Authors),
        ("auteurs", Field::MoreAuthors),
        ("isbn", Field::Isbn),
        ("ean", Field::OtherIsbn),
        ("date de publication", Field::PublishedYear),
        ("langue", Field::Language),
        ("étiquettes", Field::Categories),
        ("statut", Field::Shelf),
        ("notes", Field::Notes),
        ("commentaire", Field::Notes),
    ],
    authors: Names::CommasOrLastFirst,
    ..Spec::BASE
};
