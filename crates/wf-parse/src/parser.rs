use std::borrow::Cow;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::event::Event;
use crate::find;
use crate::format::{Decoder, Format};
use crate::histogram::Histogram;
use crate::java;
use crate::limits::Limits;
use crate::metric::Metric;
use crate::parsed::{Kind, Parsed, Record, Verdict};
use crate::plain::Plain;
use crate::problem::{Code, Fault, Problem};
use crate::source_tag;
use crate::span::Span;
use crate::span_logs::SpanLogs;
use crate::text;
use crate::time;

/// Reads lines as the receiver's listener does.
///
/// ```
/// use wf_parse::{Format, Kind, Limits, Parser, Verdict};
///
/// let parser = Parser::new().limits(Limits::PROXY).now_millis(1_700_000_000_000).remote_host("web-1");
/// let parsed = parser.parse(Format::Auto, "new-york.power.usage 42422 dc=dc1");
/// assert_eq!(parsed.verdict(), Verdict::Accept);
/// assert_eq!(parsed.kind(), Kind::Metric);
/// assert_eq!(parsed.source(), Some("web-1"));
/// assert_eq!(
///     parsed.canonical().unwrap(),
///     r#""new-york.power.usage" 42422.0 1700000000 source="web-1" "dc"="dc1""#
/// );
/// ```
#[derive(Clone, Debug)]
pub struct Parser {
    limits: Limits,
    now_millis: Option<i64>,
    remote_host: Cow<'static, str>,
    annotate: bool,
    http: bool,
}

