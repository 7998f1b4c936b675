//! The tags of the line being written, kept free of duplicates without any memory but the line itself.
//!
//! Design: a tag is written first and then compared, in its written form, with those before it; so two raw keys that
//! become the same count as the same. A 64-bit filter of the keys written says for most lines that nothing has to be
//! compared. At most `limit` tags stand in the line, so even the worst input costs `limit` comparisons a tag.

use crate::changed::Changed;
use crate::error::{Field, FormatError};
use crate::format::{Format, NamePolicy};
use crate::limits::Limits;
use crate::line::{Line, Overlong};
use crate::scan::{self, SHORT};
use crate::tags::Tags;

pub(crate) struct TagList {
    kind: TagKind,
    /// Whether the limits and the policy for names allow whatever [`Line::short_tag`] takes.
    takes_short: bool,
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
enum TagKind {
    /// A map: the last of two equal keys is kept.
    Point,
    /// A list: only an exact copy is left out.
    Span,
}

/// Writes the point's tags, then those of the format whose keys the point does not have, as the SDKs do.
#[inline(always)]
pub(crate) fn write<T: Tags + ?Sized>(line: &mut Line<'_, '_>, own: &T) -> Result<(), FormatError> {
    TagList::new(line, TagKind::Point, 0).write(line, own)
}

/// Likewise for a span, with the mark of one with logs at the end. Given are what else counts as a tag, and whether to mark
/// it.
pub(crate) fn write_span<T: Tags + ?Sized>(
    line: &mut Line<'_, '_>,
    own: &T,
    references: usize,
    marked: bool,
) -> Result<(), FormatError> {
    let mut list = TagList::new(line, TagKind::Span, references);
    list.write(line, own)?;
    if marked {
        list.global_start = Some(line.len());
        list.add(line, "_spanLogs", "true")?;
    }
    Ok(())
}

impl TagKind {
    #[inline(always)]
    fn limits(self, limits: &Limits) -> TagLimits {
        match self {
            Self::Point => TagLimits {
                key: limits.tag_key.into(),
                value: limits.tag_value.into(),
                pair: limits.tag_pair.into(),
            },
            Self::Span => TagLimits {
                key: limits.span_tag_key.into(),
                value: limits.span_tag_value.into(),
                pair: usize::MAX,
            },
        }
    }
}

/// The longest that the parts of a tag may be, in UTF-16 code units.
#[derive(Clone, Copy)]
struct TagLimits {
    key: usize,
    value: usize,
    /// Key and value together.
    pair: usize,
}

impl TagLimits {
    /// Tells whether a key of half of [`SHORT`], one unit more, and a value of [`SHORT`] are within them.
    #[inline(always)]
    fn take_short(self) -> bool {
        self.key >= SHORT / 2 && self.value >= SHORT && self.pair > SHORT / 2 + 1 + SHORT
    }
}

impl TagList {
    #[inline(always)]
    fn new(line: &Line<'_, '_>, kind: TagKind, count: usize) -> Self {
        let Format { limits, names, .. } = line.format;
        let limit = match kind {
            TagKind::Point => limits.tags,
            TagKind::Span => limits.span_tags,
        };
        Self {
            kind,
            takes_short: kind.limits(limits).take_short() && *names == NamePolicy::Receiver,
            limit: limit.into(),
            start: line.len(),
            global_start: None,
            count,
            seen: 0,
        }
    }

    #[inline(always)]
    fn write<T: Tags + ?Sized>(&mut self, line: &mut Line<'_, '_>, own: &T) -> Result<(), FormatError> {
        self.check_count()?;
        own.try_for_each(&mut |key, value| self.add(line, key, value))?;
        if let Some(global) = line.format.tags {
            self.global_start = Some(line.len());
            global.try_for_each(&mut |key, value| self.add(line, key, value))?;
        }
        Ok(())
    }

    #[inline(never)]
    fn add(&mut self, line: &mut Line<'_, '_>, key: &str, value: &str) -> Result<(), FormatError> {
        let start = line.len();
        let short = if self.takes_short { line.short_tag(key, value) } else { None };
        let sample = if let Some(sample) = short {
            self.check_key(key.as_bytes())?;
            sample
        } else {
            let key_end = self.write_tag(line, key, value)?;
            // Between the blank and the quotes.
            scan::sample(line.between(start + 2, key_end - 1))
        };
        self.count += 1;
        // A product with an odd number of many ones carries all bits into the highest six.
        let bit = 1 << (sample.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 58);
        if self.seen & bit != 0 {
            self.drop_duplicate(line, start)?;
        }
        self.seen |= bit;
        self.check_count()
    }

    /// Writes a tag that is long or needs a closer look, and returns where its quoted key ends.
    #[inline(never)]
    fn write_tag(&self, line: &mut Line<'_, '_>, key: &str, value: &str) -> Result<usize, FormatError> {
        let limits = self.kind.limits(&line.format.limits);
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

    #[inline(always)]
    fn check_count(&self) -> Result<(), FormatError> {
        if self.count > self.limit { Err(FormatError::TooManyTags) } else { Ok(()) }
    }

    #[inline(always)]
    fn check_key(&self, key: &[u8]) -> Result<(), FormatError> {
        if key == b"source" {
            return Err(FormatError::ReservedTagKey);
        }
        match (key, self.kind) {
            (_, TagKind::Point) => Ok(()),
            (b"host" | b"traceId" | b"spanId", _) => Err(FormatError::ReservedTagKey),
            ([b'0'..=b'9', rest @ ..], _) if rest.iter().all(u8::is_ascii_digit) => {
                Err(FormatError::NumericTagKey)
            }
            _ => Ok(()),
        }
    }

    /// Looks for the tag written at `new` among those before it, and takes out the one that loses.
    #[cold]
    fn drop_duplicate(&mut self, line: &mut Line<'_, '_>, new: usize) -> Result<(), FormatError> {
        let Some((key, _)) = first_tag(line.since(new)) else { return Ok(()) };
        let mut at = self.start;
        while at < new {
            let Some((old_key, old_len)) = first_tag(line.since(at)) else { break };
            let old_end = at + old_len;
            let same_key = line.since(new).get(..key) == line.since(at).get(..old_key);
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
                TagKind::Span if same_tag => {
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
