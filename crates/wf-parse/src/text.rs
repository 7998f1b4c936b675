//! Names and quoted text.

use crate::find;
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
    let legal = find::name_length(rest.as_bytes());
    // What is legal is ASCII, so the first byte that is not begins a character.
    let Some(bad) = rest[legal..].chars().next() else { return Ok(()) };
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
