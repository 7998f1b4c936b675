//! Numbers in the notation of Python's `repr`: the shortest digits that round-trip, `42422.0`, `1e+16`, `1e-05`.

use crate::error::FormatError;
use crate::line::Line;

/// Writes a finite number.
#[inline]
pub(crate) fn float(line: &mut Line<'_, '_>, value: f64) -> Result<(), FormatError> {
    let mut digits = zmij::Buffer::new();
    let text = digits.format_finite(value);
    let magnitude = value.abs();
    if (1e-4..1e16).contains(&magnitude) || magnitude == 0.0 {
        line.put(text.as_bytes())
    } else {
        exponential(line, text)
    }
}

/// Writes an integer.
#[inline]
pub(crate) fn integer(line: &mut Line<'_, '_>, value: i64) -> Result<(), FormatError> {
    line.put(itoa::Buffer::new().format(value).as_bytes())
}

/// Rewrites `text`, positional or not, with one digit before the point and a signed exponent of two digits or more.
#[cold]
fn exponential(line: &mut Line<'_, '_>, text: &str) -> Result<(), FormatError> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));

    let mut digits = [0; MAX_DIGITS];
    let mut count = 0;
    let mut leading = 0;
    for digit in whole.bytes().chain(fraction.bytes()) {
        if count == 0 && digit == b'0' {
            leading += 1;
        } else if let Some(slot) = digits.get_mut(count) {
            *slot = digit;
            count += 1;
        }
    }
    while count > 1 && digits.get(count - 1) == Some(&b'0') {
        count -= 1;
    }
    let exponent =
        exponent.trim_start_matches('+').parse::<i32>().unwrap_or(0) + whole.len() as i32 - 1 - leading;

    line.put(sign.as_bytes())?;
    line.put(digits.get(..1).unwrap_or_default())?;
    if count > 1 {
        line.put(b".")?;
        line.put(digits.get(1..count).unwrap_or_default())?;
    }
    line.put(if exponent < 0 { b"e-" } else { b"e+" })?;
    if exponent.unsigned_abs() < 10 {
        line.put(b"0")?;
    }
    line.put(itoa::Buffer::new().format(exponent.unsigned_abs()).as_bytes())
}

// A double needs 17 digits; a positional number of this size carries zeros after them.
const MAX_DIGITS: usize = 32;
