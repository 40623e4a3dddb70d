use bibliography::table::Format;

use super::*;

/// The layout and all rows.
pub(super) fn read_all(
    file: &[u8],
    settings: &ImportSettings,
    review: bool,
) -> Result<(Layout, Vec<RawRow>), FileError> {
    let (sender, mut receiver) = mpsc::channel(1_000);
    let recognised = read(io::Cursor::new(file), settings, review, &sender)?;
    drop(sender);
    let rows: Vec<RawRow> = std::iter::from_fn(|| receiver.blocking_recv()).flatten().collect();
    assert_eq!(rows.len(), recognised.rows as usize);
    Ok((recognised.layout, rows))
}

/// Row numbers and first cells.
fn titles(file: &[u8]) -> Result<Vec<(i32, String)>, FileError> {
    let (_, rows) = read_all(file, &ImportSettings::default(), false)?;
    Ok(rows.into_iter().map(|row| (row.row, row.cells[0].clone())).collect())
}

fn row(number: i32, title: &str) -> (i32, String) {
    (number, title.to_owned())
}

fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(to_bytes).collect()
}

#[test]
fn a_byte_order_mark_and_any_delimiter_are_taken() {
    assert_eq!(titles(b"\xef\xbb\xbftitle;author\r\nEmma;Jane Austen\r\n").unwrap(), [row(2, "Emma")]);
    assert_eq!(titles(b"title\tauthor\nEmma\tJane Austen").unwrap(), [row(2, "Emma")]);
    assert_eq!(titles(b"title|author\nEmma|Jane Austen").unwrap(), [row(2, "Emma")]);
}

#[test]
fn a_first_line_may_name_the_delimiter() {
    for first in ["sep=;\r\n", "\"sep=;\"\n", "SEP=;\r", "\u{feff}sep=;\n"] {
        // Commas are more frequent, and wrong.
        let file = format!("{first}title;author, or two, or three;isbn\nEmma;Jane Austen;\n");
        let (layout, rows) = read_all(file.as_bytes(), &ImportSettings::default(), true).unwrap();
        assert_eq!((layout.columns.len(), rows[0].row, rows[0].cells[0].as_str()), (3, 2, "Emma"), "{first:?}");
    }
}

#[test]
fn every_encoding_and_line_end_gives_the_same_rows() {
    let text = |end: &str| {
        let lines =
            ["title;author;year", "Straße nach Süden;Jörg Müßig;1999", "L’œuvre – 2e édition;Éloïse Cœur;2010", ""];
        lines.join(end)
    };
    let expected = read_all(text("\n").as_bytes(), &ImportSettings::default(), false).unwrap().1;
    for end in ["\n", "\r\n", "\r"] {
        let text = text(end);
        for (encoding, bytes) in [
            ("utf-8", text.clone().into_bytes()),
            ("utf-8", format!("\u{feff}{text}").into_bytes()),
            ("utf-16le", utf16(&text, u16::to_le_bytes)),
            ("utf-16le", utf16(&format!("\u{feff}{text}"), u16::to_le_bytes)),
            ("utf-16be", utf16(&text, u16::to_be_bytes)),
            ("utf-16be", utf16(&format!("\u{feff}{text}"), u16::to_be_bytes)),
            ("windows-1252", encoding_rs::WINDOWS_1252.encode(&text).0.into_owned()),
        ] {
            let (layout, rows) = read_all(&bytes, &ImportSettings::default(), false).unwrap();
            assert_eq!((layout.encoding.as_str(), &rows), (encoding, &expected), "{end:?}");
        }
    }
}

#[test]
fn a_large_file_whose_lines_end_with_a_carriage_return_alone_is_read_to_its_end() {
    let line = "Éléonore à l’étang,Zoë Müßig,1999\r";
    let file = format!("title,author,year\r{}", line.repeat(120 * 1024 / line.len()));
    for shift in 0..4 {
        // Wherever a piece ends, it ends within a letter for one of them.
        let file = format!("{}{file}", "\r".repeat(shift));
        let (_, rows) = read_all(file.as_bytes(), &ImportSettings::default(), false).unwrap();
        assert!(rows.len() > 2_500);
        assert!(rows.iter().all(|row| row.cells == ["Éléonore à l’étang", "Zoë Müßig", "1999"]));
    }
}

