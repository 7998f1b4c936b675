//! The shape that nearly all metrics have, read in one go: a name without escapes, one blank between tokens, a source, no
//! tag twice. A property test holds it against the tokenizer, which reads everything else.
//!
//! What is common is one body of code without calls, which would cost as much as the reading; what is rare is kept out of
//! it.

use std::borrow::Cow;

use crate::find;
use crate::java;
use crate::limits::Limits;
use crate::metric::Metric;
use crate::number;
use crate::point::TAG_LENGTH;
use crate::problem::At;
use crate::tags::FewTags;
use crate::time::Written;
use crate::tokens::Tokens;

/// A plain line.
#[derive(Debug)]
pub(crate) struct Plain<'a> {
    /// What it says.
    pub(crate) metric: Metric<'a>,
    /// Whether name and keys are known to be of their alphabet, without a sign in front, and no value to be blank. False
    /// says nothing.
    pub(crate) is_clean: bool,
    /// Whether the source is known to be what the first `=` of the line is for. False says nothing.
    pub(crate) is_source_first: bool,
    /// No key of a tag has more bytes.
    key_length: usize,
    /// No value of a tag has more bytes.
    value_length: usize,
}

impl<'a> Plain<'a> {
    /// Reads a line if it is plain; `None` says nothing about others.
    #[inline(always)]
    pub(crate) fn read(line: &'a str, now: i64) -> Option<Self> {
        let bytes = line.as_bytes();
        let Name { name, after: value_at, mut is_clean } = Name::read(line)?;
        let (value, mut at) = number(line, value_at)?;
        let mut timestamp_millis = now;
        let mut time_at = 0;
        if bytes.get(at)?.is_ascii_digit() {
            let (value, after) = number(line, at)?;
            timestamp_millis = Written { value, at }.millis();
            time_at = at;
            at = after;
        } else if may_be_time(bytes.get(at..)?) {
            return None;
        }
        let (is_name_clean, first_at) = (is_clean, at);
        let mut source = None;
        let mut tags = FewTags::new();
        let (mut key_length, mut value_length) = (0, 0);
        loop {
            let pair = Pair::read(line, at)?;
            is_clean &= pair.is_clean;
            let Pair { key, value, .. } = pair;
            if key == "source" && source.is_none() {
                source = Some((value, at));
            } else if ["source", "host", "tag"].contains(&key) {
                return None;
            } else {
                key_length |= key.len();
                value_length |= value.len();
                tags.push(key, pair.hash, value, At(at))?;
            }
            at = match bytes.get(pair.end) {
                None => break,
                Some(b' ') => pair.end + 1,
                Some(_) => return None,
            };
        }
        let (source, source_at) = source?;
        // Names and numbers hold no `=`.
        let is_source_first = is_name_clean && source_at == first_at;
        let metric = Metric {
            name: Cow::Borrowed(name),
            value,
            timestamp_millis,
            source,
            tags: tags.into_vec(),
            name_at: At(0),
            value_at: At(value_at),
            time_at: At(time_at),
            source_at: At(source_at),
        };
        Some(Self { metric, is_clean, is_source_first, key_length, value_length })
    }

    /// Says whether nothing but the time can be against it; false says nothing.
    #[inline(always)]
    pub(crate) fn is_within(&self, limits: &Limits) -> bool {
        // No text has more units than bytes.
        self.is_clean
            && self.metric.name.len() <= limits.metric_name
            && self.metric.source.len() <= limits.source
            && self.metric.tags.len() <= limits.point_tags
            && self.key_length <= limits.point_tag_key
            && self.value_length <= limits.point_tag_value
            && self.key_length + self.value_length < TAG_LENGTH
    }
}

/// Says whether what begins with no digit may be a timestamp all the same: in quotes, or of another script.
const fn may_be_time(rest: &[u8]) -> bool {
    let ([b'"', first, ..] | [first, ..]) = rest else { return false };
    first.is_ascii_digit() || !first.is_ascii() || *first == b'"'
}

/// The name of a metric.
struct Name<'a> {
    name: &'a str,
    /// Where what follows its blank begins.
    after: usize,
    /// See [`Plain::is_clean`].
    is_clean: bool,
}

impl<'a> Name<'a> {
    #[inline(always)]
    fn read(line: &'a str) -> Option<Self> {
        let bytes = line.as_bytes();
        let is_quoted = *bytes.first()? == b'"';
        let start = usize::from(is_quoted);
        let end = start + find::name_length(&bytes[start..]);
        let after = match &bytes[end..] {
            [b'"', b' ', ..] if is_quoted && end > start => end + 2,
            [b' ', ..] if !is_quoted && end > start => end + 1,
            _ => return Self::read_other(line),
        };
        Some(Self { name: text(line, start, end)?, after, is_clean: true })
    }

