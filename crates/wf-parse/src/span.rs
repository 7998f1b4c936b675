use std::borrow::Cow;
use std::fmt::Write as _;

use crate::java;
use crate::limits::Limits;
use crate::point::UNKNOWN_SOURCE;
use crate::problem::{At, Code, Fault, shown};
use crate::tags::{self, Tag};
use crate::text;
use crate::time;
use crate::tokens::Tokens;

/// A span: `<name> <key>=<value> … <start> <duration or end>`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Span<'a> {
    /// The name, `*` replaced by `-`.
    pub name: Cow<'a, str>,
    /// The source: the last `source` or `host`, or `unknown`.
    pub source: Cow<'a, str>,
    /// The trace id as written.
    pub trace_id: Cow<'a, str>,
    /// The span id as written; any text.
    pub span_id: Cow<'a, str>,
    /// The other tags as written, duplicates kept: parents, application tags and all. In an accepted span, values over
    /// the limit are cut, and `_spanLogs=true` then says that the receiver sends them on as a span log.
    pub tags: Vec<Tag<'a>>,
    /// The start in milliseconds since the epoch.
    pub start_millis: i64,
    /// The duration in milliseconds.
    pub duration_millis: i64,
    name_at: At,
    source_at: At,
    trace_id_at: At,
    start_at: At,
}

/// How a span ends.
const FORM: &str = "a span ends in START_MILLIS DURATION_MILLIS";

impl<'a> Span<'a> {
    pub(crate) fn decode(line: &'a str) -> Result<Self, Box<Fault>> {
        let mut tokens = Tokens::new(line);
        let Some(name) = tokens.next()? else {
            return Err(Fault::new(Code::Syntax, tokens.end(), "the span name is missing; it comes first"));
        };
        let mut list = Vec::new();
        while let Some(token) = tokens.peek()? {
            if java::is_numeric(&token.text()) {
                break;
            }
            list.extend(tags::pair(&mut tokens)?);
        }
        let start = time::required(&mut tokens, "the start", FORM)?;
        let duration = time::required(&mut tokens, "the duration", FORM)?;
        if let Some(extra) = tokens.next()? {
            let reason = if tokens.peek()?.is_some_and(|token| token.is("=")) {
                format!(
                    "the tag {} follows the duration; all tags stand before the start",
                    text::cut(&extra.text())
                )
            } else {
                format!("{} follows the duration, which ends a span", shown(&extra.text()))
            };
            return Err(Fault::new(Code::Syntax, extra.at, reason));
        }

        let (mut source, mut trace_id, mut span_id) = (None, None, None);
        let mut kept = Vec::with_capacity(list.len());
        for tag in list {
            match &*tag.key {
                "source" | "host" => source = Some(tag),
                "traceId" => trace_id = Some(tag),
                "spanId" => span_id = Some(tag),
                _ => kept.push(tag),
            }
        }
        let Some(span_id) = span_id else {
            return Err(Fault::new(
                Code::Syntax,
                tokens.end(),
                "the tag spanId is missing; write spanId=UUID",
            ));
        };
        let Some(trace_id) = trace_id else {
            return Err(Fault::new(
                Code::Syntax,
                tokens.end(),
                "the tag traceId is missing; write traceId=UUID",
            ));
        };
        let source_at = source.as_ref().map_or(At(usize::MAX), |tag| tag.at);
        let (start_millis, duration_millis) = interval(start.raw(), duration.raw());
        Ok(Self {
            name: name.text(),
            source: source.map_or(Cow::Borrowed(UNKNOWN_SOURCE), |tag| tag.value),
            trace_id: trace_id.value,
            span_id: span_id.value,
            tags: kept,
            start_millis,
            duration_millis,
            name_at: At(name.at),
            source_at,
            trace_id_at: trace_id.at,
            start_at: At(start.at),
        })
    }

    /// Fails as the listener's sampler does, which reads the trace id of every span it is not told to keep.
    pub(crate) fn sample(&self) -> Result<(), Box<Fault>> {
        let debug = self.tags.iter().any(|tag| tag.key == "debug" && tag.value == "true");
        if debug || java::is_uuid(&self.trace_id) {
            return Ok(());
        }
        let reason = format!(
            "traceId {} is not a UUID; the receiver fails on it and loses the rest of the request",
            shown(&self.trace_id)
        );
        Err(Fault::ends_request(self.trace_id_at.0, reason))
    }

