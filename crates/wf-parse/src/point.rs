//! What metrics and distributions share: the source taken out of the tags, and validation.

use std::borrow::Cow;

use crate::java;
use crate::limits::Limits;
use crate::problem::{At, Code, Fault};
use crate::tags::{self, Tag};
use crate::text;

/// The source when no tag gives one.
pub(crate) const UNKNOWN_SOURCE: &str = "unknown";

/// Makes a map of the tags and takes the source out of it.
///
/// `source`, else `host`, else the first of `custom` (which stays); with both, `host` becomes `_host`. `tag` becomes
/// `_tag`. A later duplicate wins.
pub(crate) fn take_source<'a>(list: Vec<Tag<'a>>, custom: &[&str]) -> (Cow<'a, str>, At, Vec<Tag<'a>>) {
    let mut tags = tags::distinct(list);
    let most = tags.len();
    let mut source = tags::remove(&mut tags, "source");
    if source.is_some() {
        tags::rename(&mut tags, "host", "_host");
    } else {
        source = tags::remove(&mut tags, "host");
    }
    tags::rename(&mut tags, "tag", "_tag");
    let source =
        source.or_else(|| custom.iter().find_map(|key| tags.iter().find(|tag| tag.key == *key)).cloned());
    tags::sort(&mut tags, tags::buckets(tags::FIRST_BUCKETS, most));
    match source {
        Some(tag) => (tag.value, tag.at, tags),
        None => (Cow::Borrowed(UNKNOWN_SOURCE), At(usize::MAX), tags),
    }
}

/// The name of a point, and which rules it is under.
pub(crate) struct Name<'n> {
    pub(crate) text: &'n str,
    pub(crate) what: &'static str,
    pub(crate) names: &'static str,
    pub(crate) limit: usize,
    pub(crate) too_long: Code,
    pub(crate) at: At,
}

/// Checks source, name and tags in the receiver's order.
pub(crate) fn check(
    name: &Name<'_>,
    source: &str,
    source_at: At,
    tags: &[Tag<'_>],
    limits: &Limits,
) -> Result<(), Box<Fault>> {
    if java::is_blank(source) {
        return Err(Fault::new(
            Code::SourceBlank,
            source_at.0,
            "the source is blank; name the host that reports",
        ));
    }
    text::check_length(source, "the source", limits.source, Code::SourceLength, source_at.0)?;
    text::check_length(name.text, name.what, name.limit, name.too_long, name.at.0)?;
    text::check_name(name.text, name.names, Code::NameCharacters, name.at.0)?;
    if tags.len() > limits.point_tags {
        let reason =
            format!("{} point tags are too many; at most {} are allowed", tags.len(), limits.point_tags);
        let at = tags.iter().map(|tag| tag.at.0).max().unwrap_or(0);
        return Err(Fault::new(Code::TagCount, at, reason));
    }
    tags.iter().try_for_each(|tag| check_tag(tag, limits))
}

/// Key and value together must stay below this many UTF-16 units whatever the limits are.
pub(crate) const TAG_LENGTH: usize = 255;

fn check_tag(tag: &Tag<'_>, limits: &Limits) -> Result<(), Box<Fault>> {
    let at = tag.at.0;
    if tag.key.len() + tag.value.len() >= TAG_LENGTH {
        let length = java::length(&tag.key) + java::length(&tag.value);
        if length >= TAG_LENGTH {
            let reason = format!(
                "key and value of {} are {length} characters long together; at most {} are allowed",
                text::cut(&tag.key),
                TAG_LENGTH - 1,
            );
            return Err(Fault::new(Code::TagLength, at, reason));
        }
    }
    text::check_length(&tag.key, "the point tag key", limits.point_tag_key, Code::TagKeyLength, at)?;
    text::check_name(&tag.key, "point tag keys", Code::KeyCharacters, at)?;
    if java::is_blank(&tag.value) {
        let reason =
            format!("the point tag {} is blank; leave it out or give it a value", text::cut(&tag.key));
        return Err(Fault::new(Code::TagValueBlank, at, reason));
    }
    text::check_length(&tag.value, "the point tag value", limits.point_tag_value, Code::TagValueLength, at)
}
