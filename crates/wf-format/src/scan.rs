//! Copying text while looking at it, many bytes at a time.
//!
//! Design: nearly all names, keys and values need no change, so they are copied in the same pass that finds this out;
//! for the others the pass was in vain, and the careful one writes over it. Texts are short, so there is hardly a loop: a
//! text of 8 to 15 bytes is two chunks of 8 that overlap, and so on. Chunks have fixed sizes, so loads and stores are
//! single instructions. Of 16 bytes the compiler makes vector code; of 8 it makes worse than a loop, so those are
//! compared within a 64-bit word.

/// A set of ASCII characters.
pub(crate) trait Alphabet {
    /// Tells whether `byte` belongs to it. Without branches, for the sake of vector code.
    fn holds(byte: u8) -> bool;

    /// Tells of eight bytes at once whether there are others among them: then some high bit is set.
    fn strangers(bytes: u64) -> u64;
}

/// What the receiver allows in names and keys, but for what may stand before them.
pub(crate) struct Name;

impl Alphabet for Name {
    #[inline(always)]
    fn holds(byte: u8) -> bool {
        // From the comma to the nine there are all of `,-./0123456789` and no other.
        ((byte | 0x20).wrapping_sub(b'a') < 26) | (byte.wrapping_sub(b',') < 14) | (byte == b'_')
    }

    #[inline(always)]
    fn strangers(bytes: u64) -> u64 {
        let low = bytes & !HIGH;
        let letter = between(low | repeat(0x20), b'a', b'z');
        !(letter | between(low, b',', b'9') | between(low, b'_', b'_')) | bytes
    }
}

/// Printable characters but the quote: what needs no second look in text.
pub(crate) struct PlainText;

impl Alphabet for PlainText {
    #[inline(always)]
    fn holds(byte: u8) -> bool {
        (byte.wrapping_sub(b' ') < 0x5F) & (byte != b'"')
    }

    #[inline(always)]
    fn strangers(bytes: u64) -> u64 {
        // Only a byte that does not belong borrows from the next, or carries into it, so what these make up does no harm.
        let control = bytes.wrapping_sub(repeat(b' '));
        let quote = (bytes ^ repeat(b'"')).wrapping_sub(repeat(1));
        control | quote | bytes.wrapping_add(repeat(1))
    }
}

/// All bytes: for copying alone.
pub(crate) struct Anything;

impl Alphabet for Anything {
    #[inline(always)]
    fn holds(_: u8) -> bool {
        true
    }

    #[inline(always)]
    fn strangers(_: u64) -> u64 {
        0
    }
}

/// Copies `from` to `to`, which must be as long, and tells whether all its bytes belong to the alphabet.
#[inline(always)]
pub(crate) fn copy<A: Alphabet>(to: &mut [u8], from: &[u8]) -> bool {
    if to.len() != from.len() {
        return false;
    }
    if let (Some(last), Some(to_last)) = (from.last_chunk::<16>(), to.last_chunk_mut::<16>()) {
        *to_last = *last;
        let mut all = holds_all::<A>(last);
        let (to, _) = to.split_at_mut(from.len() - 1);
        for (to, from) in to.chunks_exact_mut(16).zip(from.chunks_exact(16)) {
            if let (Some(to), Some(from)) = (to.first_chunk_mut::<16>(), from.first_chunk::<16>()) {
                all &= holds_all::<A>(from);
                *to = *from;
            }
        }
        return all;
    }
    if let Some((first, last)) = copy_ends::<8>(to, from) {
        let strangers = A::strangers(u64::from_le_bytes(first)) | A::strangers(u64::from_le_bytes(last));
        return strangers & HIGH == 0;
    }
    if let Some((first, last)) = copy_ends::<4>(to, from) {
        let bytes = u64::from(u32::from_le_bytes(first)) | u64::from(u32::from_le_bytes(last)) << 32;
        return A::strangers(bytes) & HIGH == 0;
    }
    // Three bytes at most; looking at them together measured slower.
    let mut all = true;
    for (to, &from) in to.iter_mut().zip(from) {
        all &= A::holds(from);
        *to = from;
    }
    all
}

/// Not inlined, because the compiler makes good vector code of it only where nothing else is around.
#[inline(never)]
fn holds_all<A: Alphabet>(bytes: &[u8; 16]) -> bool {
    bytes.iter().fold(true, |all, &byte| all & A::holds(byte))
}

/// Copies the first and the last `N` bytes, which overlap or meet in a text of `N` to twice as many, and returns them.
#[inline(always)]
fn copy_ends<const N: usize>(to: &mut [u8], from: &[u8]) -> Option<([u8; N], [u8; N])> {
    let (&first, &last) = (from.first_chunk::<N>()?, from.last_chunk::<N>()?);
    *to.first_chunk_mut()? = first;
    *to.last_chunk_mut()? = last;
    Some((first, last))
}

/// Sets the high bit of each byte from `low` to `high`; no byte may have it set before.
#[inline(always)]
const fn between(bytes: u64, low: u8, high: u8) -> u64 {
    ((bytes | HIGH) - repeat(low)) & ((repeat(high) | HIGH) - bytes)
}

const fn repeat(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

const HIGH: u64 = repeat(0x80);

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::{Alphabet, Name, PlainText, copy};

    #[track_caller]
    fn check<A: Alphabet>() {
        for length in 0..70 {
            let clean = std::vec![b'a'; length];
            let mut to = std::vec![0; length];
            assert!(copy::<A>(&mut to, &clean));
            assert_eq!(to, clean);
            for at in 0..length {
                for byte in 0..=255 {
                    let mut from = clean.clone();
                    from[at] = byte;
                    assert_eq!(copy::<A>(&mut to, &from), A::holds(byte), "{length} {at} {byte}");
                    assert_eq!(to, from);
                }
            }
        }
        assert!(!copy::<A>(&mut [0; 3], b"aa"));
    }

    #[test]
    fn every_byte_is_seen_wherever_it_stands() {
        check::<Name>();
        check::<PlainText>();
    }

    #[test]
    fn alphabets_are_the_documents() {
        let held = |holds: fn(u8) -> bool| (0..=255).filter(|&byte| holds(byte)).collect::<Vec<u8>>();
        let name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.,/".contains(byte);
        assert_eq!(held(Name::holds), (0..=255).filter(name).collect::<Vec<u8>>());
        let plain = |byte: &u8| (b' '..=b'~').contains(byte) && *byte != b'"';
        assert_eq!(held(PlainText::holds), (0..=255).filter(plain).collect::<Vec<u8>>());
    }
}