    /// Replaces `*` in the name, as the receiver does before it looks closer.
    pub(crate) fn replace_stars(&mut self) {
        if self.name.contains('*') {
            self.name = self.name.replace('*', "-").into();
        }
    }

    /// Cuts over-long values, as the receiver does while it validates, and marks the span as one with span logs.
    ///
    /// The mark may be one tag more than the limit allows: tags were counted before.
    pub(crate) fn cut_values(&mut self, limits: &Limits) {
        let limit = limits.span_tag_value;
        let mut cut = false;
        for tag in &mut self.tags {
            if tag.value.len() > limit && java::length(&tag.value) > limit {
                tag.value = java::truncate(&tag.value, limit).into();
                cut = true;
            }
        }
        if !cut {
            return;
        }
        match self.tags.iter_mut().find(|tag| tag.key == "_spanLogs") {
            Some(mark) => mark.value = "true".into(),
            None => self.tags.push(Tag { key: "_spanLogs".into(), value: "true".into(), at: self.start_at }),
        }
    }

    pub(crate) fn check(&self, limits: &Limits, now: i64) -> Result<(), Box<Fault>> {
        time::check_span(self.start_millis, now, self.start_at.0)?;
        if java::is_blank(&self.source) {
            let reason = "the source is blank; name the host that reports";
            return Err(Fault::new(Code::SpanSourceBlank, self.source_at.0, reason));
        }
        text::check_length(
            &self.source,
            "the source",
            limits.source,
            Code::SpanSourceLength,
            self.source_at.0,
        )?;
        text::check_length(
            &self.name,
            "the span name",
            limits.span_name,
            Code::SpanNameLength,
            self.name_at.0,
        )?;
        if self.tags.len() > limits.span_tags {
            let (count, most) = (self.tags.len(), limits.span_tags);
            let at = self.tags.get(most).map_or(0, |tag| tag.at.0);
            let reason = format!("{count} span tags are too many; at most {most} are allowed");
            return Err(Fault::new(Code::SpanTagCount, at, reason));
        }
        for tag in &self.tags {
            let at = tag.at.0;
            text::check_length(&tag.key, "the span tag key", limits.span_tag_key, Code::SpanKeyLength, at)?;
            text::check_name(&tag.key, "span tag keys", Code::SpanKeyCharacters, at)?;
            if java::is_blank(&tag.value) {
                let reason =
                    format!("the span tag {} is blank; leave it out or give it a value", text::cut(&tag.key));
                return Err(Fault::new(Code::SpanValueBlank, at, reason));
            }
        }
        Ok(())
    }

    pub(crate) fn push_canonical(&self, out: &mut String) {
        text::push_quoted(&self.name, out);
        for (key, value) in [("source", &self.source), ("spanId", &self.span_id), ("traceId", &self.trace_id)]
        {
            let _ = write!(out, " {key}=");
            text::push_quoted(value, out);
        }
        tags::push_all(&self.tags, out);
        let _ = write!(out, " {} {}", self.start_millis, self.duration_millis);
    }

    pub(crate) fn into_owned(self) -> Span<'static> {
        Span {
            name: self.name.into_owned().into(),
            source: self.source.into_owned().into(),
            trace_id: self.trace_id.into_owned().into(),
            span_id: self.span_id.into_owned().into(),
            tags: self.tags.into_iter().map(Tag::into_owned).collect(),
            start_millis: self.start_millis,
            duration_millis: self.duration_millis,
            name_at: self.name_at,
            source_at: self.source_at,
            trace_id_at: self.trace_id_at,
            start_at: self.start_at,
        }
    }
}

/// Start and duration in milliseconds; the size of the start gives the unit of both, and a second number not below the
/// start is an end.
fn interval(start: i64, second: i64) -> (i64, i64) {
    let duration = if second >= start { second - start } else { second };
    if start > 999_999_999_999_999_999 {
        (start / 1_000_000, duration / 1_000_000)
    } else if start > 999_999_999_999_999 {
        (start / 1000, duration / 1000)
    } else if start > 999_999_999_999 {
        (start, duration)
    } else {
        (start.wrapping_mul(1000), duration.wrapping_mul(1000))
    }
}
