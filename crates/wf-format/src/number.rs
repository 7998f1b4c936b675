//! Numbers in the notation of Python's `repr`: the shortest digits that round-trip, `42422.0`, `1e+16`, `1e-05`.
//!
//! Design: most values are whole or have a few decimals. Those and integers below 10^16 are written straight into the
//! line, eight digits at once; zmij and itoa do the others, and all of them where the buffer is nearly full.

use crate::error::FormatError;
use crate::line::Line;
use crate::scan::{Window, put};

/// Writes `prefix` and a finite number.
#[inline(always)]
pub(crate) fn float<const P: usize>(
    line: &mut Line<'_, '_>,
    prefix: &[u8; P],
    value: f64,
) -> Result<(), FormatError> {
    // No two decimals of 15 digits or fewer are the same double, so one that reads back as the value is its shortest
    // text. Beside so large a number there is no room for a fraction, so the sum is rounded, and ends in the integer.
    let magnitude = value.abs();
    let rounded = magnitude * DECIMALS + ONES;
    let scaled = rounded - ONES;
    if scaled < E12 as f64 && scaled / DECIMALS == magnitude {
        if let Some(window) = line.window() {
            put(window, 0, *prefix);
            put(window, P, *b"-");
            let at = P + usize::from(value.is_sign_negative());
            let end = decimals(window, at, rounded.to_bits() & (ONES as u64 - 1));
            line.keep(end);
            return Ok(());
        }
    }
    any_float(line, prefix, value)
}

/// Writes `prefix` and an integer.
#[inline(never)]
pub(crate) fn integer<const P: usize>(
    line: &mut Line<'_, '_>,
    prefix: &[u8; P],
    value: i64,
) -> Result<(), FormatError> {
    let magnitude = value.unsigned_abs();
    if value >= 0 && magnitude < E8 * E8 {
        if let Some(window) = line.window() {
            put(window, 0, *prefix);
            let end = match magnitude {
                // Most times in seconds or milliseconds: no zeros to look for.
                E12..E13 => {
                    let first = magnitude / E12;
                    put(window, P, [b'0' + first as u8]);
                    let four = four_digits(magnitude / E8 - first * E4) as u32;
                    put(window, P + 1, (four | ZEROS as u32).to_le_bytes());
                    put(window, P + 5, padded(magnitude % E8));
                    P + 13
                }
                E9..E10 => {
                    let tens = magnitude / E9;
                    put(window, P, [b'0' + tens as u8, b'0' + (magnitude / E8 - tens * 10) as u8]);
                    put(window, P + 2, padded(magnitude % E8));
                    P + 10
                }
                E8.. => {
                    let at = leading(window, P, magnitude / E8);
                    put(window, at, padded(magnitude % E8));
                    at + 8
                }
                _ => leading(window, P, magnitude),
            };
            line.keep(end);
            return Ok(());
        }
    }
    line.put(prefix)?;
    line.put(itoa::Buffer::new().format(value).as_bytes())
}

/// Writes `prefix` and an integer that is mostly small, such as a count.
#[inline(always)]
pub(crate) fn count<const P: usize>(
    line: &mut Line<'_, '_>,
    prefix: &[u8; P],
    value: i64,
) -> Result<(), FormatError> {
    if let (0..E4, Some(window)) = (value as u64, line.window()) {
        put(window, 0, *prefix);
        let digits = four_digits(value as u64) as u32;
        // The last digit is kept even if it is a zero.
        let zeros = (digits | 1 << 24).trailing_zeros() & !7;
        put(window, P, ((digits | ZEROS as u32) >> zeros).to_le_bytes());
        line.keep(P + 4 - zeros as usize / 8);
        return Ok(());
    }
    integer(line, prefix, value)
}

/// Writes a number of ten-thousandths, below 10^12, and returns where it ends.
#[inline(always)]
fn decimals(window: &mut Window, at: usize, magnitude: u64) -> usize {
    let at = leading(window, at, magnitude / E4);
    let fraction = four_digits(magnitude % E4) as u32;
    // The last digit stands in the highest byte; the first is kept even if it is a zero.
    let zeros = (fraction | 1).leading_zeros() as usize / 8;
    put(window, at, [b'.']);
    put(window, at + 1, (fraction | ZEROS as u32).to_le_bytes());
    at + 5 - zeros
}

