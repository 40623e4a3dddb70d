use proptest::prelude::*;

use super::*;

fn line(text: &str) -> Result<String, TextError> {
    Line::<40>::new(text).map(Line::into_string)
}

fn prose(text: &str) -> Result<String, TextError> {
    Prose::<40>::new(text).map(Prose::into_string)
}

#[test]
fn text_is_trimmed_and_composed() {
    assert_eq!(line("  Zoe\u{308} "), Ok("Zoë".to_owned()));
    for around in
        ["\u{200e}", "\u{200f}", "\u{61c}", "\u{feff}", "\u{a0}", "\u{200b}", "\u{2060}", "\u{2800}", "\u{3164}"]
    {
        assert_eq!(line(&format!("{around} Ada {around}")), Ok("Ada".to_owned()), "{around:?}");
        assert_eq!(prose(&format!("{around} Ada {around}")), Ok("Ada".to_owned()), "{around:?}");
    }
}

#[test]
fn a_text_in_which_nothing_can_be_read_is_empty() {
    for nothing in [
        "",
        " ",
        "\u{200b}",
        "\u{2060}",
        "\u{200e}",
        "\u{3164}",
        "\u{2800}",
        "\u{ad}",
        "\u{feff}",
        "\u{180e}",
        "\u{115f}\u{1160}",
        "\u{ffa0}",
        "\u{17b4}",
        "\u{fe0f}",
        "\u{e0100}",
        "\u{180b}",
        "\u{e0041}\u{e0042}",
        "\u{200d}\u{200c}",
        "\u{34f}",
        "\u{2064}",
        "\u{3000}",
        "\u{1d159}",
        "\u{1d173}",
        "\u{2028}",
        "\u{301}",
        "\u{20dd}",
        "\u{93f}",
        " \u{200b}\u{2800} \u{ad}",
    ] {
        assert_eq!(line(nothing), Err(TextError::Empty), "{nothing:?}");
        assert_eq!(prose(nothing), Err(TextError::Empty), "{nothing:?}");
        assert_eq!(Line::<10>::optional(nothing), Ok(None), "{nothing:?}");
        assert!(is_blank(nothing), "{nothing:?}");
    }
}

#[test]
fn what_people_write_stays_as_they_wrote_it() {
    for text in [
        "می\u{200c}خواهم بدانم",
        "👩\u{200d}👩\u{200d}👧 und ❤\u{fe0f}",
        "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
        "क्\u{200d}ष",
        "ه\u{200d}",
        "ᠮᠣᠩᠭᠣᠯ\u{180b}",
        "葛\u{e0100}城",
        "Donau\u{ad}dampfschiff",
        "a\u{200f}b",
        "\u{6dd}١٢",
        "\u{f8ff} \u{e000}",
        "😀",
        "?",
        "⠃⠗⠇",
        "ᄒᆞᆫ글",
        "Ngo\u{300}",
    ] {
        assert_eq!(line(text), Ok(composed(text).into_owned()), "{text:?}");
        assert_eq!(prose(text), Ok(composed(text).into_owned()), "{text:?}");
    }
}

#[test]
fn a_direction_that_is_turned_is_refused_in_a_line_and_an_override_everywhere() {
    for turn in ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}') {
        assert_eq!(line(&format!("Ada{turn}adA")), Err(TextError::Direction), "{turn:?}");
        assert_eq!(line(&format!("{turn}")), Err(TextError::Direction), "{turn:?}");
        let overrides = ['\u{202d}', '\u{202e}'].contains(&turn);
        assert_eq!(prose(&format!("Ada{turn}adA")).is_err(), overrides, "{turn:?}");
    }
    assert_eq!(prose("\u{2066}+33 1 23\u{2069}"), Ok("\u{2066}+33 1 23\u{2069}".to_owned()));
}

#[test]
fn numbers_are_read_as_an_ascii_keyboard_would_have_typed_them() {
    assert_eq!(
        as_typed(
            "\u{feff}\u{200e}978\u{2010}0\u{2011}4\u{2012}3\u{2013}9\u{2014}0\u{2015}2\u{2212}3\u{fe63}4\u{ff0d}8\u{ad}1\u{202c}"
        ),
        "978-0-4-3-9-0-2-3-4-81"
    );
    assert_eq!(as_typed("９７８ ٩٧٨\u{a0}۹۷۸\u{2007}९७८\u{3000}Ｘ"), "978 978 978 978 X");
    assert_eq!(as_typed("“a” «b» „c“"), "\"a\" \"b\" \"c\"");
    assert_eq!(as_typed("a\0b"), "a\0b");
}

