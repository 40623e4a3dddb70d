//! Files as people really have them, from beside this checkout: what is taken of each, and what stays out and why.

use std::path::Path;

use books::{ImportView, LeftOutReason, ListBooks};
use kernel::{PageRequest, UserId};

use crate::support::World;

/// The files, or `None` where they are not on this machine.
fn files() -> Option<std::path::PathBuf> {
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/files");
    if files.is_dir() {
        return Some(files);
    }
    println!("skipped: the files are not on this machine");
    None
}

/// Each book in one line.
async fn shelf(world: &World, owner: UserId) -> Vec<String> {
    let mine = ListBooks { owner: Some(owner), ..ListBooks::newest(PageRequest::first(100)) };
    let mut lines: Vec<String> = world
        .list(mine)
        .await
        .items
        .into_iter()
        .map(|book| {
            let or_none = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
            let year = or_none(book.published_year.map(|year| year.to_string()));
            format!("{} / {} / {} / {year}", book.title, book.authors.join(", "), or_none(book.isbn13))
        })
        .collect();
    lines.sort_unstable();
    lines
}

fn notes(state: &ImportView) -> Vec<(i32, &str)> {
    state.notes.iter().map(|note| (note.row, note.field.as_str())).collect()
}

fn left_out(state: &ImportView) -> Vec<(i32, LeftOutReason)> {
    state.left_out.iter().map(|row| (row.row, row.reason)).collect()
}

fn errors(state: &ImportView) -> Vec<(i32, &str)> {
    state.errors.iter().map(|error| (error.row, error.field.as_str())).collect()
}

/// What a file makes of an empty shelf. The same file again makes nothing more.
async fn imported(world: &World, name: &str) -> Option<(UserId, ImportView)> {
    let file = std::fs::read(files()?.join(name)).unwrap();
    let owner = world.a_member("Ada").await;
    let import = world.upload(owner, file.clone()).await.unwrap();
    let state = world.until_imported(owner, import).await;
    let before = shelf(world, owner).await;
    let again = world.upload(owner, file).await.unwrap();
    let again = world.until_imported(owner, again).await;
    assert_eq!((again.summary.imported, shelf(world, owner).await), (0, before), "{name} again");
    Some((owner, state))
}

