//! The few rules of the Java library that the receiver's verdicts depend on.
//!
//! The receiver runs on Java 17, so these follow its Unicode 13 tables. Java strings are UTF-16: a predicate on a
//! Java `char` is never true for a character outside the basic plane, which Java sees as two surrogates.

/// Says whether `Character.isWhitespace` holds: separators except no-break ones, and nine controls.
pub(crate) fn is_whitespace(c: char) -> bool {
    matches!(c,
        '\t'..='\r' | '\u{1c}'..=' ' | '\u{1680}' | '\u{2000}'..='\u{2006}' | '\u{2008}'..='\u{200a}'
        | '\u{2028}' | '\u{2029}' | '\u{205f}' | '\u{3000}')
}

/// The value of a decimal digit as `Character.digit(c, 10)` gives it; `None` where `Character.isDigit` is false.
pub(crate) fn digit(c: char) -> Option<u32> {
    if c.is_ascii() {
        return c.to_digit(10);
    }
    let code = u32::from(c);
    // Each row of ten digits starts at one of these; the last row that starts at or before `c` decides.
    let row = DIGIT_ROWS.partition_point(|&zero| u32::from(zero) <= code).checked_sub(1)?;
    let value = code - u32::from(*DIGIT_ROWS.get(row)?);
    (value < 10).then_some(value)
}

/// Says whether commons-lang 2.6 `StringUtils.isNumeric` holds: only digits, and **true for the empty string**.
pub(crate) fn is_numeric(text: &str) -> bool {
    text.chars().all(|c| digit(c).is_some())
}

/// Says whether `StringUtils.isBlank` holds.
#[inline]
pub(crate) fn is_blank(text: &str) -> bool {
    !matches!(text.as_bytes().first(), Some(b'!'..=b'~')) && text.chars().all(is_whitespace)
}

/// Removes what `String.trim` removes: everything up to U+0020 at either end.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(|c| c <= ' ')
}

/// The first half of [`trim`].
pub(crate) fn trim_start(text: &str) -> &str {
    text.trim_start_matches(|c| c <= ' ')
}

/// The length `String.length` gives: UTF-16 code units.
pub(crate) fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Cuts to `units` UTF-16 code units, as `substring(0, units)` does.
///
/// A cut inside a surrogate pair leaves half a character, which Java's UTF-8 encoder writes as `?`.
pub(crate) fn truncate(text: &str, units: usize) -> String {
    let mut left = units;
    let mut cut = String::new();
    for c in text.chars() {
        if c.len_utf16() > left {
            if left == 1 {
                cut.push('?');
            }
            break;
        }
        left -= c.len_utf16();
        cut.push(c);
    }
    cut
}

/// The hash that `HashMap` spreads keys with: `String.hashCode`, upper half folded into the lower.
pub(crate) fn spread_hash(text: &str) -> u32 {
    spread(hash(text))
}

/// What `String.hashCode` gives.
pub(crate) fn hash(text: &str) -> u32 {
    // ASCII is the common case, and its bytes are its units.
    if text.is_ascii() { hash_of_ascii(text.as_bytes()) } else { text.encode_utf16().fold(0, add_to_hash) }
}

pub(crate) fn hash_of_ascii(text: &[u8]) -> u32 {
    text.iter().fold(0, |hash, byte| add_to_hash(hash, (*byte).into()))
}

fn add_to_hash(hash: u32, unit: u16) -> u32 {
    hash.wrapping_mul(31).wrapping_add(unit.into())
}

/// The [`hash`] of the first `count` of eight ASCII bytes, the first lowest.
#[inline(always)]
pub(crate) fn hash_of_first(chunk: u64, count: usize) -> u32 {
    // Zeros in front change no hash. Neighbours are joined to ever longer hashes, which fit in their place.
    let ones = chunk.checked_shl(64 - 8 * count as u32).unwrap_or(0);
    let twos = (ones & 0x00ff_00ff_00ff_00ff) * 31 + ((ones >> 8) & 0x00ff_00ff_00ff_00ff);
    let fours = (twos & 0x0000_ffff_0000_ffff) * 31_u64.pow(2) + ((twos >> 16) & 0x0000_ffff_0000_ffff);
    (fours as u32).wrapping_mul(31_u32.pow(4)).wrapping_add((fours >> 32) as u32)
}

