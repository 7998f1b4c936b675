//! The annotations of an event, kept free of duplicates without any memory but the line itself.
//!
//! Design: as with point tags, one is written first and its written key compared with those before it. Each is written
//! with its separator, a blank before it or a comma after it, so that one that loses can be cut out whole.

use crate::changed::Changed;
use crate::error::{Field, FormatError};
use crate::format::EventForm;
use crate::line::{Line, Overlong};
use crate::tags::Tags;

/// Writes ` key="value"` each, or for JSON `"key":"value"` each with commas between them.
pub(crate) fn write<T: Tags + ?Sized>(
    line: &mut Line<'_, '_>,
    form: EventForm,
    annotations: &T,
) -> Result<(), FormatError> {
    let first = line.len();
    annotations.try_for_each(&mut |key, value| {
        let start = line.len();
        let key_len = write_one(line, form, key, value)?;
        let mut at = first;
        while at < start {
            let Some((old_key, old_len)) = first_one(line.since(at), form) else { break };
            if line.between(at, at + old_key) == line.between(start, start + key_len) {
                line.remove(at, at + old_len);
                line.change(Changed::TAG_DROPPED, FormatError::DuplicateTag)?;
                break;
            }
            at += old_len;
        }
        // The only bound: whoever gives more annotations than fit a line is told before all are compared.
        line.check_length()
    })?;
    if form == EventForm::Json && line.len() > first {
        line.remove(line.len() - 1, line.len());
    }
    Ok(())
}

/// Returns the length up to the end of the key.
fn write_one(line: &mut Line<'_, '_>, form: EventForm, key: &str, value: &str) -> Result<usize, FormatError> {
    let start = line.len();
    if form == EventForm::Line {
        line.put(b" ")?;
    }
    let name = line.len();
    line.name(key, Field::TagKey, usize::MAX)?;
    if matches!(line.since(name), b"\"host\"" | b"\"tag\"" | b"\"eventTag\"") {
        return Err(FormatError::ReservedTagKey);
    }
    if form == EventForm::Line {
        // The documents have these keys bare.
        line.remove(line.len() - 1, line.len());
        line.remove(name, name + 1);
    }
    let key_len = line.len() - start;
    match form {
        EventForm::Line => {
            line.put(b"=")?;
            line.text(value, Field::TagValue, usize::MAX, Overlong::Refuse)?;
        }
        EventForm::Json => {
            line.put(b":")?;
            line.json_text(value, Field::TagValue)?;
            line.put(b",")?;
        }
    }
    Ok(key_len)
}

/// The lengths of the key and of the whole annotation at the start of `written`.
fn first_one(written: &[u8], form: EventForm) -> Option<(usize, usize)> {
    let (separator, after) = match form {
        EventForm::Line => (b'=', 0),
        EventForm::Json => (b':', 1),
    };
    let key = written.iter().position(|&byte| byte == separator)?;
    let mut escaped = false;
    let value = written.iter().skip(key + 2).position(|&byte| {
        let closes = byte == b'"' && !escaped;
        // In a line a backslash before a quote escapes it, whatever stands before that.
        escaped = byte == b'\\' && (form == EventForm::Line || !escaped);
        closes
    })?;
    Some((key, key + 2 + value + 1 + after))
}
