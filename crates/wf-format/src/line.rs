//! The line being written: a cursor over the caller's bytes, and the rules for names and text.

use crate::changed::Changed;
use crate::error::{Field, FormatError};
use crate::format::{Format, NamePolicy, Strictness};
use crate::limits::MAX_LINE_LEN;
use crate::scan::{self, Alphabet, PlainText, SHORT, SpanName, Window};

/// A cursor over the caller's bytes.
#[derive(Debug)]
#[expect(unnameable_types, reason = "seen only in the sealed half of `Point`")]
pub struct Line<'b, 'f> {
    buf: &'b mut [u8],
    /// How many bytes are written; never more than `buf` has.
    at: usize,
    /// Where the present line starts; a histogram has several.
    line_start: usize,
    pub(crate) changed: Changed,
    pub(crate) format: &'f Format<'f>,
}

/// What [`Line::name`] learnt about the name it wrote.
#[derive(Clone, Copy)]
pub(crate) struct Name {
    /// Whether it starts with a delta sign.
    pub(crate) delta: bool,
    /// Its length in UTF-16 code units.
    pub(crate) units: usize,
}

/// What becomes of text over its limit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overlong {
    Cut,
    Refuse,
}

impl<'b, 'f> Line<'b, 'f> {
    pub(crate) fn new(buf: &'b mut [u8], format: &'f Format<'f>) -> Self {
        Self { buf, at: 0, line_start: 0, changed: Changed::NONE, format }
    }

    pub(crate) fn len(&self) -> usize {
        self.at
    }

    /// The bytes written from `start` on.
    pub(crate) fn since(&self, start: usize) -> &[u8] {
        self.buf.get(start..self.at).unwrap_or_default()
    }

    /// The bytes written between `start` and `end`.
    #[inline]
    pub(crate) fn between(&self, start: usize, end: usize) -> &[u8] {
        self.buf.get(start..end).unwrap_or_default()
    }

    /// The bytes written from `start` on, to change.
    pub(crate) fn since_mut(&mut self, start: usize) -> &mut [u8] {
        self.buf.get_mut(start..self.at).unwrap_or_default()
    }