#[test]
fn a_large_utf16_file_keeps_every_letter() {
    let file = format!("title,author\n{}", "北の海🌊,山田 花\n".repeat(20_000));
    for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        let (_, rows) = read_all(&utf16(&file, to_bytes), &ImportSettings::default(), false).unwrap();
        assert_eq!(rows.len(), 20_000);
        assert!(rows.iter().all(|row| row.cells == ["北の海🌊", "山田 花"]));
    }
}

#[test]
fn a_bad_byte_costs_its_own_letter_alone() {
    let file = [b"title,author,subjects\n".to_vec(), "Émile,Zoë,Mar".into(), b"\xe2bees\n".to_vec()].concat();
    let (layout, rows) = read_all(&file, &ImportSettings::default(), false).unwrap();
    assert_eq!(layout.encoding, "utf-8");
    assert_eq!(rows[0].cells, ["Émile", "Zoë", "Mar\u{fffd}bees"]);
}

#[test]
fn empty_rows_count_in_the_numbering_alone() {
    assert_eq!(titles(b"title,author\n,\nEmma,Jane Austen\n,Ann\n").unwrap(), [row(3, "Emma"), row(4, "")]);
}

#[test]
fn rows_are_numbered_as_a_spreadsheet_does_with_empty_lines_and_breaks_within_a_cell() {
    for end in ["\n", "\r\n", "\r"] {
        let lines =
            ["", "title,author", "", "", "Emma,Ann", "\"A", "", "", "B\",Ann", "C,Ann", ",", "", "D,Ann", "", ""];
        let broken = format!("A{end}{end}{end}B");
        let expected = [row(5, "Emma"), row(6, &broken), row(7, "C"), row(10, "D")];
        assert_eq!(titles(lines.join(end).as_bytes()).unwrap(), expected, "{end:?}");
    }
    let (_, rows) = read_all(b"9780439023481\n\n\r\n0-439-02348-3", &ImportSettings::default(), false).unwrap();
    assert_eq!(rows.iter().map(|row| row.row).collect::<Vec<_>>(), [1, 4]);
    // More than any buffer holds, and line feeds without a line before them.
    let file = format!("sep=,\ntitle,author{}Emma,Ann\n\r\rIlias,Ann", "\r\n".repeat(30_001));
    assert_eq!(titles(file.as_bytes()).unwrap(), [row(30_002, "Emma"), row(30_005, "Ilias")]);
}

#[test]
fn a_quoted_cell_may_hold_line_breaks() {
    let file = b"title,author\n\"Emma\nor not\",Ann\nB,Ann\n";
    assert_eq!(titles(file).unwrap(), [row(2, "Emma\nor not"), row(3, "B")]);
    let file = b"\"title\",\"first\nauthor\",author\nEmma,Ann,Ann\n";
    assert_eq!(titles(file).unwrap(), [row(2, "Emma")]);
}

#[test]
fn a_quotation_mark_at_the_start_of_a_librarything_title_swallows_nothing() {
    let file = b"Title\tPrimary Author\tISBN\n\"Surely\" you joke\tFeynman, Richard\t[]\n\"B\tAnn\t\nC\tAnn\t\n";
    assert_eq!(titles(file).unwrap(), [row(2, "\"Surely\" you joke"), row(3, "\"B"), row(4, "C")]);
}

#[test]
fn a_list_of_numbers_has_no_header() {
    let (layout, rows) =
        read_all(b"9780439023481\r\n0-439-02348-3\r\nnot a number\r\n", &ImportSettings::default(), false).unwrap();
    assert_eq!(layout.format, Format::IsbnList);
    assert_eq!(rows.iter().map(|row| row.row).collect::<Vec<_>>(), [1, 2, 3]);
    let (layout, rows) = read_all(b"isbn\n9780439023481\n", &ImportSettings::default(), false).unwrap();
    assert_eq!((layout.format, rows[0].row), (Format::IsbnList, 2));
}

