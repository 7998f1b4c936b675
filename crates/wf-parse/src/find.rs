//! Searching bytes and measuring names eight bytes at a time. Most tokens are shorter than the start of a general search takes.

use crate::java;

/// The place of the first of `bytes` in `text`.
#[inline(always)]
pub(crate) fn first<const N: usize>(text: &[u8], bytes: [u8; N]) -> Option<usize> {
    let patterns = bytes.map(|byte| u64::from(byte) * ONES);
    let mut rest = text;
    while let Some((chunk, after)) = rest.split_first_chunk() {
        let chunk = u64::from_le_bytes(*chunk);
        // The top bit of each byte that equals a pattern; above the lowest of them, some that do not.
        let hits = patterns.iter().fold(0, |hits, pattern| {
            let differs = chunk ^ pattern;
            hits | (differs.wrapping_sub(ONES) & !differs)
        }) & TOPS;
        if hits != 0 {
            return Some(text.len() - rest.len() + lowest(hits));
        }
        rest = after;
    }
    let place = rest.iter().position(|byte| bytes.contains(byte))?;
    Some(text.len() - rest.len() + place)
}

/// How many bytes from the first on are of the alphabet of names and keys: `A-Z a-z 0-9 _ - . , /`.
#[inline(always)]
pub(crate) fn name_length(text: &[u8]) -> usize {
    let mut rest = text;
    while let Some((chunk, after)) = rest.split_first_chunk() {
        let others = others(u64::from_le_bytes(*chunk));
        if others != 0 {
            return text.len() - rest.len() + lowest(others);
        }
        rest = after;
    }
    text.len() - rest.len() + lowest(others(last_chunk(rest)))
}

/// The [`name_length`] of the text, and what `String.hashCode` gives for so much of it.
#[inline(always)]
pub(crate) fn name_length_and_hash(text: &[u8]) -> (usize, u32) {
    let Some(chunk) = text.first_chunk() else { return length_and_hash(text) };
    let chunk = u64::from_le_bytes(*chunk);
    let others = others(chunk);
    if others == 0 {
        return length_and_hash(text);
    }
    let length = lowest(others);
    (length, java::hash_of_first(chunk, length))
}

#[inline(never)]
fn length_and_hash(text: &[u8]) -> (usize, u32) {
    let length = name_length(text);
    (length, java::hash_of_ascii(&text[..length]))
}

/// The top bit of each byte that is not of the alphabet of names; above the lowest of them, some more or less.
#[inline(always)]
const fn others(chunk: u64) -> u64 {
    // A sum reaches the top bit from a certain byte on. It leaves its byte only where the top bit was set before, and
    // such a byte is no name's anyway.
    let letter = chunk | (ONES * 0x20);
    let from_comma = chunk.wrapping_add(ONES * (0x80 - b',' as u64));
    let above_nine = chunk.wrapping_add(ONES * (0x7f - b'9' as u64));
    let from_a = letter.wrapping_add(ONES * (0x80 - b'a' as u64));
    let above_z = letter.wrapping_add(ONES * (0x7f - b'z' as u64));
    let no_underscore = (chunk ^ (ONES * b'_' as u64)).wrapping_add(ONES * 0x7f);
    (chunk | ((!from_comma | above_nine) & (!from_a | above_z) & no_underscore)) & TOPS
}

/// The number that eight bytes make if all are digits.
#[inline(always)]
pub(crate) const fn eight_digits(chunk: u64) -> Option<u64> {
    let digits = chunk ^ (ONES * b'0' as u64);
    if (digits.wrapping_add(ONES * (0x80 - 10)) | digits) & TOPS != 0 {
        return None;
    }
    // Neighbours are joined to ever longer numbers.
    let twos = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (twos * 100 + (twos >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours * 10_000 + (fours >> 32)) & 0xffff_ffff)
}

/// Up to seven bytes, the first lowest, and zeros.
#[inline(never)]
fn last_chunk(text: &[u8]) -> u64 {
    text.iter().rev().fold(0, |chunk, byte| chunk << 8 | u64::from(*byte))
}

/// The lowest byte of which the top bit is set; 8 if none is.
#[inline(always)]
const fn lowest(tops: u64) -> usize {
    tops.trailing_zeros() as usize / 8
}

const ONES: u64 = u64::MAX / 255;
const TOPS: u64 = ONES << 7;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{eight_digits, first, name_length, name_length_and_hash};
    use crate::java;

    const fn is_of_a_name(byte: u8) -> bool {
        matches!(byte, b','..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_')
    }

    #[test]
    fn each_byte_is_of_a_name_or_not_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for place in 0..20 {
                let mut text = [b'a'; 20];
                text[place] = byte;
                let expected = if is_of_a_name(byte) { 20 } else { place };
                assert_eq!(name_length(&text), expected, "{byte} at {place}");
            }
        }
    }

    proptest! {
        #[test]
        fn finds_what_a_loop_finds(text in prop::collection::vec(0x1f_u8..0x23, 0..40), others in any::<[u8; 40]>()) {
            for bytes in [[b'"'; 3], [b' ', b'!', 0xff], [0x1f, 0, 0x80]] {
                for text in [&text[..], &others[..]] {
                    let naive = text.iter().position(|byte| bytes.contains(byte));
                    prop_assert_eq!(first(text, bytes), naive);
                }
            }
        }

        #[test]
        fn measures_names_as_a_loop_does(text in prop::collection::vec(any::<u8>(), 0..40)) {
            for text in [text.clone(), text.iter().map(|byte| b"a.Z_~\"="[usize::from(*byte) % 7]).collect()] {
                let naive = text.iter().take_while(|byte| is_of_a_name(**byte)).count();
                prop_assert_eq!(name_length(&text), naive);
            }
        }

        #[test]
        fn a_hash_eight_at_a_time_is_that_of_java(name in "[,-9A-Z_a-z]{0,40}", rest in "([~\"= é∆].{0,10})?") {
            let (length, hash) = name_length_and_hash(format!("{name}{rest}").as_bytes());
            prop_assert_eq!(length, name.len());
            prop_assert_eq!(java::spread(hash), java::spread_hash(&name));
        }

        #[test]
        fn eight_digits_make_the_number_they_spell(digits in "[0-9]{8}", place in 0..8_usize, other in any::<u8>()) {
            let number = |text: &[u8]| eight_digits(u64::from_le_bytes(text.try_into().unwrap()));
            let mut text = digits.into_bytes();
            prop_assert_eq!(number(&text), std::str::from_utf8(&text).unwrap().parse().ok());
            text[place] = other;
            let expected = std::str::from_utf8(&text).ok().filter(|_| other.is_ascii_digit()).map(|text| text.parse().unwrap());
            prop_assert_eq!(number(&text), expected);
        }
    }
}
