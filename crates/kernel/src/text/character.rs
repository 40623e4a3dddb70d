//! What a character is. Every question is put to Unicode's own data; the few characters named here are exceptions that the
//! data does not tell.

use std::sync::LazyLock;

use icu_properties::props::{
    Dash, DefaultIgnorableCodePoint, GeneralCategory, JoinControl, JoiningType, NoncharacterCodePoint,
    PrependedConcatenationMark, QuotationMark, Script, WhiteSpace,
};
use icu_properties::script::ScriptWithExtensions;
use icu_properties::{CodePointMapData, CodePointSetData};

pub(super) fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

fn script(c: char) -> Script {
    CodePointMapData::<Script>::new().get(c)
}

/// Drawn as a blank although Unicode files them as symbols: the empty braille pattern, a note without a head.
fn is_blank_symbol(c: char) -> bool {
    matches!(c, '\u{2800}' | '\u{1d159}')
}

/// Says how text is laid out and is not drawn itself. A few format characters are drawn: they enclose the digits that
/// follow, as in an Arabic date.
fn is_format(c: char) -> bool {
    category(c) == GeneralCategory::Format && !CodePointSetData::new::<PrependedConcatenationMark>().contains(c)
}

/// Draws nothing: spaces, control and format characters, fillers, variation selectors.
pub(super) fn is_invisible(c: char) -> bool {
    CodePointSetData::new::<WhiteSpace>().contains(c) || c.is_control() || is_ignorable(c) || is_blank_symbol(c)
}

/// Has no meaning of its own inside a word: a soft hyphen, a zero-width space, a joiner, a direction mark.
pub(super) fn is_ignorable(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c) || is_format(c)
}

/// Whether a text with this character has something to read. A mark needs a letter below it.
pub(super) fn is_readable(c: char) -> bool {
    !is_invisible(c) && !is_mark(category(c))
}

pub(super) fn is_mark(category: GeneralCategory) -> bool {
    matches!(category, GeneralCategory::NonspacingMark | GeneralCategory::SpacingMark | GeneralCategory::EnclosingMark)
}

/// Embeds, isolates or overrides a direction of writing, up to its closing counterpart.
pub(super) fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Shows letters in another order than they have, whatever they are.
pub(super) fn overrides_direction(c: char) -> bool {
    matches!(c, '\u{202d}' | '\u{202e}')
}

pub(super) fn is_noncharacter(c: char) -> bool {
    CodePointSetData::new::<NoncharacterCodePoint>().contains(c)
}

fn is_trimmed_everywhere(c: char) -> bool {
    CodePointSetData::new::<WhiteSpace>().contains(c)
        || (is_format(c) && !turns_direction(c))
        || matches!(c, '\u{3164}' | '\u{ffa0}')
        || is_blank_symbol(c)
}

/// At the beginning there is nothing that a joiner could join or a selector vary.
pub(super) fn is_trimmed_at_start(c: char) -> bool {
    is_trimmed_everywhere(c) || (is_ignorable(c) && category(c) == GeneralCategory::NonspacingMark)
}

/// At the end a joiner shapes the letter before it, and tags end the flag of a region.
pub(super) fn is_trimmed_at_end(c: char) -> bool {
    let belongs_to_what_is_before =
        CodePointSetData::new::<JoinControl>().contains(c) || matches!(c, '\u{e0020}'..='\u{e007f}');
    is_trimmed_everywhere(c) && !belongs_to_what_is_before
}

/// Only lengthens a word for the eye, as the Arabic tatweel does.
pub(super) fn is_elongation(c: char) -> bool {
    CodePointMapData::<JoiningType>::new().get(c) == JoiningType::JoinCausing
}

/// Whether readers of the script may leave marks out: accents, harakat, niqqud. In the scripts of India and South-East Asia
/// nonspacing marks are vowels and tones, and in Japanese they make another consonant: without them a word is another word.
fn has_optional_marks(script: Script) -> bool {
    matches!(
        script,
        Script::Latin
            | Script::Greek
            | Script::Coptic
            | Script::Cyrillic
            | Script::Glagolitic
            | Script::Armenian
            | Script::Georgian
            | Script::Ethiopic
            | Script::Arabic
            | Script::Hebrew
            | Script::Syriac
            | Script::Samaritan
            | Script::Mandaic
            | Script::Common
            | Script::Inherited
    )
}

/// Whether the word is the same without this nonspacing mark on this letter. An accent takes the script of its letter.
pub(super) fn is_optional_mark(mark: char, letter: char) -> bool {
    match script(mark) {
        Script::Inherited | Script::Common => has_optional_marks(script(letter)),
        own => has_optional_marks(own),
    }
}

/// 0 to 9, of whichever script. Unicode keeps the digits of a script together and in order.
pub(super) fn decimal_digit(c: char) -> Option<u8> {
    static STARTS: LazyLock<Vec<u32>> = LazyLock::new(|| {
        let digits = CodePointMapData::<GeneralCategory>::new();
        digits.iter_ranges_for_value(GeneralCategory::DecimalNumber).map(|range| *range.start()).collect()
    });
    if category(c) != GeneralCategory::DecimalNumber {
        return None;
    }
    let c = u32::from(c);
    let start = STARTS[STARTS.partition_point(|start| *start <= c).checked_sub(1)?];
    u8::try_from((c - start) % 10).ok()
}

/// Of a script that does not part words and in which a character means something by itself: Chinese and Japanese.
pub(super) fn stands_alone(c: char) -> bool {
    let scripts = ScriptWithExtensions::new();
    [Script::Han, Script::Hiragana, Script::Katakana].into_iter().any(|script| scripts.has_script(c, script))
}

/// What an ASCII keyboard has for it: a hyphen for every dash, a space for every space, a quotation mark, a digit.
pub(super) fn as_typed(c: char) -> char {
    if CodePointSetData::new::<Dash>().contains(c) {
        '-'
    } else if CodePointSetData::new::<WhiteSpace>().contains(c) || is_blank_symbol(c) {
        ' '
    } else if CodePointSetData::new::<QuotationMark>().contains(c) {
        '"'
    } else {
        decimal_digit(c).map_or(c, |digit| char::from(b'0' + digit))
    }
}
