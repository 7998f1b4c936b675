use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;

use crate::problem::{Code, Fault, shown};
use crate::tags::{self, Tag};
use crate::text;
use crate::time;
use crate::tokens::Tokens;

/// An event: `@Event <start> [<end>] <name> [<key>=<value> …]`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event<'a> {
    /// The name; the receiver takes an event without one.
    pub name: Option<Cow<'a, str>>,
    /// The start in milliseconds since the epoch.
    pub start_millis: i64,
    /// The end in milliseconds since the epoch; at least one after the start.
    pub end_millis: i64,
    /// The values of `host`.
    pub hosts: Vec<Cow<'a, str>>,
    /// The values of `tag`, or of `eventTag`; where both are given, one set wins.
    pub tags: Vec<Cow<'a, str>>,
    /// Keys given once.
    pub annotations: Vec<Tag<'a>>,
    /// Keys given several times, with each value. Their alphabet is not checked.
    pub dimensions: Vec<Dimension<'a>>,
}

/// An event key with several values.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dimension<'a> {
    /// The key.
    pub key: Cow<'a, str>,
    /// The values in the order written.
    pub values: Vec<Cow<'a, str>>,
}

impl<'a> Event<'a> {
    pub(crate) fn decode(line: &'a str) -> Result<Self, Box<Fault>> {
        let mut tokens = Tokens::new(line);
        let literal = tokens.next()?;
        if literal.as_ref().is_none_or(|token| !token.is("@Event")) {
            let found = literal.map_or(Cow::Borrowed(""), |token| token.text());
            return Err(Fault::new(
                Code::Syntax,
                0,
                format!("an event starts with @Event, not with {}", shown(&found)),
            ));
        }
        let start_millis =
            time::required(&mut tokens, "the start", "write @Event START_MILLIS [END_MILLIS] NAME")?.millis();
        let end = time::optional(&mut tokens)?.map(time::Written::millis);
        let name = tokens.next()?;
        if let Some(name) = &name {
            tags::refuse_as_name(name, &mut tokens)?;
        }
        let list = tags::pairs(&mut tokens)?;
        let mut event = Self {
            name: name.map(|token| token.text()),
            start_millis,
            end_millis: end
                .filter(|end| *end > start_millis)
                .unwrap_or_else(|| start_millis.saturating_add(1)),
            hosts: Vec::new(),
            tags: Vec::new(),
            annotations: Vec::new(),
            dimensions: Vec::new(),
        };
        event.sort_out(list);
        Ok(event)
    }

    /// Groups values by key, then gives each group its place, in the order of a Java `HashMap`.
    fn sort_out(&mut self, list: Vec<Tag<'a>>) {
        let mut index: HashMap<Cow<'a, str>, usize> = HashMap::new();
        let mut keys: Vec<Tag<'a>> = Vec::new();
        let mut groups: Vec<Vec<Cow<'a, str>>> = Vec::new();
        // The keys present before the last tag.
        let mut most = 0;
        for tag in list {
            most = keys.len();
            let group = *index.entry(tag.key.clone()).or_insert_with(|| {
                keys.push(Tag { value: Cow::Borrowed(""), ..tag.clone() });
                groups.push(Vec::new());
                groups.len() - 1
            });
            if let Some(values) = groups.get_mut(group) {
                values.push(tag.value);
            }
        }
        // Filled by `computeIfAbsent`, which puts a new key first in its bucket and grows before it looks for the key.
        keys.reverse();
        tags::sort(&mut keys, tags::buckets(tags::FIRST_BUCKETS, most));
        for Tag { key, at, .. } in keys {
            let group = index.get(&key).and_then(|group| groups.get_mut(*group));
            let mut values = group.map(core::mem::take).unwrap_or_default();
            match &*key {
                "host" => self.hosts = values,
                "tag" | "eventTag" => self.tags = values,
                _ if values.len() == 1 => {
                    if let Some(value) = values.pop() {
                        self.annotations.push(Tag { key, value, at });
                    }
                }
                _ => self.dimensions.push(Dimension { key, values }),
            }
        }
        let most = self.annotations.len();
        tags::sort(&mut self.annotations, tags::buckets(tags::FIRST_BUCKETS, most));
        let most = self.dimensions.len();
        let buckets = tags::buckets(tags::FIRST_BUCKETS, most);
        tags::sort_as_java(&mut self.dimensions, buckets, |dimension| &dimension.key);
    }

    pub(crate) fn check(&self) -> Result<(), Box<Fault>> {
        self.annotations.iter().try_for_each(|tag| {
            text::check_name(&tag.key, "event annotation keys", Code::KeyCharacters, tag.at.0)
        })
    }

    pub(crate) fn push_canonical(&self, out: &mut String) {
        let _ = write!(out, "@Event {} {} ", self.start_millis, self.end_millis);
        text::push_quoted(self.name.as_deref().unwrap_or("null"), out);
        let mut push = |key: &str, value: &str| {
            out.push(' ');
            text::push_quoted(key, out);
            out.push('=');
            text::push_quoted(value, out);
        };
        self.hosts.iter().for_each(|host| push("host", host));
        // What is sent on is a copy of the map, which has its own order.
        let mut annotations: Vec<&Tag<'_>> = self.annotations.iter().collect();
        let buckets = tags::buckets_of_copy(annotations.len());
        tags::sort_as_java(&mut annotations, buckets, |tag| &tag.key);
        annotations.iter().for_each(|tag| push(&tag.key, &tag.value));
        for dimension in &self.dimensions {
            dimension.values.iter().for_each(|value| push(&dimension.key, value));
        }
        self.tags.iter().for_each(|tag| push("tag", tag));
    }
}
