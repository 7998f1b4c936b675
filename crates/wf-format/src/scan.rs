//! Copying text while looking at it, many bytes at a time.
//!
//! Design: nearly all names, keys and values need no change, so they are copied in the same pass that finds this out;
//! for the others the pass was in vain, and the careful one writes over it. They are short too, so there is no loop: a
//! text of 8 to 15 bytes is two chunks of 8 that overlap, and so on. Chunks have fixed sizes, and go to a [`Window`] of
//! fixed size, so loads and stores are single instructions without checks. Of two chunks in memory the compiler makes vector
//! code, if nothing else is around; three bytes and fewer are looked up.

/// A set of ASCII characters.
pub(crate) trait Alphabet {
    /// Its place in [`SETS`].
    const BIT: u8;

    /// Tells whether `byte` belongs to it. Without branches, for the sake of vector code.
    fn holds(byte: u8) -> bool;
}

/// What the receiver allows in names and keys, but for what may stand before them.
pub(crate) struct Name;

impl Alphabet for Name {
    const BIT: u8 = 1;

    #[inline(always)]
    fn holds(byte: u8) -> bool {
        is_name(byte)
    }
}

/// Printable characters but the quote: what needs no second look in text.
pub(crate) struct PlainText;

impl Alphabet for PlainText {
    const BIT: u8 = 2;

    #[inline(always)]
    fn holds(byte: u8) -> bool {
        is_plain(byte)
    }
}

/// The same but for what is replaced in the name of a span.
pub(crate) struct SpanName;

impl Alphabet for SpanName {
    const BIT: u8 = 4;

    #[inline(always)]
    fn holds(byte: u8) -> bool {
        is_span_name(byte)
    }
}

#[inline(always)]
const fn is_name(byte: u8) -> bool {
    // From the comma to the nine there are all of `,-./0123456789` and no other.
    ((byte | 0x20).wrapping_sub(b'a') < 26) | (byte.wrapping_sub(b',') < 14) | (byte == b'_')
}

#[inline(always)]
const fn is_plain(byte: u8) -> bool {
    (byte.wrapping_sub(b' ') < 0x5F) & (byte != b'"')
}

#[inline(always)]
const fn is_span_name(byte: u8) -> bool {
    is_plain(byte) & (byte != b'*') & (byte != b'=')
}

/// To which sets each byte belongs.
static SETS: [u8; 256] = {
    let mut sets = [0; 256];
    let mut at = 0;
    while at < sets.len() {
        let byte = at as u8;
        sets[at] = (Name::BIT * is_name(byte) as u8)
            | (PlainText::BIT * is_plain(byte) as u8)
            | (SpanName::BIT * is_span_name(byte) as u8);
        at += 1;
    }
    sets
};

/// The beginning of the room that is left.
pub(crate) type Window = [u8; WINDOW];
pub(crate) const WINDOW: usize = 80;

/// Writes `bytes` to a place below 64.
#[inline(always)]
pub(crate) fn put<const N: usize>(window: &mut Window, at: usize, bytes: [u8; N]) {
    const { assert!(N <= WINDOW - 64) };
    // Changes nothing, and tells the compiler that there is room.
    let at = at % 64;
    if let Some(place) = window.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
        *place = bytes;
    }
}

/// The longest text that [`copy`] takes, in bytes.
pub(crate) const SHORT: usize = 32;

