use std::borrow::Cow;

use crate::limits::Limits;
use crate::number;
use crate::plain::Plain;
use crate::point::{self, Name};
use crate::problem::{At, Code, Fault, shown};
use crate::tags::{self, Tag};
use crate::text;
use crate::time;
use crate::tokens::Tokens;

/// A metric or delta counter: `<name> <value> [<timestamp>] [<key>=<value> …]`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Metric<'a> {
    /// The name; one that starts with `∆` (U+2206) or `Δ` (U+0394) is a delta counter.
    pub name: Cow<'a, str>,
    /// The value; the receiver takes NaN and infinities.
    pub value: f64,
    /// Milliseconds since the epoch; the receiver's clock where the line gave none. Sent on in seconds.
    pub timestamp_millis: i64,
    /// The source: tag `source`, `host` or `fqdn`, the client's host, or `unknown`.
    pub source: Cow<'a, str>,
    /// The point tags without the source, in the receiver's order (that of a Java `HashMap`).
    pub tags: Vec<Tag<'a>>,
    pub(crate) name_at: At,
    pub(crate) value_at: At,
    pub(crate) time_at: At,
    pub(crate) source_at: At,
}

impl<'a> Metric<'a> {
    /// Says whether the name makes this a delta counter.
    #[must_use]
    pub fn is_delta(&self) -> bool {
        self.name.starts_with(text::DELTAS)
    }

    #[inline(never)]
    pub(crate) fn decode(line: &'a str, now: i64) -> Result<Self, Box<Fault>> {
        Plain::read(line, now).map_or_else(|| Self::decode_any(line, now), |plain| Ok(plain.metric))
    }

    /// By way of the tokenizer.
    fn decode_any(line: &'a str, now: i64) -> Result<Self, Box<Fault>> {
        let mut tokens = Tokens::new(line);
        let Some(name) = tokens.next()? else { return Err(no_value(tokens.end())) };
        let Some(value) = tokens.next()? else { return Err(no_value(tokens.end())) };
        let value_at = At(value.at);
        let Some(number) = number::parse_double(&value.text()) else {
            let tag = matches!(tokens.peek(), Ok(Some(next)) if next.is("="));
            return Err(Fault::new(Code::Syntax, value.at, no_number(&value.text(), tag)));
        };
        let written = time::optional(&mut tokens)?;
        let tags = tags::pairs(&mut tokens)?;
        let (source, source_at, tags) = point::take_source(tags, &["fqdn"]);
        Ok(Self {
            name: name.text(),
            value: number,
            timestamp_millis: written.map_or(now, time::Written::millis),
            source,
            tags,
            name_at: At(name.at),
            value_at,
            time_at: At(written.map_or(0, |written| written.at)),
            source_at,
        })
    }

    pub(crate) fn check(&self, limits: &Limits, now: i64) -> Result<(), Box<Fault>> {
        time::check_point(self.timestamp_millis, now, self.time_at.0)?;
        let name = Name {
            text: &self.name,
            what: "the metric name",
            names: "metric names",
            limit: limits.metric_name,
            too_long: Code::MetricLength,
            at: self.name_at,
        };
        point::check(&name, &self.source, self.source_at, &self.tags, limits)?;
        // NaN is no smaller, and passes.
        if self.is_delta() && self.value <= 0.0 {
            let reason = "a delta counter must be above zero; the receiver drops the line without a word";
            return Err(Fault::new(Code::DeltaValue, self.value_at.0, reason));
        }
        Ok(())
    }

    pub(crate) fn push_canonical(&self, out: &mut String) {
        text::push_quoted(&self.name, out);
        out.push(' ');
        number::push_double(self.value, out);
        out.push(' ');
        out.push_str(&(self.timestamp_millis / 1000).to_string());
        out.push_str(" source=");
        text::push_quoted(&self.source, out);
        tags::push_all(&self.tags, out);
    }

    pub(crate) fn into_owned(self) -> Metric<'static> {
        Metric {
            name: self.name.into_owned().into(),
            value: self.value,
            timestamp_millis: self.timestamp_millis,
            source: self.source.into_owned().into(),
            tags: self.tags.into_iter().map(Tag::into_owned).collect(),
            name_at: self.name_at,
            value_at: self.value_at,
            time_at: self.time_at,
            source_at: self.source_at,
        }
    }
}

#[cold]
fn no_value(at: usize) -> Box<Fault> {
    Fault::new(
        Code::Syntax,
        at,
        "the value is missing; write NAME VALUE [TIMESTAMP] source=HOST [KEY=VALUE …]",
    )
}