/// What `HashMap` makes of a `String.hashCode`.
pub(crate) const fn spread(hash: u32) -> u32 {
    hash ^ (hash >> 16)
}

/// Says whether `UUID.fromString` takes the text: five dash-separated hexadecimal groups, 36 units at most.
///
/// Groups may be short (`1-1-1-1-1`) or signed with `+`; a group beyond `Long.MAX_VALUE` fails.
pub(crate) fn is_uuid(text: &str) -> bool {
    length(text) <= 36 && text.split('-').count() == 5 && text.split('-').all(is_hex_long)
}

fn is_hex_long(group: &str) -> bool {
    let digits = group.strip_prefix('+').unwrap_or(group);
    let mut value = 0_u64;
    for c in digits.chars() {
        let Some(digit) = hex_digit(c) else { return false };
        if value > (i64::MAX as u64) >> 4 {
            return false;
        }
        value = value << 4 | u64::from(digit);
    }
    !digits.is_empty()
}

/// `Character.digit(c, 16)`, which also knows full-width letters.
fn hex_digit(c: char) -> Option<u32> {
    match c {
        '\u{ff21}'..='\u{ff26}' => Some(u32::from(c) - 0xff21 + 10),
        '\u{ff41}'..='\u{ff46}' => Some(u32::from(c) - 0xff41 + 10),
        _ => c.to_digit(16).or_else(|| digit(c)),
    }
}

/// The zeros of general category Nd in the basic plane, in order.
const DIGIT_ROWS: [char; 36] = [
    '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}', '\u{be6}',
    '\u{c66}', '\u{ce6}', '\u{d66}', '\u{de6}', '\u{e50}', '\u{ed0}', '\u{f20}', '\u{1040}', '\u{1090}',
    '\u{17e0}', '\u{1810}', '\u{1946}', '\u{19d0}', '\u{1a80}', '\u{1a90}', '\u{1b50}', '\u{1bb0}',
    '\u{1c40}', '\u{1c50}', '\u{a620}', '\u{a8d0}', '\u{a900}', '\u{a9d0}', '\u{a9f0}', '\u{aa50}',
    '\u{abf0}', '\u{ff10}',
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_break_spaces_are_not_whitespace() {
        for c in ['\u{a0}', '\u{2007}', '\u{202f}', '\u{85}', '\u{feff}', '\u{0}'] {
            assert!(!is_whitespace(c), "{c:?}");
        }
        for c in ['\t', '\u{b}', '\u{1c}', '\u{1f}', ' ', '\u{2003}', '\u{3000}'] {
            assert!(is_whitespace(c), "{c:?}");
        }
    }

    #[test]
    fn digits_of_other_scripts_have_values() {
        assert_eq!(digit('7'), Some(7));
        assert_eq!(digit('\u{663}'), Some(3));
        assert_eq!(digit('\u{ff19}'), Some(9));
        assert_eq!(digit('\u{66a}'), None);
        assert_eq!(digit('\u{1d7ce}'), None, "outside the basic plane");
        assert_eq!(digit('\u{b2}'), None, "superscript two is no decimal digit");
        assert!(DIGIT_ROWS.is_sorted());
    }

    #[test]
    fn the_empty_string_is_numeric() {
        assert!(is_numeric(""));
        assert!(is_numeric("1700"));
        assert!(!is_numeric("1700.5"));
    }

    #[test]
    fn uuids_as_java_reads_them() {
        for good in
            ["7b3bf470-9456-11e8-9eb6-529269fb1459", "1-1-1-1-1", "+1-1-1-1-1", "7fffffffffffffff-1-1-1-1"]
        {
            assert!(is_uuid(good), "{good}");
        }
        for bad in [
            "",
            "t",
            "7b3bf470945611e89eb6529269fb1459",
            "{1-1-1-1-1}",
            "1-1-1-1",
            "1-1-1-1-1-1",
            "1--1-1-1",
            "8000000000000000-1-1-1-1",
            "+-1-1-1-1",
            "g-1-1-1-1",
            "7b3bf470-9456-11e8-9eb6-529269fb14590",
        ] {
            assert!(!is_uuid(bad), "{bad}");
        }
    }

    #[test]
    fn a_cut_through_a_pair_leaves_a_question_mark() {
        assert_eq!(truncate("ab😀", 3), "ab?");
        assert_eq!(truncate("ab😀c", 4), "ab😀");
        assert_eq!(truncate("abc", 9), "abc");
    }
}