#[test]
fn objects_of_json_are_rows_and_their_keys_columns() {
    let file = br#"{"11": {"title": "Emma", "primaryauthor": "Austen, Jane", "tags": ["novel", "bath"]},
        "12": {"title": "Ilias", "primaryauthor": "Homer", "isbn": {"0": "0439023483", "2": "9780439023481"}}}"#;
    let (layout, rows) = read_all(file, &ImportSettings::default(), false).unwrap();
    assert_eq!(layout.format, Format::Librarything);
    let names: Vec<&str> = layout.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["primaryauthor", "tags", "title", "isbn"]);
    assert_eq!(rows[0].cells, ["Austen, Jane", "novel|bath", "Emma", ""]);
    assert_eq!((rows[1].row, rows[1].cells[3].as_str()), (2, "0439023483|9780439023481"));

    let file =
        br#"[{"title": "Emma", "author": "Jane Austen"}, 5, {"title": "Ilias", "author": "Homer", "x": {"y": 1.5}}]"#;
    let (layout, rows) = read_all(file, &ImportSettings::default(), false).unwrap();
    assert_eq!((layout.format, layout.columns[2].name.as_str(), rows.len()), (Format::Table, "x.y", 2));
}

#[test]
fn a_name_of_json_is_stored_as_its_cells_are() {
    let file = br#"[{"title": "Em\u0000ma", "author": "Ann", "a\u0000b": {"c\u0000": "d"}}]"#;
    let (layout, rows) = read_all(file, &ImportSettings::default(), false).unwrap();
    assert_eq!(layout.columns[0].name, "a\u{fffd}b.c\u{fffd}");
    assert_eq!(rows[0].cells, ["d", "Ann", "Em\u{fffd}ma"]);
}

#[test]
fn files_that_are_none_are_refused() {
    assert!(matches!(titles(b""), Err(FileError::Layout(LayoutError::Empty))));
    assert!(matches!(titles(b" \n\n"), Err(FileError::Layout(LayoutError::Empty))));
    assert!(matches!(titles(b"\x89PNG\r\n\x1a\n\0\0"), Err(FileError::NotText)));
    assert!(matches!(titles(b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0"), Err(FileError::NotText)));
    assert!(matches!(titles(b"a,b\n1,2\n"), Err(FileError::Layout(LayoutError::NoTitle))));
    assert!(matches!(titles(b"{\"items\": [{\"title\": 1}, oops"), Err(FileError::Json { line: 1 })));
    assert!(matches!(titles(&[b'['; 100_000]), Err(FileError::Layout(_) | FileError::Json { .. })));
}

#[test]
fn what_is_not_understood_can_be_reviewed() {
    let (layout, rows) = read_all(b"colour,size\nred,5\n", &ImportSettings::default(), true).unwrap();
    assert!(layout.columns.iter().all(|column| column.field.is_none()));
    assert_eq!(rows[0].cells, ["red", "5"]);
    assert!(matches!(read_all(b"\n", &ImportSettings::default(), true), Err(FileError::Layout(LayoutError::Empty))));
}

#[test]
fn the_bounds_hold() {
    let settings = ImportSettings { max_rows: 2, max_bytes: 60, ..ImportSettings::default() };
    let refused = |file: &[u8]| read_all(file, &settings, false).unwrap_err();
    assert!(matches!(refused(b"title,author\na,b\na,b\na,b\n"), FileError::TooManyRows { max: 2 }));
    assert!(matches!(
        refused(&[b"title,author\n".to_vec(), vec![b'x'; 100]].concat()),
        FileError::TooLarge { max: 60 }
    ));
    let file = [b"title,author\na,b\n\"".to_vec(), vec![b'x'; 400 * 1024]].concat();
    assert!(matches!(titles(&file), Err(FileError::RowTooLong { row: 2 })));
    let file = format!("[{{\"title\": \"{}\"}}]", "x".repeat(400 * 1024));
    assert!(matches!(titles(file.as_bytes()), Err(FileError::RowTooLong { .. })));
    // Each object has a cell in every column of the file, however little it says.
    let settings = ImportSettings { max_cells: 30, ..ImportSettings::default() };
    let objects = |count: usize| {
        let few = ", {\"title\": \"a\", \"author\": \"b\"}".repeat(count - 1);
        format!("[{{\"title\": \"a\", \"author\": \"b\", \"c\": 1, \"d\": 2, \"e\": 3}}{few}]")
    };
    assert_eq!(read_all(objects(6).as_bytes(), &settings, false).unwrap().1.len(), 6);
    let refused = read_all(objects(7).as_bytes(), &settings, false).unwrap_err();
    assert!(matches!(refused, FileError::TooManyCells { max: 30 }), "{refused}");
    let wide = format!("title,author{}\nEmma,Jane Austen\n", ",x".repeat(400));
    assert!(matches!(titles(wide.as_bytes()), Err(FileError::Layout(LayoutError::TooManyColumns))));
}