impl Parser {
    /// Makes a parser with [`Limits::DEFAULT`], the system's clock and the remote host `localhost`, for raw TCP lines of
    /// a metric port.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            limits: Limits::DEFAULT,
            now_millis: None,
            remote_host: Cow::Borrowed("localhost"),
            annotate: true,
            http: false,
        }
    }

    /// Sets the lengths and counts to enforce. Default: [`Limits::DEFAULT`].
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Pins the clock to milliseconds since the epoch, for lines without a timestamp and for the accepted time window.
    ///
    /// Default: the system's clock, read for each line that needs it.
    #[must_use]
    pub const fn now_millis(mut self, now: i64) -> Self {
        self.now_millis = Some(now);
        self
    }

    /// Sets the client's host name or address, the source of lines that name none. Default: `localhost`.
    #[must_use]
    pub fn remote_host(mut self, host: impl Into<String>) -> Self {
        self.remote_host = Cow::Owned(host.into());
        self
    }

    /// Sets whether lines that name no source get the client's, as on the metric port. Default: true.
    ///
    /// Trace ports add none: there a span without a source is from `unknown`, where the metric port refuses it.
    #[must_use]
    pub const fn annotate(mut self, annotate: bool) -> Self {
        self.annotate = annotate;
        self
    }

    /// Sets whether lines come by HTTP, where they are trimmed of Unicode white space with no-break spaces. Default: false,
    /// raw TCP, where they are trimmed of characters up to U+0020.
    #[must_use]
    pub const fn http(mut self, http: bool) -> Self {
        self.http = http;
        self
    }

    /// Reads one line, without its line break (one at the end does no harm). Never fails: the verdict says it all.
    ///
    /// Linear in the length of the line. Allocates for tags, for text whose quotes were escaped, for lines that name no
    /// source (they are copied) and for problems.
    #[must_use]
    pub fn parse<'a>(&self, format: Format, line: &'a str) -> Parsed<'a> {
        let (from_start, trimmed) = self.trim(line);
        if trimmed.is_empty() {
            return Parsed { verdict: Verdict::Ignore, kind: Kind::Unknown, record: None, problem: None };
        }
        let offset = line.len() - from_start.len();
        let decoder = format.choose(trimmed);
        if decoder == Decoder::Metric {
            if let Some(parsed) = self.parse_plain(line, offset, trimmed) {
                return parsed;
            }
        }
        self.parse_any(decoder, line, offset, trimmed)
    }

    /// The line without white space in front, and without any around it.
    fn trim<'a>(&self, line: &'a str) -> (&'a str, &'a str) {
        match line.as_bytes() {
            [b'!'..=b'~', .., b'!'..=b'~'] => (line, line),
            [b'!'..=b'~', .., b'!'..=b'~', b'\n'] => (line, &line[..line.len() - 1]),
            _ if self.http => (line.trim_start(), line.trim()),
            _ => (java::trim_start(line), java::trim(line)),
        }
    }

    /// Does what [`parse_any`](Self::parse_any) does, if the line is a plain metric and names a source; `None` says nothing
    /// about others.
    #[inline]
    fn parse_plain<'a>(&self, line: &'a str, offset: usize, trimmed: &'a str) -> Option<Parsed<'a>> {
        let now = self.now_millis.unwrap_or_else(clock);
        let read = Plain::read(trimmed, now);
        let plain = read.as_ref()?;
        // What the first `=` is for needs no search; what follows it is a token, so more than a space.
        if self.annotate && !plain.is_source_first && !names_source(trimmed) {
            return None;
        }
        let metric = &plain.metric;
        let is_accepted =
            plain.is_within(&self.limits) && time::check_point(metric.timestamp_millis, now, 0).is_ok();
        if !is_accepted {
            let outcome = self.check(metric, now);
            return Some(finish(outcome, Decoder::Metric, line, offset, trimmed));
        }
        let record = Some(Record::Metric(read?.metric));
        Some(Parsed { verdict: Verdict::Accept, kind: Kind::Metric, record, problem: None })
    }

    /// Makes a copy of the metric, as one that is moved here would be moved where nothing is against it as well.
    #[inline(never)]
    fn check<'a>(&self, metric: &Metric<'a>, now: i64) -> Outcome<'a> {
        let fault = metric.check(&self.limits, now).err();
        Outcome::of(Ok((Record::Metric(metric.clone()), fault)))
    }

    /// Reads the part of `line` from `offset` on that was `trimmed` from it.
    #[inline(never)]
    fn parse_any<'a>(&self, decoder: Decoder, line: &'a str, offset: usize, trimmed: &'a str) -> Parsed<'a> {
        let annotated = match decoder {
            Decoder::Metric | Decoder::Histogram | Decoder::Span
                if self.annotate && !names_source(trimmed) =>
            {
                Some(format!("{trimmed} source=\"{}\"", self.remote_host))
            }
            _ => None,
        };
        let outcome = match &annotated {
            Some(annotated) => self.decode(decoder, annotated).into_owned(),
            None => self.decode(decoder, trimmed),
        };
        finish(outcome, decoder, line, offset, trimmed)
    }

    fn decode<'a>(&self, decoder: Decoder, line: &'a str) -> Outcome<'a> {
        let now = self.now_millis.unwrap_or_else(clock);
        let limits = &self.limits;
        match decoder {
            Decoder::Metric => Outcome::of(Metric::decode(line, now).map(|metric| {
                let fault = metric.check(limits, now).err();
                (Record::Metric(metric), fault)
            })),
            Decoder::Histogram => Outcome::of(Histogram::decode(line, now).map(|histogram| {
                let fault = histogram.check(limits, now).err();
                (Record::Histogram(histogram), fault)
            })),
            Decoder::Span => Outcome::of(Span::decode(line).map(|mut span| {
                span.replace_stars();
                let fault = span.sample().and_then(|()| span.check(limits, now)).err();
                if fault.is_none() {
                    span.cut_values(limits);
                }
                (Record::Span(span), fault)
            })),
            Decoder::SpanLogs => match SpanLogs::decode(line) {
                Ok(decoded) => {
                    let fault = decoded.logs.check_span().err();
                    let silent = fault.is_none() && decoded.unwritable.is_some();
                    let mut outcome =
                        Outcome::of(Ok((Record::SpanLogs(decoded.logs), fault.or(decoded.unwritable))));
                    if silent {
                        outcome.verdict = Verdict::Discard;
                    }
                    outcome
                }
                Err(fault) => Outcome::of(Err(fault)),
            },
            Decoder::Event => Outcome::of(Event::decode(line).map(|event| {
                let fault = event.check().err();
                (Record::Event(event), fault)
            })),
            Decoder::SourceTag => Outcome::of(source_tag::decode(line).map(|decoded| match decoded {
                source_tag::Decoded::Tag(tag) => {
                    let fault = tag.check().err();
                    (Record::SourceTag(tag), fault)
                }
                source_tag::Decoded::Description(description) => {
                    (Record::SourceDescription(description), None)
                }
            })),
            Decoder::Logs => Outcome::of(Err(Fault::ends_request(
                0,
                "a JSON array is for logs, which the receiver takes only if the request asks for them with f=",
            ))),
        }
    }
}

