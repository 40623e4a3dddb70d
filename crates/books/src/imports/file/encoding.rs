//! In which encoding a file is written. The whole file is looked at: the first accent may come late.

use std::io::{self, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, MACINTOSH, UTF_8, UTF_16BE, UTF_16LE};

const PIECE: usize = 64 * 1024;

/// Reads the file to its end.
pub(super) fn detect(file: &mut impl Read) -> io::Result<&'static Encoding> {
    let mut seen = Seen::default();
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(seen.encoding()),
            Ok(read) => seen.feed(&piece[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// What the bytes so far look like.
struct Seen {
    detector: EncodingDetector,
    beginning: Vec<u8>,
    utf8: Utf8,
    /// NUL bytes at even and at odd places.
    nuls: [u64; 2],
    bytes: u64,
    carriage_returns: u64,
    line_feeds: u64,
    /// Bytes 0x80 to 0x9F, and from 0xC0 on.
    low_letters: u64,
    high_letters: u64,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            // Whoever reads the result is not a browser: a mail program's choice is right for a file.
            detector: EncodingDetector::new(Iso2022JpDetection::Allow),
            beginning: Vec::new(),
            utf8: Utf8::default(),
            nuls: [0; 2],
            bytes: 0,
            carriage_returns: 0,
            line_feeds: 0,
            low_letters: 0,
            high_letters: 0,
        }
    }
}

impl Seen {
    fn feed(&mut self, piece: &[u8]) {
        let wanted = 4_usize.saturating_sub(self.beginning.len()).min(piece.len());
        self.beginning.extend_from_slice(&piece[..wanted]);
        self.detector.feed(piece, false);
        self.utf8.feed(piece);
        for byte in piece {
            match byte {
                0 => self.nuls[(self.bytes % 2) as usize] += 1,
                b'\r' => self.carriage_returns += 1,
                b'\n' => self.line_feeds += 1,
                0x80..=0x9f => self.low_letters += 1,
                0xc0.. => self.high_letters += 1,
                _ => {}
            }
            self.bytes += 1;
        }
    }

    fn encoding(mut self) -> &'static Encoding {
        if let Some((marked, _)) = Encoding::for_bom(&self.beginning) {
            return marked;
        }
        // In UTF-16 the delimiters and digits at least have a zero byte each, and on one side only.
        let [even, odd] = self.nuls;
        if (even + odd) * 20 > self.bytes {
            if odd > even * 8 {
                return UTF_16LE;
            }
            if even > odd * 8 {
                return UTF_16BE;
            }
        }
        // A few bytes that are none of UTF-8 do not make another encoding of a file that is full of it: they are damage.
        let utf8 = self.utf8.end();
        if utf8.invalid == 0 || utf8.letters >= utf8.invalid {
            return UTF_8;
        }
        // Old programs on a Macintosh end lines with a carriage return alone, and have their letters where others have signs.
        if self.line_feeds == 0 && self.carriage_returns > 0 && self.low_letters > self.high_letters {
            return MACINTOSH;
        }
        self.detector.feed(&[], true);
        self.detector.guess(None, Utf8Detection::Deny)
    }
}

/// Counts the letters of more than one byte, and the bytes that belong to none.
#[derive(Default)]
struct Utf8 {
    pending: Vec<u8>,
    letters: u64,
    invalid: u64,
}

impl Utf8 {
    fn feed(&mut self, piece: &[u8]) {
        let mut bytes = std::mem::take(&mut self.pending);
        bytes.extend_from_slice(piece);
        let mut rest = bytes.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    self.count(text);
                    return;
                }
                Err(error) => {
                    let (valid, bad) = rest.split_at(error.valid_up_to());
                    self.count(std::str::from_utf8(valid).unwrap_or_default());
                    let Some(length) = error.error_len() else {
                        // The piece ends within a letter.
                        self.pending = bad.to_vec();
                        return;
                    };
                    self.invalid += 1;
                    rest = &bad[length..];
                }
            }
        }
    }

    fn count(&mut self, text: &str) {
        // Every letter of more than one byte begins with one byte from 0xC0 on.
        self.letters += text.bytes().filter(|byte| *byte >= 0xc0).count() as u64;
    }

    fn end(mut self) -> Self {
        self.invalid += u64::from(!self.pending.is_empty());
        self
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::{WINDOWS_1251, WINDOWS_1252};
    use proptest::prelude::*;

    use super::*;

    fn of(bytes: &[u8]) -> &'static Encoding {
        detect(&mut &*bytes).unwrap()
    }

    fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    const TEXT: &str = "title;author\r\nStraße nach Süden;Jörg Müßig\r\nL’œuvre – 2e édition;Éloïse Cœur\r\n";

    #[test]
    fn marks_tell() {
        assert_eq!(of(b"\xef\xbb\xbftitle,author"), UTF_8);
        assert_eq!(of(&utf16(&format!("\u{feff}{TEXT}"), u16::to_le_bytes)), UTF_16LE);
        assert_eq!(of(&utf16(&format!("\u{feff}{TEXT}"), u16::to_be_bytes)), UTF_16BE);
    }

    #[test]
    fn utf16_without_a_mark_is_known_by_its_zeros() {
        assert_eq!(of(&utf16(TEXT, u16::to_le_bytes)), UTF_16LE);
        assert_eq!(of(&utf16(TEXT, u16::to_be_bytes)), UTF_16BE);
        let foreign = "title\tauthor\r\n北の海\t山田 花\r\nДва берега\tИван Петров\r\n";
        assert_eq!(of(&utf16(foreign, u16::to_le_bytes)), UTF_16LE);
    }

    #[test]
    fn a_spreadsheets_own_encoding_is_guessed() {
        assert_eq!(of(&WINDOWS_1252.encode(TEXT).0), WINDOWS_1252);
        let russian = "название;автор\nДва берега и ещё один;Иван Петров\nТихая река;Анна Сергеева\n";
        assert_eq!(of(&WINDOWS_1251.encode(russian).0), WINDOWS_1251);
        // MacRoman has é at 0x8E and ü at 0x9F; encoding_rs writes no MacRoman.
        assert_eq!(of(b"titre,auteur\rL'\x8et\x8e,Andr\x8e\rS\x9fd,J\x9arg\r"), MACINTOSH);
    }

    #[test]
    fn damage_does_not_make_another_encoding() {
        assert_eq!(of(&[TEXT.as_bytes(), b"Mar\xe2bees"].concat()), UTF_8);
        assert_eq!(of(b"plain ASCII"), UTF_8);
        assert_eq!(of(b""), UTF_8);
    }

    proptest! {
        #[test]
        fn valid_utf8_is_utf8_wherever_a_piece_is_cut(text in "\\PC{0,40}", at in 0usize..80) {
            let bytes = text.as_bytes();
            let (first, second) = bytes.split_at(at.min(bytes.len()));
            let mut seen = Seen::default();
            seen.feed(first);
            seen.feed(second);
            prop_assert_eq!(seen.encoding(), UTF_8);
        }
    }
}