    pub(crate) fn finish(self) -> &'b [u8] {
        self.buf.get(..self.at).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), FormatError> {
        // Cannot overflow: both are lengths of slices.
        let end = self.at + bytes.len();
        let Some(room) = self.buf.get_mut(self.at..end) else {
            return Err(FormatError::BufferFull);
        };
        // Most names and numbers are two chunks that overlap, which takes less time than a call of the C library.
        if let (16..=32, Some(first), Some(last)) =
            (bytes.len(), bytes.first_chunk::<16>(), bytes.last_chunk::<16>())
        {
            room.first_chunk_mut().into_iter().for_each(|place| *place = *first);
            room.last_chunk_mut().into_iter().for_each(|place| *place = *last);
        } else {
            room.copy_from_slice(bytes);
        }
        self.at = end;
        Ok(())
    }

    /// The beginning of what is left, to write to before [`keep`](Self::keep), if there is as much.
    #[inline(always)]
    pub(crate) fn window(&mut self) -> Option<&mut Window> {
        self.buf.get_mut(self.at..)?.first_chunk_mut()
    }

    /// Keeps so many bytes written to the [`window`](Self::window).
    #[inline(always)]
    pub(crate) fn keep(&mut self, length: usize) {
        self.at += length;
    }

    /// Writes once more what was written between `start` and `end`.
    pub(crate) fn repeat(&mut self, start: usize, end: usize) -> Result<(), FormatError> {
        let length = end.saturating_sub(start);
        if end > self.at || self.buf.len() - self.at < length {
            return Err(FormatError::BufferFull);
        }
        self.buf.copy_within(start..end, self.at);
        self.at += length;
        Ok(())
    }

    /// Takes room for `extra` more bytes, whose content is not specified.
    pub(crate) fn grow(&mut self, extra: usize) -> Result<(), FormatError> {
        if self.buf.len() - self.at < extra {
            return Err(FormatError::BufferFull);
        }
        self.at += extra;
        Ok(())
    }

    /// Takes out what was written between `start` and `end`.
    pub(crate) fn remove(&mut self, start: usize, end: usize) {
        if start <= end && end <= self.at {
            self.buf.copy_within(end..self.at, start);
            self.at -= end - start;
        }
    }

    /// Ends the present line.
    #[inline(always)]
    pub(crate) fn end(&mut self) -> Result<(), FormatError> {
        self.put(b"\n")?;
        self.check_length()?;
        self.line_start = self.at;
        Ok(())
    }

    /// Refuses a present line, its line feed included, that is too long.
    #[inline]
    pub(crate) fn check_length(&self) -> Result<(), FormatError> {
        if self.at - self.line_start > MAX_LINE_LEN { Err(FormatError::LineTooLong) } else { Ok(()) }
    }

    /// Notes a change, or refuses it.
    pub(crate) fn change(&mut self, what: Changed, refusal: FormatError) -> Result<(), FormatError> {
        if self.format.strictness == Strictness::Reject {
            return Err(refusal);
        }
        self.changed |= what;
        Ok(())
    }

    /// Writes a metric's name or a tag's key, quoted: the receiver's alphabet is kept, each other character becomes
    /// `-`.
    #[inline(always)]
    pub(crate) fn name(&mut self, raw: &str, field: Field, limit: usize) -> Result<Name, FormatError> {
        // Every character of a clean name is one byte and one unit, and none can be trimmed.
        if raw.len() <= usize::min(SHORT, limit) && self.keeps_slashes(raw) && self.short_name(raw).is_some()
        {
            return Ok(Name { delta: false, units: raw.len() });
        }
        self.name_with(raw, field, limit, false)
    }

    /// Writes a [`SHORT`] name, quoted, if it needs no change and there is room; otherwise nothing.
    #[inline(always)]
    fn short_name(&mut self, raw: &str) -> Option<()> {
        let window = self.window()?;
        scan::put(window, 0, *b"\"");
        scan::copy::<scan::Name>(window, 1, raw.as_bytes())?;
        scan::put(window, raw.len() + 1, *b"\"");
        self.keep(raw.len() + 2);
        Some(())
    }

    /// Writes ` "key"="value"` and returns the [`sample`](scan::sample) of the key, if neither needs a change but for a
    /// slash, the key has at most half of [`SHORT`] and the value at most that, and there is room; otherwise nothing.
    #[inline(always)]
    pub(crate) fn short_tag(&mut self, key: &str, value: &str) -> Option<u64> {
        let are_short = key.len() <= SHORT / 2 && value.len() <= SHORT;
        if !are_short || !ends_plainly(value) {
            return None;
        }
        let value_at = key.len() + 5;
        let window = self.window()?;
        scan::put(window, 0, *b" \"");
        let sample = scan::copy::<scan::Name>(window, 2, key.as_bytes())?;
        // One byte more, which the value is written over.
        scan::put(window, key.len() + 2, *b"\"=\"\"");
        scan::copy::<PlainText>(window, value_at, value.as_bytes())?;
        scan::put(window, value_at + value.len(), *b"\"");
        self.keep(value_at + value.len() + 1);
        Some(sample)
    }

    /// Tells whether every slash in a name is kept.
    #[inline]
    fn keeps_slashes(&self, raw: &str) -> bool {
        self.format.names == NamePolicy::Receiver || !has_slash(raw)
    }

    /// Writes [`SHORT`] text after `prefix`, which ends in its opening quote, if it needs no change and there is room;
    /// otherwise nothing.
    #[inline(always)]
    fn short_text<A: Alphabet, const P: usize>(&mut self, prefix: [u8; P], raw: &str) -> Option<()> {
        if !ends_plainly(raw) {
            return None;
        }
        let window = self.window()?;
        scan::put(window, 0, prefix);
        scan::copy::<A>(window, P, raw.as_bytes())?;
        scan::put(window, P + raw.len(), *b"\"");
        self.keep(P + raw.len() + 1);
        Some(())
    }

    /// Writes a delta counter's name, with a delta sign before it if it has none.
    pub(crate) fn delta_name(&mut self, raw: &str, limit: usize) -> Result<Name, FormatError> {
        self.name_with(raw, Field::Name, limit, true)
    }

    #[cold]
    fn name_with(
        &mut self,
        raw: &str,
        field: Field,
        limit: usize,
        must_be_delta: bool,
    ) -> Result<Name, FormatError> {
        let text = trim(raw);
        if text.len() != raw.len() {
            self.change(place(field), FormatError::Characters(field))?;
        }
        if text.is_empty() {
            return Err(FormatError::Blank(field));
        }

        self.put(b"\"")?;
        let start = self.at;
        let mut rest = text;
        let mut sign_len = 0;
        if text.as_bytes().first().is_some_and(|first| !first.is_ascii_alphanumeric()) || must_be_delta {
            (rest, sign_len) = self.name_prefix(text, field, must_be_delta)?;
        }
        // No character has fewer than one unit or more than four bytes, so this one is too long whatever it holds.
        if rest.len() / 4 > limit {
            return Err(FormatError::TooLong(field));
        }

        let legal = match self.format.names {
            NamePolicy::Receiver => &RECEIVER_NAME,
            NamePolicy::Python => &PYTHON_NAME,
        };
        if scan::holds::<scan::Name>(rest.as_bytes()) && self.keeps_slashes(rest) {
            self.put(rest.as_bytes())?;
        } else {
            self.change(place(field), FormatError::Characters(field))?;
            // One for each character, whose first byte is no continuation.
            for byte in rest.bytes().filter(|byte| byte & 0xC0 != 0x80) {
                let Some(place) = self.buf.get_mut(self.at) else { return Err(FormatError::BufferFull) };
                *place = if legal[usize::from(byte)] { byte } else { b'-' };
                self.at += 1;
            }
        }

        // All ASCII but the sign, which is one unit.
        let units = self.at - start - sign_len + usize::from(sign_len > 0);
        if units > limit {
            return Err(FormatError::TooLong(field));
        }
        self.put(b"\"")?;
        Ok(Name { delta: sign_len > 0, units })
    }

    /// Writes what may stand before a name: a delta sign, then a tilde. Returns the rest and the sign's bytes.
    fn name_prefix<'t>(
        &mut self,
        text: &'t str,
        field: Field,
        must_be_delta: bool,
    ) -> Result<(&'t str, usize), FormatError> {
        let unsigned = text.strip_prefix(DELTAS);
        let sign = match unsigned {
            Some(unsigned) => text.get(..text.len() - unsigned.len()).unwrap_or_default(),
            None if must_be_delta => DELTA,
            None => "",
        };
        self.put(sign.as_bytes())?;
        let unsigned = unsigned.unwrap_or(text);
        if unsigned.is_empty() {
            return Err(FormatError::LoneDelta(field));
        }
        let rest = unsigned.strip_prefix('~').unwrap_or(unsigned);
        if rest.len() < unsigned.len() {
            self.put(b"~")?;
        }
        Ok((rest, sign.len()))
    }

    /// Writes a source, tag value or span name, quoted: only quotes are escaped, as the receiver undoes nothing else.
    #[inline]
    pub(crate) fn text(
        &mut self,
        raw: &str,
        field: Field,
        limit: usize,
        overlong: Overlong,
    ) -> Result<(), FormatError> {
        if raw.len() <= usize::min(SHORT, limit) && self.short_text::<PlainText, 1>(*b"\"", raw).is_some() {
            return Ok(());
        }
        self.careful_text(raw, field, limit, overlong)
    }

    #[cold]
    fn careful_text(
        &mut self,
        raw: &str,
        field: Field,
        limit: usize,
        overlong: Overlong,
    ) -> Result<(), FormatError> {
        let mut text = self.trim_text(raw, field)?;
        if text.is_empty() {
            return Err(FormatError::Blank(field));
        }
        // A character never has more units than bytes; only a line feed grows, to two.
        let fits = text.len() <= limit && (text.len() * 2 <= limit || !text.as_bytes().contains(&b'\n'));
        if !fits {
            let cut = cut_at(text, limit);
            if cut.len() < text.len() {
                if overlong == Overlong::Refuse {
                    return Err(FormatError::TooLong(field));
                }
                self.change(place(field) | Changed::TRUNCATED, FormatError::TooLong(field))?;
                text = trim_end(cut);
                if text.is_empty() {
                    return Err(FormatError::Blank(field));
                }
            }
        }

        self.put(b"\"")?;
        let bytes = text.as_bytes();
        let mut clean = 0;
        let mut at = if scan::holds::<PlainText>(bytes) { bytes.len() } else { 0 };
        while let Some(&byte) = bytes.get(at) {
            if !SPECIAL[usize::from(byte)] {
                at += 1;
                continue;
            }
            let next = bytes.get(at + 1).copied().unwrap_or_default();
            let (width, instead): (usize, &[u8]) = match byte {
                b'"' => (1, b"\\\""),
                b'\n' => (1, b"\\n"),
                // The first byte of U+0080 to U+009F, which are controls, and of as many that are none.
                0xC2 if next < 0xA0 => (2, b" "),
                0xC2 => {
                    at += 1;
                    continue;
                }
                _ => (1, b" "),
            };
            if byte != b'"' {
                self.change(place(field) | Changed::CONTROL, FormatError::Characters(field))?;
            }
            self.put(bytes.get(clean..at).unwrap_or_default())?;
            self.put(instead)?;
            at += width;
            clean = at;
        }
        self.put(bytes.get(clean..).unwrap_or_default())?;
        self.put(b"\"")
    }

    /// Writes a source: its own, or the default if that is missing or blank.
    #[inline(always)]
    pub(crate) fn source(&mut self, own: Option<&str>) -> Result<(), FormatError> {
        let limit = self.format.limits.source.into();
        match own.or(self.format.default_source) {
            Some(source)
                if source.len() <= usize::min(SHORT, limit)
                    && self.short_text::<PlainText, 9>(*b" source=\"", source).is_some() =>
            {
                Ok(())
            }
            _ => self.careful_source(own, limit),
        }
    }

    #[cold]
    fn careful_source(&mut self, own: Option<&str>, limit: usize) -> Result<(), FormatError> {
        let own = match own {
            Some(source) if is_blank_text(source) => {
                // Blank means the default; something that only comes to nothing, such as a lone backslash, is a change.
                if !source.trim().is_empty() {
                    self.change(Changed::SOURCE, FormatError::Characters(Field::Source))?;
                }
                None
            }
            own => own,
        };
        let Some(source) = own.or(self.format.default_source) else {
            return Err(FormatError::MissingSource);
        };
        self.put(b" source=")?;
        self.careful_text(source, Field::Source, limit, Overlong::Refuse)
    }

    /// Writes text as a JSON string, as it is: JSON can carry everything.
    pub(crate) fn json_text(&mut self, raw: &str, field: Field) -> Result<(), FormatError> {
        if is_blank_text(raw) { Err(FormatError::Blank(field)) } else { self.json_string(raw) }
    }

    /// Writes a span's name.
    ///
    /// Two things are replaced by `-` besides what [`text`](Self::text) does: `*`, because a proxy does so itself, and
    /// the `=` of a first `source=` that a blank follows, because a proxy's metric port would then overlook the real
    /// source and add its own after the duration, where nothing may stand.
    pub(crate) fn span_name(&mut self, raw: &str) -> Result<(), FormatError> {
        let limit = self.format.limits.span_name.into();
        if raw.len() <= usize::min(SHORT, limit) && self.short_text::<SpanName, 1>(*b"\"", raw).is_some() {
            return Ok(());
        }
        let start = self.at;
        self.careful_text(raw, Field::Name, limit, Overlong::Refuse)?;
        let mut replaced = false;
        let written = self.since_mut(start);
        for byte in written.iter_mut().filter(|byte| **byte == b'*') {
            *byte = b'-';
            replaced = true;
        }
        while let Some(mark) = written.windows(SOURCE_MARK.len()).position(|part| part == SOURCE_MARK) {
            let end = mark + SOURCE_MARK.len();
            if written.get(end).is_none_or(|&next| next > b' ') {
                break;
            }
            if let Some(equals) = written.get_mut(end - 1) {
                *equals = b'-';
            }
            replaced = true;
        }
        if replaced { self.change(Changed::NAME, FormatError::Characters(Field::Name)) } else { Ok(()) }
    }

    fn trim_text<'t>(&mut self, raw: &'t str, field: Field) -> Result<&'t str, FormatError> {
        if keeps_its_ends(raw) {
            return Ok(raw);
        }
        let text = trim_end(trim(raw));
        if text.len() < raw.len() {
            let end = raw.trim_end_matches(is_blank);
            let backslash = if end.ends_with('\\') { Changed::BACKSLASH } else { Changed::NONE };
            self.change(place(field) | backslash, FormatError::Characters(field))?;
        }
        Ok(text)
    }
}