#[test]
fn a_mended_text_is_taken_in_lines_and_in_prose() {
    assert_eq!(mended("a\0b\u{1b}c\td\u{7f}e"), "a b c\td e");
    assert_eq!(mended("one\r\ntwo\rthree\u{2028}four\u{85}five"), "one\ntwo\nthree\nfour\nfive");
    assert_eq!(mended("\u{202b}a\u{202e}b\u{2066}c\u{2069}"), "abc");
    assert_eq!(mended("a\u{fffe}b\u{fdd0}c\u{10ffff}"), "abc");
    let kept = "می\u{200c}خواهم 👩\u{200d}👩 Donau\u{ad}dampf a\u{200f}b \u{fffd}";
    assert_eq!(mended(kept), kept);
}

#[test]
fn nul_and_other_control_characters_are_refused() {
    assert_eq!(line("a\0b"), Err(TextError::ControlCharacter));
    assert_eq!(line("\0"), Err(TextError::ControlCharacter));
    assert_eq!(line("a\tb"), Err(TextError::ControlCharacter));
    assert_eq!(prose("a\u{7f}b"), Err(TextError::ControlCharacter));
    assert_eq!(line("a\u{fffe}b"), Err(TextError::Noncharacter));
    assert_eq!(prose("a\u{fdd0}b"), Err(TextError::Noncharacter));
}

#[test]
fn prose_has_lines_and_a_line_is_one() {
    for end in ["\n", "\r\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"] {
        assert_eq!(prose(&format!("a{end}b\tc{end}")), Ok("a\nb\tc".to_owned()), "{end:?}");
        assert_eq!(line(&format!("a{end}b")), Err(TextError::LineBreak), "{end:?}");
    }
}

#[test]
fn the_limit_counts_characters_and_not_bytes() {
    assert!(Line::<3>::new("äöü").is_ok());
    assert_eq!(Line::<3>::new("äöüß"), Err(TextError::TooLong { max: 3, actual: 4 }));
    assert_eq!(Line::<3>::new("   "), Err(TextError::Empty));
    assert_eq!(Line::<3>::optional("   "), Ok(None));
}

/// Any code point, those that are rare in `\PC` as well.
fn foreign() -> impl Strategy<Value = String> {
    let rare = prop_oneof![
        "\\PC",
        "[\u{2000}-\u{206f}]",
        "[\u{ad}\u{34f}\u{61c}\u{115f}-\u{1160}\u{17b4}\u{180b}-\u{180f}\u{2800}\u{3164}\u{fe00}-\u{fe0f}\u{feff}\u{ffa0}\u{ffee}-\u{ffff}]",
        "[\u{e0000}-\u{e01ef}\u{300}-\u{36f}\u{600}-\u{6ff}]",
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(rare, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn whatever_is_taken_of_foreign_text_is_taken_again_unchanged_and_can_be_read(text in foreign()) {
        if let Ok(line) = Line::<40>::new(&text) {
            prop_assert!(!is_blank(line.as_str()));
            prop_assert!(!line.as_str().chars().any(|c| c.is_control() || character::turns_direction(c)));
            prop_assert_eq!(Line::<40>::new(line.as_str()), Ok(line.clone()));
        }
        if let Ok(prose) = Prose::<40>::new(&text) {
            prop_assert!(!is_blank(prose.as_str()));
            prop_assert_eq!(Prose::<40>::new(prose.as_str()), Ok(prose.clone()));
        }
        // A text is empty where there is nothing to read, and nowhere else.
        if is_blank(&text) {
            prop_assert!(Line::<40>::new(&text).is_err());
        } else {
            prop_assert_ne!(Line::<40>::new(&text), Err(TextError::Empty));
        }
        // Whatever a file holds can be kept once it is mended.
        let mended = mended(&text);
        let too_long = |error| matches!(error, TextError::TooLong { .. });
        prop_assert!(Prose::<40>::optional(&mended).map_or_else(too_long, |_| true));
        let one_line = mended.replace(['\n', '\t'], " ");
        prop_assert!(Line::<40>::optional(&one_line).map_or_else(too_long, |_| true));
    }
}