    #[inline(never)]
    fn read_other(line: &'a str) -> Option<Self> {
        let (name, end) = token(line, 0)?;
        Some(Self { name, after: blank(line, end)?, is_clean: false })
    }
}

/// A tag or the source.
struct Pair<'a> {
    key: &'a str,
    /// [`java::hash`] of the key.
    hash: u32,
    value: Cow<'a, str>,
    end: usize,
    /// See [`Plain::is_clean`].
    is_clean: bool,
}

impl<'a> Pair<'a> {
    #[inline(always)]
    fn read(line: &'a str, at: usize) -> Option<Self> {
        let bytes = line.as_bytes();
        let is_quoted = *bytes.get(at)? == b'"';
        let start = at + usize::from(is_quoted);
        let (length, hash) = find::name_length_and_hash(&bytes[start..]);
        let end = start + length;
        let value_start = match &bytes[end..] {
            [b'"', b'=', b'"', ..] if is_quoted && length > 0 => end + 3,
            [b'=', b'"', ..] if !is_quoted && length > 0 => end + 2,
            _ => return Self::read_other(line, at),
        };
        let (value, value_end) = match quoted(line, value_start) {
            Some((value, end)) => (Cow::Borrowed(value), end),
            None => escaped(line, value_start)?,
        };
        let key = text(line, start, end)?;
        // No white space, nor the quote at the end of an empty text.
        let first = bytes[value_start];
        let is_clean = (first > b' ') & (first != b'"') & first.is_ascii();
        Some(Self { key, hash, value, end: value_end, is_clean })
    }

    #[inline(never)]
    fn read_other(line: &'a str, at: usize) -> Option<Self> {
        let (key, key_end) = token(line, at)?;
        if line.as_bytes().get(key_end) != Some(&b'=') {
            return None;
        }
        let (value, end) = token(line, key_end + 1)?;
        let is_name = !key.is_empty() && find::name_length(key.as_bytes()) == key.len();
        let is_clean = is_name && matches!(value.as_bytes(), [b'!'..=b'~', ..]);
        Some(Self { key, hash: java::hash(key), value: Cow::Borrowed(value), end, is_clean })
    }
}

/// Reads a token that begins at a place, in double quotes or none, and tells where it ends.
fn token(line: &str, at: usize) -> Option<(&str, usize)> {
    let rest = line.as_bytes().get(at..)?;
    match rest.first()? {
        b'"' => quoted(line, at + 1),
        b'\'' | b'=' | b'#' => None,
        b'!'..=b'~' => {
            let end = at + find::first(rest, [b' ', b'\t', b'=']).unwrap_or(rest.len());
            Some((text(line, at, end)?, end))
        }
        _ => None,
    }
}

/// Reads what stands between the quote before a place and the next, and tells where that token ends.
#[inline(always)]
fn quoted(line: &str, start: usize) -> Option<(&str, usize)> {
    let bytes = line.as_bytes();
    let end = start + find::first(bytes.get(start..)?, [b'"'])?;
    // What stands before the end of an empty text is its first quote.
    if bytes[end - 1] == b'\\' { None } else { Some((text(line, start, end)?, end + 1)) }
}

/// Reads the same where quotes are escaped.
#[inline(never)]
fn escaped(line: &str, start: usize) -> Option<(Cow<'_, str>, usize)> {
    let mut tokens = Tokens::from(line, start - 1);
    let token = tokens.next().ok()??;
    Some((token.text(), tokens.at()))
}

/// Reads a number, and tells where what follows its blank begins.
#[inline(always)]
fn number(line: &str, at: usize) -> Option<(f64, usize)> {
    let rest = line.get(at..)?;
    match number::simple(rest) {
        Some((value, length)) if rest.as_bytes().get(length) == Some(&b' ') => Some((value, at + length + 1)),
        _ => other_number(line, at),
    }
}

#[inline(never)]
fn other_number(line: &str, at: usize) -> Option<(f64, usize)> {
    let (text, end) = token(line, at)?;
    Some((number::parse_double(text)?, blank(line, end)?))
}

/// Where what follows a blank begins.
fn blank(line: &str, at: usize) -> Option<usize> {
    (line.as_bytes().get(at) == Some(&b' ')).then_some(at + 1)
}

/// Two short steps, where one with a range is a call.
#[inline(always)]
fn text(line: &str, start: usize, end: usize) -> Option<&str> {
    line.get(..end)?.get(start..)
}