/// Copies a text of 1 to [`SHORT`] bytes to a place in the window, and returns its [`sample`] if all its bytes belong to
/// the alphabet.
#[inline(always)]
pub(crate) fn copy<A: Alphabet>(window: &mut Window, at: usize, text: &[u8]) -> Option<u64> {
    let length = text.len();
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        put::<16>(window, at, *first);
        put::<16>(window, at + length - 16, *last);
        return hold_both::<A, 16>(first, last).then(|| sample(text));
    }
    let (is_clean, sample) = if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        put::<8>(window, at, *first);
        put::<8>(window, at + length - 8, *last);
        (hold_both::<A, 8>(first, last), mix(u64::from_le_bytes(*first), u64::from_le_bytes(*last)))
    } else if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        put::<4>(window, at, *first);
        put::<4>(window, at + length - 4, *last);
        (hold_both::<A, 4>(first, last), join(*first, *last))
    } else {
        let few @ [first, middle, last] = few(text)?;
        put(window, at, [first]);
        put(window, at + length / 2, [middle]);
        put(window, at + length - 1, [last]);
        (holds_few::<A>(few), u32::from_le_bytes([first, middle, last, first]).into())
    };
    is_clean.then_some(sample)
}

/// Tells whether all bytes of a text belong to the alphabet.
pub(crate) fn holds<A: Alphabet>(text: &[u8]) -> bool {
    let Some(last) = text.last_chunk::<16>() else { return text.iter().all(|&byte| A::holds(byte)) };
    text.chunks_exact(16).filter_map(<[u8]>::first_chunk).all(|chunk| hold_both::<A, 16>(chunk, last))
}

/// A number for a text, mostly another one for another text: all of it up to 7 bytes, its ends if it is longer.
#[inline(always)]
pub(crate) fn sample(text: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        mix(u64::from_le_bytes(*first), u64::from_le_bytes(*last))
    } else if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        join(*first, *last)
    } else {
        few(text).map_or(0, |[first, middle, last]| u32::from_le_bytes([first, middle, last, first]).into())
    }
}

#[inline(always)]
fn mix(first: u64, last: u64) -> u64 {
    first ^ last.rotate_left(32)
}

#[inline(always)]
fn join(first: [u8; 4], last: [u8; 4]) -> u64 {
    u64::from(u32::from_le_bytes(first)) | u64::from(u32::from_le_bytes(last)) << 32
}

/// All bytes of a text of one to three, some of them twice.
#[inline(always)]
fn few(text: &[u8]) -> Option<[u8; 3]> {
    Some([*text.first()?, *text.get(text.len() / 2)?, *text.last()?])
}

/// Of so few bytes looking each up is fastest.
#[inline(always)]
fn holds_few<A: Alphabet>(bytes: [u8; 3]) -> bool {
    bytes.iter().fold(A::BIT, |sets, &byte| sets & SETS[usize::from(byte)]) != 0
}

/// Not inlined, because the compiler makes good vector code of it only where nothing else is around.
#[inline(never)]
fn hold_both<A: Alphabet, const N: usize>(first: &[u8; N], last: &[u8; N]) -> bool {
    first.iter().zip(last).fold(true, |all, (&first, &last)| all & A::holds(first) & A::holds(last))
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::{Alphabet, Name, PlainText, SHORT, SpanName, WINDOW, copy, holds, sample};

    #[track_caller]
    fn check<A: Alphabet>() {
        for length in 1..70 {
            let clean = std::vec![b'a'; length];
            check_one::<A>(&clean, true);
            for at in 0..length {
                for byte in 0..=255 {
                    let mut text = clean.clone();
                    text[at] = byte;
                    check_one::<A>(&text, A::holds(byte));
                }
            }
        }
        assert_eq!(copy::<A>(&mut [0; WINDOW], 0, b""), None);
    }

    #[track_caller]
    fn check_one<A: Alphabet>(text: &[u8], is_clean: bool) {
        assert_eq!(holds::<A>(text), is_clean, "{text:?}");
        if text.len() <= SHORT {
            let mut window = [0; WINDOW];
            assert_eq!(copy::<A>(&mut window, 21, text), is_clean.then(|| sample(text)), "{text:?}");
            assert_eq!(&window[21..][..text.len()], text);
        }
    }

    #[test]
    fn every_byte_is_seen_wherever_it_stands() {
        check::<Name>();
        check::<PlainText>();
        check::<SpanName>();
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
