//! Tags: key=value pairs as a list (spans), or as the map that points keep, in the order a Java `HashMap` shows.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::java;
use crate::problem::{At, Code, Fault};
use crate::text;
use crate::tokens::{Token, Tokens};

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
    if !tokens.equals()? {
        return Err(Fault::new(Code::Syntax, key.at, missing_equals(&key.text())));
    }
    match tokens.next()? {
        Some(value) => Ok(Some(Tag { key: key.text(), value: value.text(), at: At(key.at) })),
        None => {
            Err(Fault::new(Code::Syntax, tokens.end(), format!("{} has no value after its '='", key.text())))
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

/// Fails as the receiver does when a name is missing and the first tag's key is taken for it.
pub(crate) fn refuse_as_name(name: &Token<'_>, tokens: &mut Tokens<'_>) -> Result<(), Box<Fault>> {
    if tokens.peek()?.is_none_or(|token| !token.is("=")) {
        return Ok(());
    }
    // `name = = x` is a tag with the key `=`, and decodes.
    let mut ahead = tokens.clone();
    if pair(&mut ahead).is_ok() {
        return Ok(());
    }
    let reason = format!("the name is missing: the tag {} stands where it belongs", text::cut(&name.text()));
    Err(Fault::new(Code::Syntax, name.at, reason))
}

/// Reads pairs to the end of the line.
pub(crate) fn pairs<'a>(tokens: &mut Tokens<'a>) -> Result<Vec<Tag<'a>>, Box<Fault>> {
    let mut tags = Vec::with_capacity(FEW_TAGS);
    while let Some(tag) = pair(tokens)? {
        tags.push(tag);
    }
    Ok(tags)
}

/// Keys in order of first appearance, each with its last value; what `HashMap.put` leaves, before its order.
pub(crate) fn distinct(tags: Vec<Tag<'_>>) -> Vec<Tag<'_>> {
    // Few tags: comparing all is cheapest, and mostly there is nothing to do. Many: an index keeps the work linear.
    let few = tags.len() <= FEW_TAGS;
    let is_again = |(at, tag): (usize, &Tag<'_>)| tags.iter().take(at).any(|seen| seen.key == tag.key);
    if few && !tags.iter().enumerate().any(is_again) {
        return tags;
    }
    let mut kept: Vec<Tag<'_>> = Vec::with_capacity(tags.len());
    let mut index: HashMap<Cow<'_, str>, usize> = HashMap::with_capacity(tags.len());
    for tag in tags {
        match index.get(&tag.key).and_then(|&at| kept.get_mut(at)) {
            Some(seen) => *seen = tag,
            None => {
                index.insert(tag.key.clone(), kept.len());
                kept.push(tag);
            }
        }
    }
    kept
}

/// As many as nearly every line has.
pub(crate) const FEW_TAGS: usize = 8;

/// Up to [`FEW_TAGS`] tags without a key twice, in the order of a Java `HashMap` that holds them and one key more.
pub(crate) struct FewTags<'a> {
    tags: Vec<Tag<'a>>,
    /// Of each key.
    buckets: [u8; FEW_TAGS],
}

impl<'a> FewTags<'a> {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self { tags: Vec::with_capacity(FEW_TAGS), buckets: [0; FEW_TAGS] }
    }

    /// Puts a tag where it belongs; `None` if there are too many or its key is there. `hash` is [`java::hash`] of its key.
    #[inline(always)]
    pub(crate) fn push(&mut self, key: &'a str, hash: u32, value: Cow<'a, str>, at: At) -> Option<()> {
        const {
            assert!(buckets(FIRST_BUCKETS, FEW_TAGS + 1) == FIRST_BUCKETS);
        }
        let count = self.tags.len();
        if count >= FEW_TAGS {
            return None;
        }
        let bucket = (java::spread(hash) % FIRST_BUCKETS as u32) as u8;
        let mut to = count;
        while to > 0 && self.buckets[to - 1] > bucket {
            self.buckets[to] = self.buckets[to - 1];
            to -= 1;
        }
        self.buckets[to] = bucket;
        // Equal keys share a bucket.
        let mut seen = to;
        while seen > 0 && self.buckets[seen - 1] == bucket {
            seen -= 1;
            if self.tags[seen].key == key {
                return None;
            }
        }
        self.tags.insert(to, Tag { key: Cow::Borrowed(key), value, at });
        Some(())
    }

    #[inline(always)]
    pub(crate) fn into_vec(self) -> Vec<Tag<'a>> {
        self.tags
    }
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

/// The buckets a Java `HashMap` begins with unless told otherwise.
pub(crate) const FIRST_BUCKETS: usize = 16;

/// The buckets of a Java `HashMap` that began with `first` and grew to hold `most` keys.
pub(crate) const fn buckets(first: usize, most: usize) -> usize {
    let mut buckets = first;
    while most > buckets * 3 / 4 {
        buckets *= 2;
    }
    buckets
}

/// The buckets of `new HashMap<>(map)` for a map of `size` keys.
pub(crate) const fn buckets_of_copy(size: usize) -> usize {
    (size * 4 / 3 + 1).next_power_of_two()
}

/// Sorts as a Java `HashMap` of so many buckets iterates: by bucket, within one by insertion.
///
/// Not reproduced: nine or more keys in one bucket, which Java grows for or makes a tree of.
pub(crate) fn sort_as_java<T>(items: &mut Vec<T>, buckets: usize, key: impl Fn(&T) -> &str) {
    // Beyond so many, a line of a million tags would cost more than linear work: then each bucket gets its own list.
    const FEW: usize = 32;
    let mask = u32::try_from(buckets - 1).unwrap_or(u32::MAX);
    let bucket = |item: &T| java::spread_hash(key(item)) & mask;
    if items.len() <= FEW {
        // By insertion, which is stable and at its best where nearly all is in order.
        let mut sorted = [0; FEW];
        for to in 0..items.len() {
            let own = bucket(&items[to]);
            let at = sorted[..to].partition_point(|&other| other <= own);
            sorted.copy_within(at..to, at + 1);
            sorted[at] = own;
            items[at..=to].rotate_right(1);
        }
        return;
    }
    let mut chains: Vec<Vec<T>> = Vec::new();
    chains.resize_with(buckets, Vec::new);
    for item in items.drain(..) {
        let at = bucket(&item) as usize;
        if let Some(chain) = chains.get_mut(at) {
            chain.push(item);
        }
    }
    items.extend(chains.into_iter().flatten());
}

/// [`sort_as_java`] for tags.
pub(crate) fn sort(tags: &mut Vec<Tag<'_>>, buckets: usize) {
    if tags.len() > 1 {
        sort_as_java(tags, buckets, |tag| &tag.key);
    }
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
