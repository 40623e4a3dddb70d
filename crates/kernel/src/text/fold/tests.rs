use icu_normalizer::ComposingNormalizerBorrowed;
use proptest::prelude::*;

use super::*;

fn all_the_same(spellings: &[&str], folded: &str) {
    for spelling in spellings {
        assert_eq!(fold(spelling), folded, "{spelling}");
    }
}

#[test]
fn case_accents_and_punctuation_do_not_count() {
    all_the_same(&["  'Salem's   Lot! ", "’Salem’s Lot", "SALEMS-LOT"], "salems lot");
    all_the_same(&["Les Misérables", "LES MISE\u{301}RABLES"], "les miserables");
    all_the_same(&["Pride & Prejudice", "pride AND prejudice"], "pride and prejudice");
    all_the_same(&["a\tb", "a\u{a0}b", "a\u{2014}b", "a / b"], "a b");
}

#[test]
fn letters_of_every_alphabet_are_found_by_what_is_typed_for_them() {
    all_the_same(&["Strauß", "STRAUSS", "STRAUẞ"], "strauss");
    all_the_same(&["Nesbø", "NESBØ", "nesbo"], "nesbo");
    all_the_same(&["Łukasz", "łukasz", "LUKASZ"], "lukasz");
    all_the_same(&["IŞIK", "Işık", "ışık", "isik"], "isik");
    all_the_same(&["İSTANBUL", "istanbul", "İstanbul"], "istanbul");
    all_the_same(&["ΝΙΚΟΣ", "Νίκος", "νίκοσ"], "νικοσ");
    all_the_same(&["ᾍδης", "ΑΔΗΣ"], "αδησ");
    all_the_same(&["Nguyễn Đức Cảnh", "Nguye\u{302}\u{303}n Đu\u{301}c Ca\u{309}nh"], "nguyen duc canh");
    all_the_same(&["Ёлка", "ЕЛКА"], "елка");
    all_the_same(&["ﬁn ² Ⅳ", "Fin 2 IV"], "fin 2 iv");
    all_the_same(&["١٩٨٤", "۱۹۸۴", "१९८४", "１９８４", "1984"], "1984");
}

#[test]
fn arabic_and_hebrew_are_found_without_vowel_signs() {
    all_the_same(&["مُحَمَّد", "محمد", "محمـــد"], "محمد");
    all_the_same(&["أَلْفُ لَيْلَةٍ وَلَيْلَةٌ", "الف ليلة وليلة"], "الف ليله وليله");
    all_the_same(&["کتاب", "كتاب", "كِتَاب"], "كتاب");
    all_the_same(&["בְּרֵאשִׁית", "בראשית"], "בראשית");
    all_the_same(&["ג׳ורג׳ אורוול", "ג'ורג' אורוול"], "גורג אורוול");
}

/// Marks that are nonspacing as well, but part of the word.
#[test]
fn vowels_and_tones_of_asia_stay() {
    assert_eq!(fold("किताब"), "किताब");
    assert_ne!(fold("कुल"), fold("कल"), "family, tomorrow");
    assert_ne!(fold("पहले"), fold("पहला"));
    assert_ne!(fold("เก่า"), fold("เกา"), "old, to scratch");
    assert_ne!(fold("ใกล้"), fold("ไกล"), "near, far");
    assert_ne!(fold("かき"), fold("かぎ"), "persimmon, key");
    all_the_same(&["ガラス", "ｶﾞﾗｽ"], &fold("ガラス"));
    assert_ne!(fold("বাড়ি"), fold("বাডি"));
    assert_eq!(fold("ノート"), "ノート");
}

#[test]
fn what_is_not_seen_hides_no_word() {
    all_the_same(
        &["Donau\u{ad}dampf\u{200b}schiff", "Donaudampfschiff", "\u{feff}Donaudampfschiff\u{200e}"],
        "donaudampfschiff",
    );
    all_the_same(&["می\u{200c}روم", "میروم"], &fold("میروم"));
    all_the_same(&["क्\u{200d}ष", "क्ष"], "क्ष");
    all_the_same(&["❤\u{fe0f}", "❤"], "❤");
}