/// Why a token is no value, with the spelling that would be one.
#[cold]
fn no_number(token: &str, tag_follows: bool) -> String {
    if tag_follows {
        return format!("the value is missing: the tag {} stands where it belongs", text::cut(token));
    }
    let plain = token.trim_start_matches(['+', '-']).to_ascii_lowercase();
    let advice = match &*plain {
        "=" => "a metric name with '=' needs quotes, and the receiver refuses it even then",
        "nan" => "the receiver reads only the spelling NaN",
        "inf" | "infinity" => "the receiver reads only the spelling Infinity",
        "true" => "write 1",
        "false" => "write 0",
        _ if plain.contains(',') => "the decimal sign is '.', and digits are not grouped",
        _ if plain.contains('_') => "digits are not grouped",
        _ if plain.starts_with("0x") => "a hexadecimal number needs an exponent of two, as in 0x10p0",
        _ if plain.strip_suffix('l').is_some_and(|n| n.parse::<f64>().is_ok()) => "leave off the suffix",
        _ if plain.strip_suffix('%').is_some_and(|n| n.parse::<f64>().is_ok()) => "leave off the unit",
        _ => return format!("{} is not a number", shown(token)),
    };
    format!("{} is not a number; {advice}", shown(token))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Metric, Plain};
    use crate::limits::Limits;

    const NOW: i64 = 1_700_000_000_000;

    /// Holds what is read in one go against what the tokenizer reads, places included; tells whether the line was plain.
    fn check(line: &str) -> bool {
        let Some(plain) = Plain::read(line, NOW) else { return false };
        let metric = &plain.metric;
        assert_eq!(
            format!("{:?}", Ok::<_, ()>(metric)),
            format!("{:?}", Metric::decode_any(line, NOW)),
            "{line}"
        );
        // What needs no look at the texts.
        for limits in [Limits::DEFAULT, Limits::PROXY, TIGHT] {
            if plain.is_within(&limits) {
                assert_eq!(
                    metric.check(&limits, metric.timestamp_millis).map_err(|fault| fault.reason),
                    Ok(()),
                    "{line}"
                );
                assert!(!metric.is_delta(), "{line}");
            }
        }
        if plain.is_source_first {
            let (before, after) = line.split_once('=').unwrap();
            assert!(before.trim_end_matches('"').ends_with("source"), "{line}");
            assert!(after.starts_with(|c| c > ' '), "{line}");
        }
        true
    }

    const TIGHT: Limits = Limits {
        metric_name: 1,
        source: 1,
        point_tags: 1,
        point_tag_key: 2,
        point_tag_value: 3,
        ..Limits::DEFAULT
    };

    #[test]
    fn ordinary_lines_are_plain() {
        for line in [
            r#""new-york.power.usage" 42422.0 1533529977 source="localhost" "datacenter"="dc1""#,
            "new-york.power.usage 42422 source=localhost datacenter=dc1",
            "a -1e3 1533529977000 k=v source=h",
            r#"a 1 source="\"h\"" k="v \"w\"""#,
            "\"a b\" \"1\" 1533529977 \"source\"=\"h\" k=\"\"",
        ] {
            assert!(check(line), "{line}");
        }
        for line in [
            "a 1 k=v",
            "a 1 host=h",
            "a 1 source=h host=g",
            "a 1 source=h tag=g",
            "a 1 source=h source=g",
            "a 1 source=h k=v k=w",
            "a  1 source=h",
            "a 1 source =h",
            "a 1 source=h k=v=w",
            "a 1 source=h k='v'",
            r#"a 1 source=h k="v"l=w"#,
            r#"a 1 source=h k="v\""#,
            r#""a\"b" 1 source=h"#,
            "a 1 ٣=v source=h",
            "a 1 \"٣\"=v source=h",
            "a 1 \"\"=v source=h",
            "a 1 \"1533529977\" source=h",
            "a x source=h",
        ] {
            assert!(!check(line), "{line}");
        }
    }

    const PIECES: [&str; 28] = [
        "a",
        "\"a\"",
        "\"\"",
        "\"a b\"",
        "\"a\\\"b\"",
        "\"a\\\"",
        "'a'",
        "source",
        "\"source\"",
        "host",
        "tag",
        "fqdn",
        "k",
        "l",
        "∆",
        "٣",
        "é",
        "\u{a0}",
        "1",
        "-1",
        "1.5",
        "\"1\"",
        "1533529977",
        "1f",
        "#",
        "=",
        "\\",
        "0x1p3",
    ];
    const GAPS: [&str; 7] = [" ", "=", "", "  ", "\t", " \u{2003}", "\" "];

    proptest! {
        #[test]
        fn a_plain_line_says_what_the_tokenizer_says(
            pieces in prop::collection::vec((0..PIECES.len(), prop_oneof![4 => 0..2_usize, 1 => 0..GAPS.len()]), 1..16)
        ) {
            let line: String = pieces.into_iter().flat_map(|(piece, gap)| [PIECES[piece], GAPS[gap]]).collect();
            check(line.trim());
        }

        #[test]
        fn a_nearly_plain_line_says_what_the_tokenizer_says(
            value in prop::sample::select(vec!["1", "-1.5", "\"2\"", "1e3", "0x1p3", "1d", "x"]),
            time in prop::sample::select(vec!["", " 1533529977", " \"1533529977000\"", " 15x", " 1.5"]),
            tags in prop::collection::vec((prop::sample::select(PIECES.to_vec()), prop::sample::select(PIECES.to_vec())), 1..12),
        ) {
            let tags: String = tags.into_iter().map(|(key, value)| format!(" {key}={value}")).collect();
            check(&format!("name {value}{time}{tags}"));
            check(&format!("name {value}{time} source=h{tags}"));
            check(&format!("name {value}{time} source=\"h\\\"\"{tags} \"l\"=\"\\\"v\""));
        }
    }
}
