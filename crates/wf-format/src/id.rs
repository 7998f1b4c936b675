use core::error::Error;
use core::fmt;
use core::str::FromStr;

use crate::scan::{self, Window};

/// The id of a trace or span, written as a UUID.
///
/// Made from a `u128`, from text, or with feature `uuid` from a `Uuid`. The receiver insists on the UUID form for trace
/// ids.
///
/// ```
/// use wf_format::Id;
///
/// let id: Id = "7b3bf470-9456-11e8-9eb6-529269fb1459".parse()?;
/// assert_eq!(id, Id::from(0x7b3bf470_9456_11e8_9eb6_529269fb1459));
/// # Ok::<(), wf_format::ParseIdError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(u128);

impl Id {
    /// The length of the text, in bytes.
    pub(crate) const LENGTH: usize = 36;

    /// The id as text: five groups of lower-case hexadecimal digits.
    pub(crate) fn text(self) -> [u8; Self::LENGTH] {
        let mut window = [0; scan::WINDOW];
        self.write(&mut window, 0);
        let mut text = [0; Self::LENGTH];
        text.copy_from_slice(&window[..Self::LENGTH]);
        text
    }

    /// Writes the text to a place in the window.
    #[inline]
    pub(crate) fn write(self, window: &mut Window, at: usize) {
        let mut digits = [0; 32];
        hex(self.0.to_be_bytes(), &mut digits);
        // From where in the digits to where in the text.
        for (from, to) in [(0, 0), (20, 24)] {
            put_some::<8>(window, at + to, &digits, from);
        }
        for (from, to) in [(8, 9), (12, 14), (16, 19), (28, 32)] {
            put_some::<4>(window, at + to, &digits, from);
        }
        for hyphen in HYPHENS {
            scan::put(window, at + hyphen, *b"-");
        }
    }
}

impl From<u128> for Id {
    fn from(id: u128) -> Self {
        Self(id)
    }
}

impl From<Id> for u128 {
    fn from(id: Id) -> Self {
        id.0
    }
}

#[cfg(feature = "uuid")]
impl From<uuid::Uuid> for Id {
    fn from(id: uuid::Uuid) -> Self {
        Self(id.as_u128())
    }
}

/// Reads 32 hexadecimal digits, with the four hyphens of a UUID or without any.
impl FromStr for Id {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let bytes = text.as_bytes();
        if bytes.len() != 32 && bytes.len() != 36 {
            return Err(ParseIdError);
        }
        let mut id = 0;
        for (at, &byte) in bytes.iter().enumerate() {
            if bytes.len() == 36 && HYPHENS.contains(&at) {
                if byte != b'-' {
                    return Err(ParseIdError);
                }
                continue;
            }
            let digit = char::from(byte).to_digit(16).ok_or(ParseIdError)?;
            id = id << 4 | u128::from(digit);
        }
        Ok(Self(id))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(core::str::from_utf8(&self.text()).unwrap_or_default())
    }
}

/// A text that is no [`Id`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ParseIdError;

impl fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("id is not 32 hexadecimal digits, with or without the hyphens of a uuid")
    }
}

impl Error for ParseIdError {}

/// Not inlined, because the compiler makes good vector code of it only where nothing else is around.
#[inline(never)]
fn hex(bytes: [u8; 16], digits: &mut [u8; 32]) {
    for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 0xF)]);
    }
}

#[inline(always)]
fn put_some<const N: usize>(window: &mut Window, at: usize, digits: &[u8; 32], from: usize) {
    if let Some(some) = digits.get(from..).and_then(<[u8]>::first_chunk) {
        scan::put::<N>(window, at, *some);
    }
}

#[inline(always)]
const fn digit(value: u8) -> u8 {
    value + if value < 10 { b'0' } else { b'a' - 10 }
}

const HYPHENS: [usize; 4] = [8, 13, 18, 23];
