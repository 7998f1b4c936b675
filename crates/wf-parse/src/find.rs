//! Searching bytes eight at a time. Most tokens are shorter than the start of a general search takes.

/// The place of the first of `bytes` in `text`.
#[inline]
pub(crate) fn first<const N: usize>(text: &[u8], bytes: [u8; N]) -> Option<usize> {
    let patterns = bytes.map(|byte| u64::from(byte) * ONES);
    let mut at = 0;
    while let Some(chunk) = text.get(at..).and_then(|rest| rest.first_chunk()) {
        let chunk = u64::from_le_bytes(*chunk);
        // The top bit of each byte that equals a pattern; above the lowest of them, some that do not.
        let hits = patterns.iter().fold(0, |hits, pattern| {
            let differs = chunk ^ pattern;
            hits | (differs.wrapping_sub(ONES) & !differs)
        }) & (ONES << 7);
        if hits != 0 {
            return Some(at + hits.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let rest = text.get(at..).unwrap_or_default();
    rest.iter().position(|byte| bytes.contains(byte)).map(|place| at + place)
}

const ONES: u64 = u64::MAX / 255;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::first;

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
    }
}