impl Default for Parser {
    /// [`Parser::new`].
    fn default() -> Self {
        Self::new()
    }
}

/// A verdict whose problem still counts in bytes of the decoded line.
struct Outcome<'a> {
    verdict: Verdict,
    record: Option<Record<'a>>,
    fault: Option<Box<Fault>>,
}

impl<'a> Outcome<'a> {
    fn of(decoded: Result<(Record<'a>, Option<Box<Fault>>), Box<Fault>>) -> Self {
        let (record, fault) = match decoded {
            Ok((record, fault)) => (Some(record), fault),
            Err(fault) => (None, Some(fault)),
        };
        let verdict = match fault.as_ref().map(|fault| fault.code) {
            None => Verdict::Accept,
            Some(Code::DeltaValue) => Verdict::Discard,
            Some(Code::Internal) => Verdict::Error,
            Some(_) => Verdict::Reject,
        };
        Self { verdict, record, fault }
    }

    /// Only kinds that are annotated are ever decoded from a copy.
    fn into_owned(self) -> Outcome<'static> {
        let record = match self.record {
            Some(Record::Metric(metric)) => Some(Record::Metric(metric.into_owned())),
            Some(Record::Histogram(histogram)) => Some(Record::Histogram(histogram.into_owned())),
            Some(Record::Span(span)) => Some(Record::Span(span.into_owned())),
            _ => None,
        };
        Outcome { verdict: self.verdict, record, fault: self.fault }
    }
}

/// Adds the kind, and places the problem in the line as sent.
#[inline(never)]
fn finish<'a>(
    outcome: Outcome<'a>,
    decoder: Decoder,
    line: &str,
    offset: usize,
    trimmed: &str,
) -> Parsed<'a> {
    let kind = match &outcome.record {
        Some(Record::Metric(metric)) if metric.is_delta() => Kind::Delta,
        _ => guess(decoder, trimmed),
    };
    let sent = line.get(..offset + trimmed.len()).unwrap_or(line);
    let problem = outcome.fault.map(|fault| Box::new(Problem::new(*fault, sent, offset)));
    Parsed { verdict: outcome.verdict, kind, record: outcome.record, problem }
}

/// Says whether the listener sees a source: one of the marks, the first time it occurs, followed by more than a space.
///
/// A search in the text, not in the tokens: `resource=x` counts, `source =h` does not.
fn names_source(line: &str) -> bool {
    const MARKS: [&str; 5] = ["source", "host", "\"source\"", "\"host\"", "fqdn"];
    let mut is_seen = [false; MARKS.len()];
    let mut from = 0;
    while let Some(place) = find::first(&line.as_bytes()[from..], [b'=']) {
        let (before, after) = (&line[..from + place], &line[from + place + 1..]);
        from += place + 1;
        for (mark, is_seen) in MARKS.iter().zip(&mut is_seen) {
            if !*is_seen && before.ends_with(mark) {
                if after.starts_with(|c| c > ' ') {
                    return true;
                }
                *is_seen = true;
            }
        }
    }
    false
}

fn guess(decoder: Decoder, line: &str) -> Kind {
    match decoder {
        Decoder::Metric if line.trim_start_matches(['"', '\'']).starts_with(text::DELTAS) => Kind::Delta,
        Decoder::Metric => Kind::Metric,
        Decoder::Histogram => Kind::Histogram,
        Decoder::Span => Kind::Span,
        Decoder::SpanLogs => Kind::SpanLogs,
        Decoder::Event => Kind::Event,
        Decoder::SourceTag if line.starts_with("@SourceDescription") => Kind::SourceDescription,
        Decoder::SourceTag => Kind::SourceTag,
        Decoder::Logs => Kind::Unknown,
    }
}