/// The bit for a field that holds text.
fn place(field: Field) -> Changed {
    match field {
        Field::Name => Changed::NAME,
        Field::Source => Changed::SOURCE,
        Field::TagKey => Changed::TAG_KEY,
        _ => Changed::TAG_VALUE,
    }
}

#[cold]
fn has_slash(raw: &str) -> bool {
    raw.contains('/')
}

/// Tells of text that is [`PlainText`] whether it needs no trimming.
#[inline]
fn ends_plainly(raw: &str) -> bool {
    let bytes = raw.as_bytes();
    let blank = |byte: &u8| *byte == b' ';
    bytes.first().is_some_and(|first| !blank(first))
        && bytes.last().is_some_and(|last| !blank(last) && *last != b'\\')
}

/// Tells of most text that needs no trimming that it needs none.
fn keeps_its_ends(raw: &str) -> bool {
    let bytes = raw.as_bytes();
    let plain = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_graphic() && *byte != b'\\');
    plain(bytes.first()) && plain(bytes.last())
}

/// Removes blanks from both ends.
#[inline]
fn trim(raw: &str) -> &str {
    let bytes = raw.as_bytes();
    let graphic = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    if graphic(bytes.first()) && graphic(bytes.last()) { raw } else { raw.trim_matches(is_blank) }
}