#[test]
fn an_elided_word_stands_by_itself_and_other_apostrophes_stay_inside() {
    for apostrophe in ["'", "’", "ʼ", "`", "´", "＇"] {
        let text = |text: &str| fold_marking_elisions(&text.replace('\'', apostrophe));
        assert_eq!(text("L'Étranger"), "l'etranger", "{apostrophe}");
        assert_eq!(text("Jusqu'à l'aube d'Ô"), "jusqu'a l'aube d'o", "{apostrophe}");
        assert_eq!(text("Nell'estate dell'Isola, quell'uomo"), "nell'estate dell'isola quell'uomo", "{apostrophe}");
        assert_eq!(text("O'Brien don't 'Salem's"), "obrien dont salems", "{apostrophe}");
        assert_eq!(text("All's Well, c'mon, aujourd'hui"), "alls well cmon aujourdhui", "{apostrophe}");
    }
    assert_eq!(fold("L’Étranger"), "l etranger");
    assert_eq!(fold("''"), "''");
}

#[test]
fn signs_that_make_another_thing_of_a_word_stay() {
    for (text, folded) in [
        ("C", "c"),
        ("C++", "c++"),
        ("C# in Depth", "c# in depth"),
        ("C♯", "c#"),
        ("C＋＋", "c++"),
        ("F#, R and C/C++", "f# r and c c++"),
        ("C++17 (2nd ed.)", "c++ 17 2nd ed"),
        ("Pro .NET 4.5", "pro .net 4 5"),
        ("ASP.NET", "asp net"),
        ("...And Justice for All", "and justice for all"),
        ("Bone (Bone, #1)", "bone bone 1"),
        ("Bone#1, a+b, 1+1, 50+", "bone 1 a b 1 1 50"),
        ("Ca\u{301}ts + Dogs", "cats dogs"),
        ("J.R.R. Tolkien", "j r r tolkien"),
    ] {
        assert_eq!(fold(text), folded, "{text}");
    }
}

#[test]
fn what_has_no_word_stays_as_it_is() {
    assert_ne!(fold("???"), fold("!!!"));
    assert_eq!(fold(" ??? "), "???");
    assert_eq!(fold("\u{200b}"), "");
    assert_eq!(fold("???'"), "???'");
}

#[test]
fn plain_text_is_folded_like_any_other() {
    for text in ["  'Salem's   Lot! ", "C++ (2nd ed.)", "a\tb", "l'eau", ".net", "!!!", "", "R2-D2", "a+", "&"] {
        let with_a_word_more = fold(&format!("{text} é"));
        let rest = with_a_word_more.strip_suffix('e').map(str::trim_end).unwrap_or_default();
        let expected = if rest.is_empty() { text.trim() } else { rest };
        assert_eq!(fold(text), expected, "{text}");
    }
}

/// The program folds letter by letter. That is Unicode's full folding, with what the table of letters adds.
#[test]
fn every_letter_folds_as_unicode_folds_it_in_full() {
    let nfkd = DecomposingNormalizerBorrowed::new_nfkd();
    for c in ('\0'..=char::MAX).filter(|c| nfkd.normalize(c.encode_utf8(&mut [0; 4])).chars().eq([*c])) {
        let full = CaseMapper::new().fold_string(c.encode_utf8(&mut [0; 4])).into_owned();
        let simple = CaseMapper::new().simple_fold(c);
        let ours = plain_letter(simple).map_or_else(|| simple.to_string(), str::to_owned);
        assert!(full == simple.to_string() || full == ours, "U+{:04X}: {full} {ours}", u32::from(c));
    }
}

proptest! {
    #[test]
    fn foreign_text_folds_alike_composed_and_apart_and_once_is_enough(text in "\\PC{0,60}") {
        let folded = fold(&text);
        let nfd: String = DecomposingNormalizerBorrowed::new_nfd().normalize(&text).into_owned();
        let nfc: String = ComposingNormalizerBorrowed::new_nfc().normalize(&text).into_owned();
        prop_assert_eq!(&fold(&nfd), &folded);
        prop_assert_eq!(&fold(&nfc), &folded);
        // Marks that what was left out had parted may change places.
        let ordered = |text: &str| DecomposingNormalizerBorrowed::new_nfd().normalize(text).into_owned();
        prop_assert_eq!(ordered(&fold(&folded)), ordered(&folded));
    }

    #[test]
    fn foreign_ascii_is_folded_like_any_other(text in "[ -~]{0,40}") {
        let ours = fold_marking_elisions(&text);
        let other = fold_marking_elisions(&format!("é {text}"));
        prop_assert_eq!(other.strip_prefix('e').map(str::trim_start), Some(ours.as_str()));
    }

    #[test]
    fn foreign_text_is_found_in_capitals(text in "[a-zß-öø-ÿĀ-ſα-ωа-я' ]{0,40}") {
        prop_assert_eq!(fold(&text.to_uppercase()), fold(&text));
    }
}
