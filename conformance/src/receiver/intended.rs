//! What a record must mean once it is read, as the documents of `wf-format` have it and by nothing of its code.

use std::collections::BTreeMap;
use std::fmt::Debug;

use wf_format::{Limits, NamePolicy};
use wf_parse::{Action, Format, Record, Tag};

use super::hostile::{Given, Operation};
use super::judge::Listener;
use crate::points::{Pairs, Point, Span};

/// What a record is encoded with, besides itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) limits: Limits,
    pub(crate) names: NamePolicy,
    /// Point and span tags of the format.
    pub(crate) tags: &'static [(&'static str, &'static str)],
}

/// The source of points that have none.
pub(crate) const DEFAULT_SOURCE: &str = "web-1";

impl Setting {
    /// Says what of a record is not as it was meant.
    pub(crate) fn difference(&self, given: &Given, read: &Record<'_>) -> Option<String> {
        let mut differences = Differences(Vec::new());
        let found = &mut differences;
        match (given, read) {
            (Given::Point(Point::Metric(given)), Record::Metric(read)) => {
                found.check("name", &*read.name, &*self.name(&given.name));
                found.check("value", read.value.to_bits(), given.value.to_bits());
                found.check("source", &*read.source, &*self.source(given.source.as_deref()));
                found.check("tags", map(&read.tags), self.point_tags(&given.tags));
                self.check_time(found, given.timestamp, read.timestamp_millis, 1);
            }
            (Given::Point(Point::Delta(given)), Record::Metric(read)) => {
                let name = self.name(&given.name);
                let name = if name.starts_with(['∆', 'Δ']) { name } else { format!("∆{name}") };
                found.check("name", &*read.name, &*name);
                found.check("value", read.value.to_bits(), given.value.to_bits());
                found.check("source", &*read.source, &*self.source(given.source.as_deref()));
                found.check("tags", map(&read.tags), self.point_tags(&given.tags));
                self.check_time(found, given.timestamp, read.timestamp_millis, 1);
            }
            (Given::Point(Point::Histogram(given)), Record::Histogram(read)) => {
                let centroids = given.centroids.iter().map(|(mean, count)| (mean.value().to_bits(), *count));
                let marks: Vec<_> =
                    given.granularities.iter().map(|granularity| granularity.marker()).collect();
                found.check("name", &*read.name, &*self.name(&given.name));
                found.check(
                    "centroids",
                    read.centroids
                        .iter()
                        .map(|it| (it.mean.to_bits(), i64::from(it.count)))
                        .collect::<Vec<_>>(),
                    centroids.collect(),
                );
                found.check("granularity", marks.contains(&read.granularity.marker()), true);
                found.check("source", &*read.source, &*self.source(given.source.as_deref()));
                found.check("tags", map(&read.tags), self.point_tags(&given.tags));
                self.check_time(found, given.timestamp, read.timestamp_millis, read.granularity.millis());
            }
            (Given::Point(Point::Span(given)), Record::Span(read)) => self.check_span(found, given, read),
            (Given::Point(Point::Span(given)), Record::SpanLogs(read)) => {
                found.check(
                    "ids",
                    [&*read.trace_id, &*read.span_id],
                    [&*id(given.trace_id), &*id(given.span_id)],
                );
                let logs: Vec<_> =
                    given.logs.iter().map(|(time, fields)| (*time, last_of_each(fields))).collect();
                let read_logs = read.logs.iter().map(|log| {
                    let fields = log.fields.iter().flatten();
                    let fields = fields.map(|(key, value)| (&**key, value.as_deref().unwrap_or("null")));
                    (log.timestamp_micros, fields.collect())
                });
                found.check("logs", read_logs.collect::<Vec<(_, BTreeMap<_, _>)>>(), logs);
                let span = read.span.as_deref().unwrap_or_default();
                let listener = Listener { bare: true, ..Listener::default() };
                match listener.parser().parse(Format::Trace, span).record() {
                    Some(Record::Span(span)) => self.check_span(found, given, span),
                    other => found.check("span", format!("{other:?}"), "a span".to_owned()),
                }
            }
            (Given::Point(Point::Event(given)), Record::Event(read)) => {
                let end = given.end.unwrap_or(0).max(given.start + 1);
                let [start_millis, end_millis] = [given.start, end].map(millis);
                if end < MICROS_OF_EVENTS {
                    let times = [start_millis, end_millis.max(start_millis + 1)];
                    found.check("times", [read.start_millis, read.end_millis], times);
                }
                found.check("name", read.name.as_deref(), Some(&*text(&given.name, usize::MAX)));
                let annotations = given.annotations.iter();
                let annotations = annotations.map(|(key, value)| (self.name(key), text(value, usize::MAX)));
                found.check("annotations", map(&read.annotations), annotations.collect());
                found.check("dimensions", read.dimensions.len(), 0);
                let tags: Vec<_> = given.tags.iter().map(|tag| text(tag, usize::MAX)).collect();
                found.check("tags", read.tags.iter().map(ToString::to_string).collect(), tags);
                let host = vec![self.source(given.source.as_deref())];
                found.check("hosts", read.hosts.iter().map(ToString::to_string).collect(), host);
            }
            (Given::SourceTag(operation, source, tags), Record::SourceTag(read)) => {
                let action = match operation {
                    Operation::Add => Action::Add,
                    Operation::Save => Action::Save,
                    Operation::Delete => Action::Delete,
                };
                found.check("action", read.action, action);
                found.check("source", &*read.source, &*self.source(source.as_deref()));
                let tags: Vec<_> = tags.iter().map(|tag| self.name(tag)).collect();
                found.check("tags", read.tags.iter().map(ToString::to_string).collect(), tags);
            }
            (Given::SourceDescription(source, given), Record::SourceDescription(read)) => {
                let action = if given.is_some() { Action::Save } else { Action::Delete };
                found.check("action", read.action, action);
                found.check("source", &*read.source, &*self.source(source.as_deref()));
                let given = given.as_deref().map(|given| text(given, usize::MAX));
                found.check("text", read.description.as_deref(), given.as_deref());
            }
            (_, other) => found.check("kind", format!("{other:?}"), String::new()),
        }
        let Differences(differences) = differences;
        (!differences.is_empty()).then(|| differences.join("; "))
    }

