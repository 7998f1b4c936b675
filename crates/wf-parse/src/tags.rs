//! Tags: key=value pairs as a list (spans), or as the map that points keep, in the order a Java `HashMap` shows.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::java;
use crate::problem::{At, Code, Fault};
use crate::text;
use crate::tokens::Tokens;

/// A point tag, span tag or event annotation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tag<'a> {
    /// The key, unquoted.
    pub key: Cow<'a, str>,
    /// The value, unquoted.
    pub value: Cow<'a, str>,
    pub(crate) at: At,
}

impl Tag<'_> {
    pub(crate) fn into_owned(self) -> Tag<'static> {
        Tag { key: self.key.into_owned().into(), value: self.value.into_owned().into(), at: self.at }
    }
}

/// Reads one pair: a token, the token `=`, a token.
pub(crate) fn pair<'a>(tokens: &mut Tokens<'a>) -> Result<Option<Tag<'a>>, Box<Fault>> {
    let Some(key) = tokens.next()? else { return Ok(None) };
    match tokens.next()? {
        Some(equals) if equals.text == "=" => {}
        _ => return Err(Fault::new(Code::Syntax, key.at, missing_equals(&key.text))),
    }
    match tokens.next()? {
        Some(value) => Ok(Some(Tag { key: key.text, value: value.text, at: At(key.at) })),
        None => {
            Err(Fault::new(Code::Syntax, tokens.end(), format!("{} has no value after its '='", key.text)))
        }
    }
}

#[cold]
fn missing_equals(key: &str) -> String {
    let hint = if key == "=" {
        return "a tag cannot start with '='; put a value that holds '=' in quotes".to_owned();
    } else if key == "#" {
        "; put text that starts with '#' in quotes together with the rest of it"
    } else if key
        .strip_prefix(['+', '-'])
        .is_some_and(|digits| digits.starts_with(|c: char| c.is_ascii_digit()))
    {
        "; a timestamp has no sign and follows the value"
    } else if key.starts_with(|c: char| c.is_ascii_digit()) && key.parse::<f64>().is_ok() {
        "; a timestamp stands only once, directly after the value"
    } else {
        ""
    };
    format!("{} is missing its '='{hint}", text::cut(key))
}

/// Reads pairs to the end of the line.
pub(crate) fn pairs<'a>(tokens: &mut Tokens<'a>) -> Result<Vec<Tag<'a>>, Box<Fault>> {
    let mut tags = Vec::new();
    while let Some(tag) = pair(tokens)? {
        tags.push(tag);
    }
    Ok(tags)
}

/// Keys in order of first appearance, each with its last value; what `HashMap.put` leaves, before its order.
pub(crate) fn distinct(tags: Vec<Tag<'_>>) -> Vec<Tag<'_>> {
    // Few tags: comparing all is cheapest. Many: an index keeps the work linear.
    const FEW: usize = 16;
    let mut kept: Vec<Tag<'_>> = Vec::with_capacity(tags.len());
    let mut index: HashMap<Cow<'_, str>, usize> = HashMap::new();
    let many = tags.len() > FEW;
    for tag in tags {
        let found = if many {
            index.get(&tag.key).copied()
        } else {
            kept.iter().position(|seen| seen.key == tag.key)
        };
        match found {
            Some(at) => {
                if let Some(seen) = kept.get_mut(at) {
                    *seen = tag;
                }
            }
            None => {
                if many {
                    index.insert(tag.key.clone(), kept.len());
                }
                kept.push(tag);
            }
        }
    }
    kept
}

/// Takes a key out of a map.
pub(crate) fn remove<'a>(tags: &mut Vec<Tag<'a>>, key: &str) -> Option<Tag<'a>> {
    let at = tags.iter().position(|tag| tag.key == key)?;
    Some(tags.remove(at))
}

/// Renames a key as `put(to, remove(from))` does: overwriting `to` in its place, else going last.
pub(crate) fn rename(tags: &mut Vec<Tag<'_>>, from: &str, to: &'static str) {
    let Some(mut tag) = remove(tags, from) else { return };
    tag.key = Cow::Borrowed(to);
    match tags.iter_mut().find(|seen| seen.key == to) {
        Some(seen) => *seen = tag,
        None => tags.push(tag),
    }
}

/// Sorts as a Java `HashMap` iterates, given the most keys it ever held.
///
/// By bucket, within one by insertion. Not reproduced: nine or more keys in one bucket, which Java grows or treeifies.
pub(crate) fn sort_as_java(tags: &mut Vec<Tag<'_>>, most: usize) {
    if tags.len() < 2 {
        return;
    }
    let mut buckets = 16_usize;
    while most > buckets / 4 * 3 {
        buckets *= 2;
    }
    let mask = u32::try_from(buckets - 1).unwrap_or(u32::MAX);
    // A counting sort, so that a line of a million tags stays linear: first the sizes, then the starts.
    let mut keyed: Vec<(u32, Tag<'_>)> =
        core::mem::take(tags).into_iter().map(|tag| (java::spread_hash(&tag.key) & mask, tag)).collect();
    if keyed.len() <= 32 {
        keyed.sort_by_key(|(bucket, _)| *bucket);
        tags.extend(keyed.into_iter().map(|(_, tag)| tag));
        return;
    }
    let mut chains: Vec<Vec<Tag<'_>>> = Vec::new();
    chains.resize_with(buckets, Vec::new);
    for (bucket, tag) in keyed {
        if let Some(chain) = chains.get_mut(bucket as usize) {
            chain.push(tag);
        }
    }
    tags.extend(chains.into_iter().flatten());
}

pub(crate) fn find<'t>(tags: &'t [Tag<'_>], key: &str) -> Option<&'t str> {
    tags.iter().find(|tag| tag.key == key).map(|tag| &*tag.value)
}

/// Appends ` "key"="value"` for each.
pub(crate) fn push_all(tags: &[Tag<'_>], out: &mut String) {
    for tag in tags {
        out.push(' ');
        text::push_quoted(&tag.key, out);
        out.push('=');
        text::push_quoted(&tag.value, out);
    }
}
