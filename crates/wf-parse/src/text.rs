//! Names and quoted text.

use crate::java;
use crate::problem::{Code, Fault, shown};

/// U+2206 and U+0394, either of which makes a metric a delta counter.
pub(crate) const DELTAS: [char; 2] = ['\u{2206}', '\u{394}'];

/// Appends text as the receiver writes it: in double quotes, `"` escaped and nothing else.
///
/// What ends in a backslash therefore does not read back; that is the receiver's own flaw.
pub(crate) fn push_quoted(text: &str, out: &mut String) {
    out.push('"');
    for (i, part) in text.split('"').enumerate() {
        if i > 0 {
            out.push_str("\\\"");
        }
        out.push_str(part);
    }
    out.push('"');
}

/// The text without quotes around it, cut after 40 characters.
pub(crate) fn cut(text: &str) -> String {
    let shown = shown(text);
    shown.trim_start_matches('\'').trim_end_matches('\'').to_owned()
}

/// Checks the alphabet of names and keys: `A-Z a-z 0-9 _ - . , /`, with `~`, `∆`, `Δ`, `∆~` or `Δ~` in front.
///
/// `what` names the field in the plural. A lone delta makes the receiver itself fail.
pub(crate) fn check_name(text: &str, what: &str, code: Code, at: usize) -> Result<(), Box<Fault>> {
    const LEGAL: [bool; 256] = {
        let mut legal = [false; 256];
        let mut byte = 0;
        while byte < legal.len() {
            legal[byte] = matches!(byte as u8, b','..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_');
            byte += 1;
        }
        legal
    };
    let legal = |byte: &u8| LEGAL[usize::from(*byte)];
    let rest = match text.strip_prefix(DELTAS) {
        Some("") => {
            let reason = format!("{what} may not be a lone delta sign; the receiver fails on it");
            return Err(Fault::new(Code::Internal, at, reason));
        }
        Some(rest) => rest.strip_prefix('~').unwrap_or(rest),
        None => text.strip_prefix('~').unwrap_or(text),
    };
    if text.is_empty() {
        return Err(Fault::new(code, at, format!("{what} may not be empty")));
    }
    // What is legal is ASCII, so the first byte that is not begins the character.
    // Four at a time without a branch between them, as nearly always all are legal.
    let mut fours = rest.as_bytes().chunks_exact(4);
    let all = fours.all(|four| legal(&four[0]) & legal(&four[1]) & legal(&four[2]) & legal(&four[3]));
    if all && fours.remainder().iter().all(legal) {
        return Ok(());
    }
    let Some(bad) = rest.as_bytes().iter().position(|byte| !legal(byte)) else { return Ok(()) };
    let bad = rest[bad..].chars().next().unwrap_or_default();
    let advice = match bad {
        ':' => "use \".\"",
        '~' => "it may only come first, or second after a delta sign",
        c if DELTAS.contains(&c) => "it may only come first",
        _ => "use \"-\"",
    };
    Err(Fault::new(code, at, format!("{what} may not contain {bad:?}; {advice}")))
}

/// Checks a length in UTF-16 units.
#[inline]
pub(crate) fn check_length(
    text: &str,
    what: &str,
    limit: usize,
    code: Code,
    at: usize,
) -> Result<(), Box<Fault>> {
    // A character is at most as many units as bytes, so short text needs no count.
    if text.len() <= limit { Ok(()) } else { check_units(text, what, limit, code, at) }
}

#[cold]
fn check_units(text: &str, what: &str, limit: usize, code: Code, at: usize) -> Result<(), Box<Fault>> {
    let length = java::length(text);
    if length <= limit {
        return Ok(());
    }
    Err(Fault::new(code, at, format!("{what} is {length} characters long; at most {limit} are allowed")))
}