    fn check_span(&self, found: &mut Differences, given: &Span, read: &wf_parse::Span<'_>) {
        found.check("ids", [&*read.trace_id, &*read.span_id], [&*id(given.trace_id), &*id(given.span_id)]);
        let name = span_name(&text(&given.name, usize::MAX));
        found.check("name", &*read.name, &*name);
        found.check("source", &*read.source, &*self.source(given.source.as_deref()));
        let unit = if given.start < SECONDS { 1000 } else { 1 };
        if given.start < MICROS_OF_SPANS {
            let times = [given.start * unit, given.duration * unit];
            found.check("times", [read.start_millis, read.duration_millis], times);
        }
        let tags: Vec<_> = read.tags.iter().map(|tag| (&*tag.key, &*tag.value)).collect();
        let intended = self.span_tags(given);
        found.check("tags", tags, intended.iter().map(|(key, value)| (&**key, &**value)).collect());
    }

    fn check_time(&self, found: &mut Differences, given: Option<i64>, read: i64, bin: i64) {
        if let Some(given) = given {
            found.check("time", read, millis(given) / bin * bin);
        }
    }

    /// The receiver's alphabet, after a delta sign and a tilde; anything else is a dash.
    fn name(&self, given: &str) -> String {
        let given = given.trim_matches(is_blank);
        let sign = given.chars().next().filter(|sign| ['∆', 'Δ'].contains(sign));
        let tilde = given.chars().nth(sign.iter().count()).filter(|tilde| *tilde == '~');
        let is_kept = |c: char| {
            c.is_ascii_alphanumeric() || "-_.,".contains(c) || c == '/' && self.names == NamePolicy::Receiver
        };
        let prefix = sign.iter().count() + tilde.iter().count();
        let rest = given.chars().skip(prefix).map(|c| if is_kept(c) { c } else { '-' });
        sign.into_iter().chain(tilde).chain(rest).collect()
    }

    fn source(&self, given: Option<&str>) -> String {
        let source = text(given.unwrap_or_default(), usize::MAX);
        if source.is_empty() { DEFAULT_SOURCE.to_owned() } else { source }
    }