/// Writes an integer below 10^8 without zeros before it, and returns where it ends.
#[inline(always)]
fn leading(window: &mut Window, at: usize, value: u64) -> usize {
    let digits = if value < E4 { four_digits(value) << 32 } else { eight_digits(value) };
    // The last digit is kept even if it is a zero.
    let zeros = (digits | 1 << 56).trailing_zeros() & !7;
    put(window, at, ((digits | ZEROS) >> zeros).to_le_bytes());
    at + 8 - zeros as usize / 8
}

/// An integer below 10^8 with zeros before it.
#[inline(always)]
fn padded(value: u64) -> [u8; 8] {
    (eight_digits(value) | ZEROS).to_le_bytes()
}

/// The digits of an integer below 10^8, one in each byte, the first in the lowest. Each step halves the groups, and
/// divides all of them at once by multiplying with a rounded reciprocal; no lane overflows.
#[inline(always)]
fn eight_digits(value: u64) -> u64 {
    let fours = (value / E4) | ((value % E4) << 32);
    let hundreds = (fours.wrapping_mul(10_486) >> 20) & 0x7F_0000_007F;
    let twos = hundreds | fours.wrapping_sub(hundreds.wrapping_mul(100)) << 16;
    let tens = (twos.wrapping_mul(103) >> 10) & 0xF_000F_000F_000F;
    tens | twos.wrapping_sub(tens.wrapping_mul(10)) << 8
}

/// The digits of an integer below 10^4, likewise in four bytes.
#[inline(always)]
fn four_digits(value: u64) -> u64 {
    let hundreds = value.wrapping_mul(10_486) >> 20;
    let twos = hundreds | value.wrapping_sub(hundreds.wrapping_mul(100)) << 16;
    let tens = (twos.wrapping_mul(103) >> 10) & 0xF_000F;
    tens | twos.wrapping_sub(tens.wrapping_mul(10)) << 8
}

#[inline(never)]
fn any_float(line: &mut Line<'_, '_>, prefix: &[u8], value: f64) -> Result<(), FormatError> {
    line.put(prefix)?;
    let mut digits = zmij::Buffer::new();
    let text = digits.format_finite(value);
    let magnitude = value.abs();
    if (1e-4..1e16).contains(&magnitude) || magnitude == 0.0 {
        line.put(text.as_bytes())
    } else {
        exponential(line, text)
    }
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
const DECIMALS: f64 = E4 as f64;
/// 2^52, from where on doubles are whole.
const ONES: f64 = (1_u64 << 52) as f64;
const E4: u64 = 10_000;
const E8: u64 = 100_000_000;
const E9: u64 = E8 * 10;
const E10: u64 = E8 * 100;
const E12: u64 = E8 * E4;
const E13: u64 = E12 * 10;
const ZEROS: u64 = 0x3030_3030_3030_3030;

#[cfg(test)]
mod tests {
    use core::str;

    use super::{any_float, float};
    use crate::format::Format;
    use crate::line::Line;

    #[track_caller]
    fn check(value: f64) {
        let (mut fast, mut slow) = ([0; 64], [0; 64]);
        let mut line = Line::new(&mut fast, &Format::DEFAULT);
        assert_eq!(float(&mut line, b" ", value), Ok(()));
        let fast = line.finish();
        let mut line = Line::new(&mut slow, &Format::DEFAULT);
        assert_eq!(any_float(&mut line, b" ", value), Ok(()));
        assert_eq!(str::from_utf8(fast), str::from_utf8(line.finish()));
    }

    #[test]
    fn both_ways_write_the_same() {
        let edges =
            [0.0, 0.0001, 0.00015, 0.1, 0.3, 1.0, 9999.9999, 1e4, 99999999.9999, 1e8, 1e12, 1e15, 1e300];
        edges.into_iter().for_each(|value| [value, -value].into_iter().for_each(check));
        // Marsaglia's xorshift64.
        let mut random = 0x9E37_79B9_7F4A_7C15_u64;
        for round in 0..if cfg!(miri) { 50 } else { 100_000 } {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            // All magnitudes, as whole numbers, with up to five decimals, and beside those.
            let whole = (random >> (round % 50)) as i64 as f64;
            let value = whole / [1.0, 10.0, 100.0, 1e3, 1e4, 1e5][round % 6];
            check(value);
            check(f64::from_bits(value.to_bits() ^ 1));
            check(f64::from_bits(random & !(1 << 62)));
        }
    }
}