/// Tells whether nothing of the text would be left in a line.
#[inline]
pub(crate) fn is_blank_text(raw: &str) -> bool {
    !keeps_its_ends(raw) && trim_end(trim(raw)).is_empty()
}

/// Removes blanks and backslashes from the end.
fn trim_end(text: &str) -> &str {
    text.trim_end_matches(|character| character == '\\' || is_blank(character))
}

/// Whitespace, and controls because those are written as spaces: a value of nothing else is blank to the receiver.
fn is_blank(character: char) -> bool {
    character.is_whitespace() || character.is_control()
}

/// The longest beginning of `text` that is at most `limit` UTF-16 code units long once it is written.
fn cut_at(text: &str, limit: usize) -> &str {
    let mut units = 0;
    for (at, character) in text.char_indices() {
        // A line feed is written as two characters.
        units += if character == '\n' { 2 } else { character.len_utf16() };
        if units > limit {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

/// By which a proxy's metric port recognizes that a line has a source.
const SOURCE_MARK: &[u8] = b"source=";

/// Tells whether a metric of this name is a delta counter.
pub(crate) fn is_delta_name(raw: &str) -> bool {
    trim(raw).starts_with(DELTAS)
}

/// The sign that makes a name a delta counter's, as all SDKs write it.
const DELTA: &str = "\u{2206}";
/// Both signs that the receiver knows: the increment, and the Greek capital letter.
const DELTAS: [char; 2] = ['\u{2206}', '\u{394}'];

/// The bytes that the receiver allows in names and keys.
static RECEIVER_NAME: [bool; 256] = name_bytes(true);
/// The same without `/`.
static PYTHON_NAME: [bool; 256] = name_bytes(false);

const fn name_bytes(slash: bool) -> [bool; 256] {
    let mut legal = [false; 256];
    let mut byte = 0;
    while byte < legal.len() {
        legal[byte] = match byte as u8 {
            b'/' => slash,
            b',' | b'-' | b'.' | b'_' => true,
            byte => byte.is_ascii_alphanumeric(),
        };
        byte += 1;
    }
    legal
}

/// The bytes at which copying text has to stop and look.
static SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let mut byte = 0;
    while byte < special.len() {
        special[byte] = match byte as u8 {
            b'"' | 0xC2 => true,
            b'\t' => false,
            byte => byte.is_ascii_control(),
        };
        byte += 1;
    }
    special
};