    /// A map: the last of a key wins, the point's over the format's; and the receiver renames two.
    fn point_tags(&self, given: &Pairs) -> BTreeMap<String, String> {
        let mut tags = BTreeMap::new();
        let own = given.iter().map(|(key, value)| (&**key, &**value));
        for (key, value) in self.tags.iter().copied().chain(own) {
            let key = self.name(key);
            let is_renamed = ["host", "tag"].contains(&&*key);
            let together = 254 - key.encode_utf16().count() - usize::from(is_renamed);
            tags.insert(key, text(value, usize::from(self.limits.tag_value).min(together)));
        }
        for (from, to) in [("host", "_host"), ("tag", "_tag")] {
            if let Some(value) = tags.remove(from) {
                tags.insert(to.to_owned(), value);
            }
        }
        tags
    }

    /// A list without copies, the references first, the format's tags and the mark of one with logs last.
    fn span_tags(&self, given: &Span) -> Vec<(String, String)> {
        let written =
            |key: &str, value: &str| (self.name(key), text(value, usize::from(self.limits.span_tag_value)));
        let mut tags: Vec<(String, String)> = Vec::new();
        for (key, value) in &given.tags {
            let tag = written(key, value);
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        let own = tags.clone();
        for (key, value) in self.tags {
            if own.iter().all(|(known, _)| known != key) {
                tags.push(written(key, value));
            }
        }
        if !given.logs.is_empty() && tags.iter().all(|(key, _)| key != "_spanLogs") {
            tags.push(("_spanLogs".to_owned(), "true".to_owned()));
        }
        let references = |key: &str, ids: &[u128]| {
            ids.iter().map(|&other| (key.to_owned(), id(other))).collect::<Vec<_>>()
        };
        [references("parent", &given.parents), references("followsFrom", &given.follows_from), tags].concat()
    }
}

struct Differences(Vec<String>);

impl Differences {
    fn check<T: PartialEq + Debug>(&mut self, what: &str, read: T, meant: T) {
        if read != meant {
            self.0.push(format!("{what} {read:?} is not {meant:?}"));
        }
    }
}

/// Trimmed, cut, controls replaced, and without a backslash at the end.
fn text(given: &str, limit: usize) -> String {
    let trimmed = trim_end(given.trim_start_matches(is_blank));
    let mut units = 0;
    let fits = trimmed.chars().take_while(|c| {
        units += if *c == '\n' { 2 } else { c.len_utf16() };
        units <= limit
    });
    let cut: String = fits.collect();
    let mut text = String::new();
    for c in trim_end(&cut).chars() {
        match c {
            '\n' => text.push_str("\\n"),
            '\t' => text.push(c),
            _ if c.is_control() => text.push(' '),
            _ => text.push(c),
        }
    }
    text
}

fn trim_end(text: &str) -> &str {
    text.trim_end_matches(|c| c == '\\' || is_blank(c))
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

/// No star, and no `source=` that the listener would take for one without a value.
fn span_name(text: &str) -> String {
    let mut name = text.replace('*', "-");
    // The receiver looks at the quoted name, so a quote is more than a blank.
    while let Some(at) = name.find("source=") {
        if !name[at + 7..].starts_with(|c| c <= ' ') {
            break;
        }
        name.replace_range(at + 6..at + 7, "-");
    }
    name
}

fn map(read: &[Tag<'_>]) -> BTreeMap<String, String> {
    read.iter().map(|tag| (tag.key.to_string(), tag.value.to_string())).collect()
}

fn last_of_each(fields: &Pairs) -> BTreeMap<&str, &str> {
    fields.iter().map(|(key, value)| (&**key, &**value)).collect()
}

fn id(id: u128) -> String {
    wf_format::Id::from(id).to_string()
}

/// As the receiver tells units apart, reading a double.
fn millis(time: i64) -> i64 {
    let read = time as f64 as i64;
    if read < SECONDS {
        read * 1000
    } else if read < MICROS_OF_EVENTS {
        read
    } else if read < 10_000_000_000_000_000 {
        read / 1000
    } else {
        read / 1_000_000
    }
}

/// What is smaller is read as seconds; and from another size on, of spans and of events, as microseconds. The documents of
/// `wf-format` say so.
const SECONDS: i64 = 1_000_000_000_000;
const MICROS_OF_SPANS: i64 = 1_000_000_000_000_000;
const MICROS_OF_EVENTS: i64 = 10_000_000_000_000;