fn clock() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_533_530_000_000;

    /// Holds a line that may be taken the short way against the long way.
    fn check(parser: &Parser, line: &str) -> bool {
        let (from_start, trimmed) = parser.trim(line);
        let naive = if parser.http {
            (line.trim_start(), line.trim())
        } else {
            (java::trim_start(line), java::trim(line))
        };
        assert_eq!((from_start, trimmed), naive, "{line}");
        let offset = line.len() - from_start.len();
        let Some(parsed) = parser.parse_plain(line, offset, trimmed) else { return false };
        assert_eq!(
            format!("{parsed:?}"),
            format!("{:?}", parser.parse_any(Decoder::Metric, line, offset, trimmed)),
            "{line}"
        );
        true
    }

    fn parsers() -> impl Strategy<Value = Parser> {
        let limits = prop::sample::select(vec![
            Limits::DEFAULT,
            Limits::PROXY,
            Limits { point_tags: 1, ..Limits::DEFAULT },
        ]);
        (limits, any::<bool>(), any::<bool>()).prop_map(|(limits, annotate, http)| {
            Parser::new().limits(limits).now_millis(NOW).annotate(annotate).http(http)
        })
    }

    #[test]
    fn a_plain_metric_that_names_a_source_is_taken_the_short_way() {
        let parser = Parser::new().now_millis(NOW);
        for line in [
            "\"new-york.power.usage\" 42422.0 1533529977 source=\"localhost\" \"datacenter\"=\"dc1\"\n",
            "a 1 source=h k=v",
            "a 1 k=v source=h",
            "~a 1 source=h",
            "\"∆a\" 1 source=h",
            "\"∆a\" 0 source=h",
            "a:b 1 source=h",
            "\ta 1 1 source=h",
            "a 1 source=h k=\" \"",
        ] {
            assert!(check(&parser, line), "{line}");
        }
        for line in
            ["a 1 k=v", "a 1 source=h k=\"source= \" host=g", "a 1 k=\"source= \" source=h", "∆a 1 source=h"]
        {
            assert!(!check(&parser, line), "{line}");
        }
    }

    proptest! {
        #[test]
        fn the_short_way_says_what_the_long_way_says(
            parser in parsers(),
            name in prop::sample::select(vec!["a", "\"a.b\"", "\"∆a\"", "\"~a\"", "\"'∆a\"", "\"a=b\"", "\"\"", "a:b", "\"source= \""]),
            value in prop::sample::select(vec!["1", "-1.5", "0", "1e3"]),
            time in prop::sample::select(vec!["", " 1533529977", " 1533529977000", " 1"]),
            tags in prop::collection::vec((
                prop::sample::select(vec!["source", "\"source\"", "resource", "host", "fqdn", "k", "\"l\"", "m:", "\"\"", "a-key-of-more"]),
                prop::sample::select(vec!["h", "\"h\"", "\"\"", "\" \"", "\"source= \"", "\"\u{2003}\"", "\"host=\"", "\"a=b\"", "v=w", "\"a\\\"b\"", "\"\\\" \""]),
            ), 0..6),
            end in prop::sample::select(vec!["", "\n", "\r\n", " ", "\u{2003}"]),
        ) {
            let tags: String = tags.into_iter().map(|(key, value)| format!(" {key}={value}")).collect();
            check(&parser, &format!("{name} {value}{time}{tags}{end}"));
            check(&parser, &format!("{name} {value}{time} source=h{tags}{end}"));
        }

        #[test]
        fn long_texts_are_held_against_their_limits(
            parser in parsers(),
            lengths in prop::array::uniform4(prop_oneof![4 => 1..10_usize, 1 => 60..70_usize, 1 => 120..135_usize, 1 => 245..265_usize]),
        ) {
            let [name, source, key, value] = lengths.map(|length| "a".repeat(length));
            let line = format!("{name} 1 source={source} {key}={value} \"k\"=\"v\"");
            prop_assert!(check(&parser, &line));
        }
    }
}
