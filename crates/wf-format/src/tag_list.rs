//! The tags of the line being written, kept free of duplicates without any memory but the line itself.
//!
//! Design: a tag is written first and then compared, in its written form, with those before it; so two raw keys that
//! become the same count as the same. A 64-bit filter of the keys written says for most lines that nothing has to be
//! compared. At most `limit` tags stand in the line, so even the worst input costs `limit` comparisons a tag.

use crate::changed::Changed;
use crate::error::{Field, FormatError};
use crate::line::{Line, Overlong, TagLimits};
use crate::tags::Tags;

pub(crate) struct TagList {
    kind: TagKind,
    limits: TagLimits,
    /// How many tags there may be.
    limit: usize,
    /// Where the first tag starts in the line.
    start: usize,
    /// Where the tags start that give way to all before them, once they are being written.
    global_start: Option<usize>,
    count: usize,
    /// One bit for the hash of every key written.
    seen: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TagKind {
    /// A map: the last of two equal keys is kept.
    Point,
    /// A list: only an exact copy is left out. Given are what else counts as a tag, and whether one shall say that the
    /// span has logs.
    Span { references: usize, marked: bool },
}

/// Writes the point's tags, then those of the format whose keys the point does not have, then the mark of a span with
/// logs, as the SDKs do.
#[inline]
pub(crate) fn write<T: Tags + ?Sized>(
    line: &mut Line<'_, '_>,
    kind: TagKind,
    own: &T,
) -> Result<(), FormatError> {
    let count = match kind {
        TagKind::Point => 0,
        TagKind::Span { references, .. } => references,
    };
    let limits = &line.format.limits;
    let (key, value, pair, limit) = match kind {
        TagKind::Point => (limits.tag_key, limits.tag_value, limits.tag_pair.into(), limits.tags),
        TagKind::Span { .. } => (limits.span_tag_key, limits.span_tag_value, usize::MAX, limits.span_tags),
    };
    let limits = TagLimits { key: key.into(), value: value.into(), pair };
    let limit = limit.into();
    let mut list = TagList { kind, limits, limit, start: line.len(), global_start: None, count, seen: 0 };
    list.check_count()?;
    own.try_for_each(&mut |key, value| list.add(line, key, value))?;
    if let Some(global) = line.format.tags {
        list.global_start = Some(line.len());
        global.try_for_each(&mut |key, value| list.add(line, key, value))?;
    }
    if let TagKind::Span { marked: true, .. } = kind {
        list.global_start = Some(line.len());
        list.add(line, "_spanLogs", "true")?;
    }
    Ok(())
}

impl TagList {
    #[inline]
    fn add(&mut self, line: &mut Line<'_, '_>, key: &str, value: &str) -> Result<(), FormatError> {
        let start = line.len();
        let (bit, key_end) = if line.clean_tag(key, value, self.limits) {
            self.check_key(key.as_bytes())?;
            (bit(key.as_bytes()), start + key.len() + 3)
        } else {
            let key_end = self.write_tag(line, key, value)?;
            // Between the blank and the quotes.
            (bit(line.between(start + 2, key_end - 1)), key_end)
        };
        self.count += 1;
        if self.seen & bit != 0 {
            self.drop_duplicate(line, start, key_end)?;
        }
        self.seen |= bit;
        self.check_count()
    }

    /// Writes a tag that needs a closer look, and returns where its quoted key ends.
    #[cold]
    fn write_tag(&self, line: &mut Line<'_, '_>, key: &str, value: &str) -> Result<usize, FormatError> {
        let limits = self.limits;
        let start = line.len();
        line.put(b" ")?;
        let name = line.name(key, Field::TagKey, limits.key)?;
        let key_end = line.len();
        let written = line.between(start + 2, key_end - 1);
        self.check_key(written)?;
        // The receiver renames these with an underscore before it measures them.
        let renamed = self.kind == TagKind::Point && matches!(written, b"host" | b"tag");
        let units = name.units + usize::from(renamed);
        if units >= limits.pair {
            return Err(FormatError::TooLong(Field::TagKey));
        }
        line.put(b"=")?;
        line.text(value, Field::TagValue, usize::min(limits.value, limits.pair - units), Overlong::Cut)?;
        Ok(key_end)
    }

    #[inline]
    fn check_count(&self) -> Result<(), FormatError> {
        if self.count > self.limit { Err(FormatError::TooManyTags) } else { Ok(()) }
    }

    #[inline]
    fn check_key(&self, key: &[u8]) -> Result<(), FormatError> {
        match (key, self.kind) {
            (b"source", _) => Err(FormatError::ReservedTagKey),
            (_, TagKind::Point) => Ok(()),
            (b"host" | b"traceId" | b"spanId", _) => Err(FormatError::ReservedTagKey),
            ([b'0'..=b'9', rest @ ..], _) if rest.iter().all(u8::is_ascii_digit) => {
                Err(FormatError::NumericTagKey)
            }
            _ => Ok(()),
        }
    }

    /// Looks for the tag written at `new` (its key ends at `key_end`) among those before it, and takes out the one
    /// that loses.
    #[cold]
    fn drop_duplicate(
        &mut self,
        line: &mut Line<'_, '_>,
        new: usize,
        key_end: usize,
    ) -> Result<(), FormatError> {
        let mut at = self.start;
        while at < new {
            let Some((old_key, old_len)) = first_tag(line.since(at)) else { break };
            let old_end = at + old_len;
            let same_key = line.since(new).get(..key_end - new) == line.since(at).get(..old_key);
            let same_tag = same_key && line.since(new) == line.since(at).get(..old_len).unwrap_or_default();
            let own = self.global_start.is_none_or(|global| at < global);
            match self.kind {
                // Overridden on purpose, so no change to speak of.
                _ if same_key && own && self.global_start.is_some() => {
                    self.count -= 1;
                    line.remove(new, line.len());
                    return Ok(());
                }
                TagKind::Point if same_key => {
                    self.count -= 1;
                    line.remove(at, old_end);
                    return line.change(Changed::TAG_DROPPED, FormatError::DuplicateTag);
                }
                TagKind::Span { .. } if same_tag => {
                    self.count -= 1;
                    line.remove(new, line.len());
                    return line.change(Changed::TAG_DROPPED, FormatError::DuplicateTag);
                }
                _ => at = old_end,
            }
        }
        Ok(())
    }
}

/// The lengths of ` "key"` and ` "key"="value"` at the start of `written`.
fn first_tag(written: &[u8]) -> Option<(usize, usize)> {
    // A key holds no quote, and a value's last character is no backslash.
    let key = written.iter().skip(2).position(|&byte| byte == b'"')? + 3;
    let mut before = b' ';
    let value = written.iter().skip(key + 2).position(|&byte| {
        let closes = byte == b'"' && before != b'\\';
        before = byte;
        closes
    })?;
    Some((key, key + 2 + value + 1))
}

/// One bit of 64, another one for most keys of one line.
#[inline]
fn bit(key: &[u8]) -> u64 {
    let byte = |byte: Option<&u8>| u32::from(byte.copied().unwrap_or_default());
    let mixed = byte(key.first())
        ^ (byte(key.last()) * 5)
        ^ (byte(key.get(key.len() / 2)) * 13)
        ^ ((key.len() as u32) << 3);
    1_u64.rotate_left(mixed)
}
