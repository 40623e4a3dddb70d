//! Text out of cells that hold HTML, or only its entities.

use html_escape::decode_html_entities;

/// Characters of a cell that are read. No field takes as many, and what is left out is noted there.
const LONGEST: usize = 20_000;
/// Characters of a tag. One that is left open would have the rest of the cell looked through at each tag.
const LONGEST_TAG: usize = 2_000;

/// Elements that part lines.
const BLOCKS: [&str; 19] = [
    "p",
    "div",
    "br",
    "li",
    "ul",
    "ol",
    "tr",
    "table",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "hr",
    "pre",
    "section",
    "dd",
];
/// Elements within a line.
const INLINE: [&str; 22] = [
    "a", "abbr", "b", "big", "cite", "code", "em", "font", "i", "img", "ins", "del", "q", "s", "small", "span",
    "strike", "strong", "sub", "sup", "u", "td",
];

/// The text of a cell: elements that HTML knows go, a block or `<br>` becomes a line break, entities become what they
/// stand for. Anything else in angle brackets stays: `C<T>` and `x < y` are text.
pub fn text(cell: &str) -> String {
    let cell = cell.char_indices().nth(LONGEST).map_or(cell, |(end, _)| &cell[..end]);
    let mut text = String::with_capacity(cell.len());
    let mut rest = cell;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        rest = &rest[open..];
        if rest.starts_with("<!--")
            && let Some(end) = rest.find("-->")
        {
            rest = &rest[end + 3..];
        } else if let Some((length, block)) = tag(rest) {
            if block && !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            } else if rest[..length].to_ascii_lowercase().starts_with("<br") {
                // A second break in a row is an empty line.
                text.push('\n');
            }
            rest = &rest[length..];
            if block {
                // Between elements a line break is no text.
                rest = rest.trim_start_matches(['\r', '\n']);
            }
        } else {
            text.push('<');
            rest = &rest[1..];
        }
    }
    text.push_str(rest);
    decode_html_entities(&text).trim().to_owned()
}

/// The bytes of the tag that `text` begins with, and whether it parts lines.
fn tag(text: &str) -> Option<(usize, bool)> {
    let inside = text.strip_prefix('<')?;
    let name_at = inside.strip_prefix('/').unwrap_or(inside);
    let name: String =
        name_at.chars().take(12).take_while(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let block = BLOCKS.contains(&name.as_str());
    if !block && !INLINE.contains(&name.as_str()) {
        return None;
    }
    let after = &name_at[name.len()..];
    if !after.starts_with(['>', '/', ' ', '\t', '\n', '\r']) {
        return None;
    }
    // Quotation marks in attributes may hold a bracket.
    let mut quote = None;
    for (at, c) in after.char_indices().take(LONGEST_TAG) {
        match (quote, c) {
            (None, '>') => return Some((text.len() - after.len() + at + 1, block)),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::text;

    #[test]
    fn elements_become_lines_and_entities_letters() {
        for (cell, expected) in [
            ("Ty&ouml;p&auml;iv&auml; &amp; muuta", "Työpäivä & muuta"),
            ("<div><p>First line.</p>\n<p>Second &amp; last line.</p></div>", "First line.\nSecond & last line."),
            ("Good:<br/> - short chapters<br/><br/>Less good", "Good:\n - short chapters\n\nLess good"),
            ("<i>Emma</i> &#8211; <a href=\"x>y\">a novel</a>", "Emma – a novel"),
            ("a<!-- hidden -->b", "ab"),
        ] {
            assert_eq!(text(cell), expected);
        }
    }

    #[test]
    fn a_cell_of_tags_left_open_is_read_to_its_end() {
        let cell = "<b ".repeat(80_000);
        assert!(text(&cell).len() <= super::LONGEST);
    }

    #[test]
    fn what_only_looks_like_html_stays() {
        for cell in ["x < y", "C<T> and <Bar>", "I <3 books", "AT&T", "a &b; c", "<", "<p", "<b oops", "Q & A"] {
            assert_eq!(text(cell), cell);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end(cell in "[<>/&;\"' a-zé=#0-9]{0,60}") {
            prop_assert!(text(&cell).chars().count() <= cell.chars().count() + 1);
        }
    }
}
