use crate::error::{Field, FormatError};
use crate::format::{Encoded, Format, Kind};
use crate::line::{Line, Overlong};
use crate::point::{Encode, POINT_GUESS, Point};

/// An operation on the tags of a source. Only a proxy takes it.
///
/// A tag has the alphabet of metric names (a `:`, which the documents allow, is refused by the proxy and becomes `-`).
/// The proxy turns each tag added or deleted into an operation of its own, five a second by default; a `/` in such a tag
/// is taken, but breaks the path of the request that the proxy makes of it.
///
/// ```
/// use wf_format::SourceTag;
///
/// let mut buf = [0; 128];
/// let encoded = SourceTag::add(&["env.prod", "db"]).source("web-1").encode(&mut buf)?;
/// assert_eq!(encoded.line, b"@SourceTag action=add source=\"web-1\" \"env.prod\" \"db\"\n");
/// # Ok::<(), wf_format::FormatError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SourceTag<'a> {
    action: &'static str,
    source: Option<&'a str>,
    tags: &'a [&'a str],
}

impl<'a> SourceTag<'a> {
    /// Adds tags to those that the source has.
    #[must_use]
    pub const fn add(tags: &'a [&'a str]) -> Self {
        Self { action: "add", source: None, tags }
    }

    /// Replaces all tags of the source.
    #[must_use]
    pub const fn save(tags: &'a [&'a str]) -> Self {
        Self { action: "save", source: None, tags }
    }

    /// Takes tags from the source.
    #[must_use]
    pub const fn delete(tags: &'a [&'a str]) -> Self {
        Self { action: "delete", source: None, tags }
    }

    /// Sets the source. Default, also for a blank one: the format's.
    #[must_use]
    pub const fn source(mut self, source: &'a str) -> Self {
        self.source = Some(source);
        self
    }

    /// Encodes the operation with [`Format::DEFAULT`].
    ///
    /// # Errors
    ///
    /// As [`Format::encode`].
    pub fn encode<'b>(&self, buf: &'b mut [u8]) -> Result<Encoded<'b>, FormatError> {
        Format::DEFAULT.encode(self, buf)
    }
}

impl Point for SourceTag<'_> {
    fn kind(&self) -> Kind {
        Kind::SourceTag
    }
}

impl Encode for SourceTag<'_> {
    fn size_guess(&self) -> usize {
        POINT_GUESS
    }

    fn write(&self, line: &mut Line<'_, '_>) -> Result<Kind, FormatError> {
        if self.tags.is_empty() {
            return Err(FormatError::NoTags);
        }
        write_head(line, b"@SourceTag action=", self.action, self.source)?;
        for tag in self.tags {
            line.put(b" ")?;
            line.name(tag, Field::Tag, usize::MAX)?;
        }
        line.end()?;
        Ok(Kind::SourceTag)
    }
}

/// An operation on the description of a source. Only a proxy takes it.
///
/// ```
/// use wf_format::SourceDescription;
///
/// let mut buf = [0; 128];
/// let encoded = SourceDescription::save("the \"old\" one").source("web-1").encode(&mut buf)?;
/// assert_eq!(encoded.line, b"@SourceDescription action=save source=\"web-1\" \"the \\\"old\\\" one\"\n");
/// # Ok::<(), wf_format::FormatError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SourceDescription<'a> {
    source: Option<&'a str>,
    /// What to save; nothing means to delete.
    text: Option<&'a str>,
}

impl<'a> SourceDescription<'a> {
    /// Sets the description of the source, any text.
    #[must_use]
    pub const fn save(text: &'a str) -> Self {
        Self { source: None, text: Some(text) }
    }

    /// Removes the description of the source.
    #[must_use]
    pub const fn delete() -> Self {
        Self { source: None, text: None }
    }

    /// Sets the source. Default, also for a blank one: the format's.
    #[must_use]
    pub const fn source(mut self, source: &'a str) -> Self {
        self.source = Some(source);
        self
    }

    /// Encodes the operation with [`Format::DEFAULT`].
    ///
    /// # Errors
    ///
    /// As [`Format::encode`].
    pub fn encode<'b>(&self, buf: &'b mut [u8]) -> Result<Encoded<'b>, FormatError> {
        Format::DEFAULT.encode(self, buf)
    }
}

impl Point for SourceDescription<'_> {
    fn kind(&self) -> Kind {
        Kind::SourceDescription
    }
}

impl Encode for SourceDescription<'_> {
    fn size_guess(&self) -> usize {
        POINT_GUESS
    }

    fn write(&self, line: &mut Line<'_, '_>) -> Result<Kind, FormatError> {
        let action = if self.text.is_some() { "save" } else { "delete" };
        write_head(line, b"@SourceDescription action=", action, self.source)?;
        if let Some(text) = self.text {
            line.put(b" ")?;
            line.text(text, Field::Description, usize::MAX, Overlong::Refuse)?;
        }
        line.end()?;
        Ok(Kind::SourceDescription)
    }
}

fn write_head(
    line: &mut Line<'_, '_>,
    literal: &[u8],
    action: &str,
    source: Option<&str>,
) -> Result<(), FormatError> {
    line.put(literal)?;
    line.put(action.as_bytes())?;
    line.source(source)
}
