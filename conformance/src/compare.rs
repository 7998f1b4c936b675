//! Ours beside theirs, record by record, and the differences that are known.

use std::collections::BTreeMap;

use wf_receiver::Kind;

/// A difference that is known, and what undoes it.
struct Rule {
    name: &'static str,
    kind: Kind,
    /// Rewrites their record as ours would be.
    theirs: fn(&str) -> String,
    /// Rewrites ours too, where theirs has lost what ours holds.
    ours: fn(&str) -> String,
}

const RULES: [Rule; 3] = [
    // Python writes a mean by the type that the caller gave it.
    Rule { name: "integral means", kind: Kind::Histogram, theirs: float_means, ours: str::to_owned },
    // Python's JSON has blanks and escapes, and means the same.
    Rule { name: "style of JSON", kind: Kind::SpanLogs, theirs: compact_json, ours: str::to_owned },
    // Python escapes nothing, so that a quote ends the text for the receiver and a line feed ends the line.
    Rule { name: "escapes", kind: Kind::Event, theirs: without_escapes, ours: without_escapes },
];

/// What came of comparing the records of one kind.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) compared: usize,
    pub(crate) equal: usize,
    pub(crate) by_rule: BTreeMap<&'static str, usize>,
    pub(crate) different: Vec<(String, String)>,
}

impl Tally {
    pub(crate) fn add(&mut self, kind: Kind, ours: &str, theirs: &str) {
        self.compared += 1;
        if ours == theirs {
            self.equal += 1;
            return;
        }
        let rule = RULES.iter().find(|rule| rule.kind == kind);
        match rule.filter(|rule| (rule.ours)(ours) == (rule.theirs)(theirs)) {
            Some(rule) => *self.by_rule.entry(rule.name).or_default() += 1,
            None => self.different.push((ours.to_owned(), theirs.to_owned())),
        }
    }
}

/// Writes `.0` after each mean that has none, before the name in quotes.
fn float_means(lines: &str) -> String {
    let mut after_count = false;
    let mut in_centroids = true;
    let tokens = lines.split_inclusive([' ', '\n']).map(|token| {
        let mean = after_count && in_centroids;
        after_count = token.starts_with('#');
        in_centroids = token.ends_with('\n') || (in_centroids && !token.starts_with('"'));
        match token.strip_suffix(' ').filter(|number| mean && number.parse::<i64>().is_ok()) {
            Some(number) => format!("{number}.0 "),
            None => token.to_owned(),
        }
    });
    tokens.collect()
}

/// Takes out blanks between the parts of JSON and decodes what need not be escaped; the order stays.
fn compact_json(json: &str) -> String {
    let mut compact = String::new();
    let mut units = Vec::new();
    let mut rest = json;
    let mut quoted = false;
    while let Some(character) = rest.chars().next() {
        let unit = rest.strip_prefix("\\u").and_then(|code| u16::from_str_radix(code.get(..4)?, 16).ok());
        // The controls are escaped by both.
        if let Some(unit) = unit.filter(|unit| *unit >= 0x7F) {
            units.push(unit);
            rest = &rest[6..];
            continue;
        }
        compact += &String::from_utf16_lossy(&units);
        units.clear();
        let length = if character == '\\' { 2.min(rest.len()) } else { character.len_utf8() };
        quoted ^= character == '"';
        if quoted || character != ' ' {
            compact += &rest[..length];
        }
        rest = &rest[length..];
    }
    compact
}

/// Takes escapes for what they stand for, as often as there are any.
fn without_escapes(line: &str) -> String {
    let mut line = line.replace("\\n", "\n");
    while line.contains("\\\"") {
        line = line.replace("\\\"", "\"");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: Kind, ours: &str, theirs: &str, verdict: &str) {
        let mut tally = Tally::default();
        tally.add(kind, ours, theirs);
        let found = match (tally.equal, tally.by_rule.first_key_value(), &*tally.different) {
            (1, None, []) => "equal",
            (0, Some((rule, 1)), []) => *rule,
            (0, None, [(a, b)]) if (&**a, &**b) == (ours, theirs) => "different",
            _ => "confused",
        };
        assert_eq!(found, verdict, "{ours:?} {theirs:?}");
    }

    #[test]
    fn integral_means() {
        let check = |ours, theirs, verdict| check(Kind::Histogram, ours, theirs, verdict);
        check("!M #20 30.0 \"a\" source=\"b\"\n", "!M #20 30.0 \"a\" source=\"b\"\n", "equal");
        check("!M 1 #20 30.0 #1 -5.0 \"a\"\n", "!M 1 #20 30 #1 -5 \"a\"\n", "integral means");
        check("!M #2 3.0 \"a\"\n!D #2 3.0 \"a\"\n", "!M #2 3 \"a\"\n!D #2 3 \"a\"\n", "integral means");
        check("!M #2 3.0 \"a\"\n", "!M #2 4 \"a\"\n", "different");
        check("!M #2 3.0 \"a\"\n", "!M #20 3 \"a\"\n", "different");
        // Neither a time nor a text is a mean.
        check("!M 17.0 #2 3.0 \"a\"\n", "!M 17 #2 3 \"a\"\n", "different");
        check("!M #2 3.0 \"a\" \"k\"=\"v #2 3.0 x\"\n", "!M #2 3 \"a\" \"k\"=\"v #2 3 x\"\n", "different");
    }

    #[test]
    fn style_of_json() {
        let check = |ours, theirs, verdict| check(Kind::SpanLogs, ours, theirs, verdict);
        check("{\"a\":\"é😀\",\"b\":1}\n", "{\"a\": \"\\u00e9\\ud83d\\ude00\", \"b\": 1}\n", "style of JSON");
        check("{\"a\":\" \\\" , \"}\n", "{\"a\": \" \\\" , \"}\n", "style of JSON");
        check("{\"a\":\"\\\\u00e9\"}\n", "{\"a\": \"\\\\u00e9\"}\n", "style of JSON");
        check("{\"a\":\"x\"}\n", "{\"a\": \"x \"}\n", "different");
        check("{\"a\":\"é\"}\n", "{\"a\": \"\\\\u00e9\"}\n", "different");
        // Ours has no blanks, and keeps Python's order.
        check("{\"a\": 1}\n", "{\"a\":1}\n", "different");
        check("{\"b\":1,\"a\":2}\n", "{\"a\":2,\"b\":1}\n", "different");
    }

    #[test]
    fn escapes() {
        let check = |ours, theirs, verdict| check(Kind::Event, ours, theirs, verdict);
        check("@Event 1 2 \"a\\\"b\\nc\"\n", "@Event 1 2 \"a\"b\nc\"\n", "escapes");
        check("@Event 1 2 \"a\\\\\"b\"\n", "@Event 1 2 \"a\\\"b\"\n", "escapes");
        check("@Event 1 2 \"a\\\"b\"\n", "@Event 1 2 \"a'b\"\n", "different");
    }

    #[test]
    fn a_rule_holds_for_its_kind_alone() {
        check(Kind::Metric, "a 3.0 #2 3.0 \"a\"\n", "a 3.0 #2 3 \"a\"\n", "different");
        check(Kind::Span, "\"a\\\"b\"\n", "\"a\"b\"\n", "different");
    }
}
