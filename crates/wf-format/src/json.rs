//! Text as JSON has it: as serde_json writes it, so UTF-8 stays and only quotes, backslashes and controls are escaped.

use crate::error::FormatError;
use crate::line::Line;

impl Line<'_, '_> {
    /// Writes `raw` as a JSON string.
    pub(crate) fn json_string(&mut self, raw: &str) -> Result<(), FormatError> {
        self.put(b"\"")?;
        let start = self.len();
        self.put(raw.as_bytes())?;
        self.escape_json(start)?;
        self.put(b"\"")
    }

    /// Escapes what was written from `start` on, where it stands: backwards, so that nothing is overwritten unread.
    pub(crate) fn escape_json(&mut self, start: usize) -> Result<(), FormatError> {
        let raw = self.since(start);
        let length = raw.len();
        let extra: usize = raw.iter().map(|&byte| Escape::of(byte).len() - 1).sum();
        if extra == 0 {
            return Ok(());
        }
        self.grow(extra)?;
        let text = self.since_mut(start);
        let mut to = text.len();
        for from in (0..length).rev() {
            let byte = text.get(from).copied().unwrap_or_default();
            let mut put = |byte| {
                to -= 1;
                if let Some(place) = text.get_mut(to) {
                    *place = byte;
                }
            };
            match Escape::of(byte) {
                Escape::None => put(byte),
                Escape::Short(letter) => [letter, b'\\'].into_iter().for_each(put),
                Escape::Code(digits) => {
                    [digits[1], digits[0], b'0', b'0', b'u', b'\\'].into_iter().for_each(put)
                }
            }
        }
        Ok(())
    }
}

/// How JSON writes a byte of UTF-8 within a string.
enum Escape {
    /// As it is.
    None,
    /// A backslash and this.
    Short(u8),
    /// `\u00` and these hexadecimal digits.
    Code([u8; 2]),
}

impl Escape {
    const fn of(byte: u8) -> Self {
        match byte {
            b'"' | b'\\' => Self::Short(byte),
            b'\n' => Self::Short(b'n'),
            b'\r' => Self::Short(b'r'),
            b'\t' => Self::Short(b't'),
            0x08 => Self::Short(b'b'),
            0x0C => Self::Short(b'f'),
            0..=0x0F => Self::Code([b'0', b"0123456789abcdef"[byte as usize]]),
            0x10..0x20 => Self::Code([b'1', b"0123456789abcdef"[(byte - 0x10) as usize]]),
            _ => Self::None,
        }
    }

    const fn len(&self) -> usize {
        match self {
            Self::None => 1,
            Self::Short(_) => 2,
            Self::Code(_) => 6,
        }
    }
}