const NOT_OWNED: LeftOutReason = LeftOutReason::NotOwned;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_export_of_goodreads() {
    let world = World::new().await;
    let Some((owner, state)) = imported(&world, "goodreads.csv").await else { return };
    assert_eq!(
        shelf(&world, owner).await,
        [
            "\"Surely,\" She Said, and Other Stories / Ben Achterberg Jr., Harriet Moon, Jr., Léa Roche / 9780900000126 / 2001",
            "Ancient Songs / Anonymous / – / -750",
            "No Number on This One / Ines Okafor / – / 1978",
            "The Quiet Orchard (Orchard Tales, #1) / Mara Lindqvist, Tomás Ferreira, Ana Prado / 9780900000119 / 2009",
            "Two Copies of the Same / Mara Lindqvist / 9780900000133 / 2011",
            "Two Copies of the Same / Mara Lindqvist / 9780900000133 / 2011",
        ]
    );
    assert_eq!((left_out(&state), errors(&state), notes(&state)), (vec![(6, NOT_OWNED)], vec![], vec![]));
    assert!(state.ignored_columns.iter().any(|column| column.name == "My Review" && column.filled == 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_export_of_librarything() {
    let world = World::new().await;
    let Some((owner, state)) = imported(&world, "librarything.tsv").await else { return };
    assert_eq!(state.encoding.as_deref(), Some("utf-8"));
    assert_eq!(
        shelf(&world, owner).await,
        [
            "\"Surely\" You Jest / Rufus Hale / 9780900000157 / 1985",
            "Les marées du nord / Yann Kervella, Élise Moreau, Paul Duval / 9782070000012 / 1979",
            "No Number Either / Anonymous / – / –",
            "No Number Either / Anonymous / – / –",
            "Työpäivä & muuta / Aino Meriläinen / 9780900000164 / 2004",
        ]
    );
    assert_eq!(left_out(&state), [(6, NOT_OWNED), (7, NOT_OWNED)]);
    assert_eq!((errors(&state), notes(&state)), (vec![], vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_export_of_storygraph() {
    let world = World::new().await;
    let Some((owner, state)) = imported(&world, "storygraph.csv").await else { return };
    assert_eq!(
        shelf(&world, owner).await,
        [
            "Has Only an ASIN / Sil Verhoeven / – / –",
            "Has Only an Inner Id / Chi Abara / – / –",
            "Short Number / Ines Okafor / 9780900000126 / –",
            "The Quiet Orchard / Mara Lindqvist, Tomás Ferreira / 9780900000119 / –",
        ]
    );
    assert_eq!((left_out(&state), errors(&state), notes(&state)), (vec![(7, NOT_OWNED)], vec![(6, "authors")], vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_catalogue_of_calibre() {
    let world = World::new().await;
    let Some((owner, state)) = imported(&world, "calibre.csv").await else { return };
    assert_eq!(
        shelf(&world, owner).await,
        [
            "Pages / Harriet Moon, Jr. / – / –",
            "The Quiet Orchard / Mara Lindqvist, Tomás Ferreira / 9780900000119 / 2015",
            "Turn of the Year / Unknown / – / 2000",
        ]
    );
    assert_eq!((left_out(&state), errors(&state), notes(&state)), (vec![], vec![], vec![(3, "language")]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_export_of_openreads() {
    let world = World::new().await;
    let Some((owner, state)) = imported(&world, "openreads.csv").await else { return };
    assert_eq!(
        shelf(&world, owner).await,
        [
            "The Quiet Orchard / Mara Lindqvist / 9780900000119 / 2015",
            "The Road by Night / Sil Verhoeven / 9780900000126 / 2016",
        ]
    );
    assert_eq!(left_out(&state), [(4, LeftOutReason::Deleted), (5, NOT_OWNED)]);
    assert_eq!((errors(&state), notes(&state)), (vec![], vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_and_volumes() {
    let world = World::new().await;
    let Some((owner, state)) = imported(&world, "copies.csv").await else { return };
    let (reader, other) = ("Class Reader / Ann Author / 9780900000171 / –", "Other / Ann Author / – / –");
    let large = "Class Reader (large print) / Ann Author / 9780900000171 / –";
    assert_eq!(shelf(&world, owner).await, [large, reader, reader, other, other, other, other]);
    assert_eq!((left_out(&state), errors(&state), notes(&state)), (vec![], vec![], vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spreadsheets_in_their_encodings() {
    let world = World::new().await;
    for (name, encoding, expected) in [
        (
            "excel-windows-1252.csv",
            "windows-1252",
            &[
                "L’œuvre – 2e édition / Éloïse Cœur / – / 2010",
                "Plain Title / Ann Author / 9783900000028 / 2001",
                "Straße nach Süden / Jörg Müßig / 9783900000011 / 1999",
            ][..],
        ),
        (
            "excel-unicode-utf16le.txt",
            "utf-16le",
            &[
                "Straße nach Süden / Jörg Müßig / 9783900000011 / 1999",
                "Два берега / Иван Петров / – / 1972",
                "北の海 / 山田 花 / – / 2003",
            ],
        ),
        (
            "mac-cr-only.csv",
            "utf-8",
            &["East / Cleo Court / – / 2002", "North / Ann Author / – / 1999", "South / Ben Bauer / – / 2001"],
        ),
    ] {
        let Some((owner, state)) = imported(&world, name).await else { return };
        assert_eq!(
            (state.encoding.as_deref(), shelf(&world, owner).await),
            (Some(encoding), owned(expected)),
            "{name}"
        );
        assert_eq!((left_out(&state), errors(&state), notes(&state)), (vec![], vec![], vec![]));
    }
}

fn owned(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_that_went_through_a_spreadsheet() {
    let world = World::new().await;
    let Some((owner, state)) = imported(&world, "isbn-spreadsheet.csv").await else { return };
    assert_eq!(
        shelf(&world, owner).await,
        [
            "Ends in X / Ann Author / 9780804429573 / 2001",
            "Lost zero / Ann Author / 9780900000119 / 2001",
            "New range / Ann Author / 9791090636071 / 2012",
            "Rounded / Ann Author / – / 1999",
            "Rounded in Europe / Ann Author / – / 1999",
            "Sheet music / Ann Author / – / 1990",
            "Two in one cell / Ann Author / 9780900000126 / 1990",
            "US range / Ann Author / 9798823456784 / 2023",
        ]
    );
    assert_eq!((left_out(&state), errors(&state)), (vec![], vec![]));
    assert_eq!(notes(&state), [(2, "isbn"), (3, "isbn"), (8, "isbn")]);
    assert_eq!(state.notes[1].values.isbn.as_deref(), Some("9,78044E+12"));
}
