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
        let [a, b, c, d] = [96, 64, 32, 0].map(|shift| hex((self.0 >> shift) as u32));
        // From the left, because some write over the place of the next.
        for (place, digits) in [(0, a), (9, b), (14, b << 32), (19, c), (24, c << 32), (28, d)] {
            scan::put(window, at + place, digits.to_be_bytes());
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

/// The eight hexadecimal digits of a number, all at once: each step gives halves of a group groups of their own.
fn hex(number: u32) -> u64 {
    let number = u64::from(number);
    let halves = (number | number << 16) & 0x0000_FFFF_0000_FFFF;
    let bytes = (halves | halves << 8) & 0x00FF_00FF_00FF_00FF;
    let digits = (bytes | bytes << 4) & 0x0F0F_0F0F_0F0F_0F0F;
    // One for each digit above nine, which reach sixteen if six is added.
    let letters = ((digits + 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101;
    digits + 0x3030_3030_3030_3030 + letters * LETTER_OFFSET
}

/// From where a letter would stand if it followed the nine to where it does.
const LETTER_OFFSET: u64 = (b'a' - b'0' - 10) as u64;
const HYPHENS: [usize; 4] = [8, 13, 18, 23];
