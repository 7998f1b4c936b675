//! Timestamps: recognised by their first digit, their unit by their size.

use crate::java;
use crate::number;
use crate::problem::{Code, Fault, shown};
use crate::tokens::Tokens;

/// A timestamp as written, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    pub(crate) value: f64,
    pub(crate) at: usize,
}

impl Written {
    /// Milliseconds since the epoch: below 10¹² the number means seconds, below 10¹³ milliseconds, below 10¹⁶
    /// microseconds, else nanoseconds.
    pub(crate) fn millis(self) -> i64 {
        let whole = self.raw();
        if whole < 1_000_000_000_000 {
            (1000.0 * self.value) as i64
        } else if whole < 10_000_000_000_000 {
            whole
        } else if whole < 10_000_000_000_000_000 {
            whole / 1000
        } else {
            whole / 1_000_000
        }
    }

    /// The number itself, cut to a whole one as Java casts (saturating).
    pub(crate) const fn raw(self) -> i64 {
        self.value as i64
    }
}

/// Takes the next token if it starts with a digit; then it must be a number.
pub(crate) fn optional(tokens: &mut Tokens<'_>) -> Result<Option<Written>, Box<Fault>> {
    let Some(token) = tokens.peek()? else { return Ok(None) };
    let Some(first) = token.text().chars().next() else {
        let reason = "an empty token stands where a timestamp or a tag key belongs";
        return Err(Fault::new(Code::Syntax, token.at, reason));
    };
    if java::digit(first).is_none() {
        return Ok(None);
    }
    let at = token.at;
    match number::parse_double(&token.text()) {
        Some(value) => {
            tokens.next()?;
            Ok(Some(Written { value, at }))
        }
        None => {
            let text = token.text().clone();
            tokens.next()?;
            let key = matches!(tokens.peek(), Ok(Some(next)) if next.is("="));
            let advice = if key {
                "is read as a timestamp because it starts with a digit; put source= first or send a timestamp"
            } else {
                "is not a timestamp; give the number alone, in s, ms, µs or ns since 1970"
            };
            Err(Fault::new(Code::Syntax, at, format!("{} {advice}", shown(&text))))
        }
    }
}

/// Takes the next token, which must be a timestamp; `what` names it, `form` says how it is written.
pub(crate) fn required(tokens: &mut Tokens<'_>, what: &str, form: &str) -> Result<Written, Box<Fault>> {
    if let Some(written) = optional(tokens)? {
        return Ok(written);
    }
    Err(match tokens.peek()? {
        Some(token) => Fault::new(
            Code::Syntax,
            token.at,
            format!(
                "{what} is missing: {} stands where a number that starts with a digit belongs",
                shown(&token.text())
            ),
        ),
        None => Fault::new(Code::Syntax, tokens.end(), format!("{what} is missing; {form}")),
    })
}

/// The oldest time a point may have, exclusive: `dataBackfillCutoffHours`.
const PAST_MILLIS: i64 = 8760 * HOUR_MILLIS;
/// The newest time a point may have, exclusive, and a span, inclusive: `dataPrefillCutoffHours`.
const FUTURE_MILLIS: i64 = 24 * HOUR_MILLIS;
const HOUR_MILLIS: i64 = 3_600_000;

/// Checks the window of metrics and distributions.
pub(crate) fn check_point(millis: i64, now: i64, at: usize) -> Result<(), Box<Fault>> {
    if millis <= now.saturating_sub(PAST_MILLIS) {
        return Err(Fault::new(
            Code::Time,
            at,
            "the timestamp is a year or more in the past; check its unit",
        ));
    }
    if millis >= now.saturating_add(FUTURE_MILLIS) {
        return Err(Fault::new(
            Code::Time,
            at,
            "the timestamp is a day or more in the future; check its unit",
        ));
    }
    Ok(())
}

/// Checks the window of spans, which has no past end.
pub(crate) fn check_span(millis: i64, now: i64, at: usize) -> Result<(), Box<Fault>> {
    if millis > now.saturating_add(FUTURE_MILLIS) {
        return Err(Fault::new(
            Code::Time,
            at,
            "the span starts more than a day in the future; check its unit",
        ));
    }
    Ok(())
}
