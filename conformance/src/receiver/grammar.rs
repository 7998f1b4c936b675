//! Lines out of the receiver's grammar, each part of which is odd now and then; and JSON with any value at any place.

use std::fmt::Write;

use fastrand::Rng;
use wf_parse::Format;

use super::mutate;

/// A line of any kind, and what it is read as.
pub(crate) fn line(rng: &mut Rng) -> (Format, String) {
    let mut writer = Writer { rng, line: String::new() };
    let format = match writer.rng.u8(..16) {
        0..4 => {
            writer.metric();
            writer.either(Format::Auto, Format::Wavefront)
        }
        4..6 => {
            writer.histogram();
            writer.either(Format::Auto, Format::Histogram)
        }
        6..9 => {
            writer.span();
            Format::Trace
        }
        9..11 => {
            writer.event();
            Format::Auto
        }
        11..13 => {
            writer.operation();
            Format::Auto
        }
        _ => {
            writer.span_logs();
            writer.either(Format::Auto, Format::SpanLogs)
        }
    };
    (format, writer.line.replace('\n', " "))
}

struct Writer<'r> {
    rng: &'r mut Rng,
    line: String,
}

impl Writer<'_> {
    fn metric(&mut self) {
        self.token(NAMES);
        self.gap();
        self.number();
        if self.rng.bool() {
            self.gap();
            self.time();
        }
        self.tags(POINT_KEYS);
    }

    fn histogram(&mut self) {
        self.raw(&["!M", "!M", "!H", "!D", "!m", "!X", "\"!M\""]);
        self.gap();
        if self.rng.bool() {
            self.time();
            self.gap();
        }
        for _ in 0..self.few(6) {
            self.raw(&["#", "#", "#", "#", "# ", "'#'", "#\t", ""]);
            self.token(COUNTS);
            self.gap();
            self.number();
            self.gap();
        }
        self.token(NAMES);
        self.tags(POINT_KEYS);
    }

    fn span(&mut self) {
        self.token(NAMES);
        let mut parts = [Part::Source, Part::TraceId, Part::SpanId, Part::Tags];
        self.rng.shuffle(&mut parts);
        for part in parts {
            // Sometimes missing.
            if self.rng.u8(..24) == 0 {
                continue;
            }
            let (key, values) = match part {
                Part::Source => (&["source", "source", "host"][..], VALUES),
                Part::TraceId => (&["traceId"][..], UUIDS),
                Part::SpanId => (&["spanId"][..], UUIDS),
                Part::Tags => {
                    self.tags(SPAN_KEYS);
                    continue;
                }
            };
            self.line.push(' ');
            self.token(key);
            self.equals();
            self.token(values);
        }
        self.gap();
        self.time();
        self.gap();
        self.token(TIMES);
        if self.rng.u8(..32) == 0 {
            self.tags(SPAN_KEYS);
        }
    }

    fn event(&mut self) {
        self.raw(&["@Event", "@Event", "@Event", "@Event", "@Event", "'@Event'", "@Eventx", "@Event\t"]);
        for _ in 0..self.few(3) {
            self.gap();
            self.time();
        }
        self.gap();
        self.token(NAMES);
        self.tags(EVENT_KEYS);
    }

    fn operation(&mut self) {
        self.raw(&["@SourceTag", "@SourceTag", "@SourceDescription", "@SourceDescription", "@SourceTagx"]);
        let mut keys = [("action", ACTIONS), ("source", VALUES)];
        self.rng.shuffle(&mut keys);
        for (key, values) in keys {
            if self.rng.u8(..24) == 0 {
                continue;
            }
            self.gap();
            self.token(&[key]);
            self.equals();
            self.token(values);
        }
        for _ in 0..self.few(3) {
            self.gap();
            self.token(VALUES);
        }
        if self.rng.u8(..16) == 0 {
            self.tags(POINT_KEYS);
        }
    }

    fn tags(&mut self, keys: &[&str]) {
        let count = match self.rng.u8(..32) {
            0 => *self.rng.choice(&[19, 20, 21, 50, 51, 99, 100, 101]).unwrap_or(&1),
            _ => self.few(5),
        };
        for i in 0..count {
            self.gap();
            if count > 10 {
                let _ = write!(self.line, "k{i}=v");
                continue;
            }
            self.token(keys);
            self.equals();
            self.token(VALUES);
        }
    }

    fn number(&mut self) {
        let text = match self.rng.u8(..8) {
            0..4 => self.rng.u16(..).to_string(),
            4 => self.decimal(),
            5 => self.hexadecimal(),
            _ => return self.token(NUMBERS),
        };
        self.quoted(&text);
    }

    /// Near a double or between two, with more digits than it takes to tell.
    fn decimal(&mut self) -> String {
        let double = f64::from_bits(self.rng.u64(..));
        match self.rng.u8(..4) {
            0 => format!("{double:e}"),
            1 => format!("{double:.*e}", self.rng.usize(..40)),
            2 => format!("{double:.*}", self.rng.usize(..12)),
            _ => {
                let digits: String = (0..self.rng.usize(1..40)).map(|_| self.rng.digit(10)).collect();
                let point = self.rng.usize(..=digits.len());
                let exponent = self.rng.i16(-360..340);
                format!("{}.{}e{exponent}", &digits[..point], &digits[point..])
            }
        }
    }

    fn hexadecimal(&mut self) -> String {
        let mut digits = |most: usize| -> String {
            let length = self.rng.usize(..most);
            // Zeros and ones decide which way it is rounded.
            let digit = |_| {
                if self.rng.bool() { self.rng.digit(16) } else { ['0', '8', 'f'][self.rng.usize(..3)] }
            };
            (0..length).map(digit).collect()
        };
        let (whole, fraction) = (digits(6), digits(20));
        let point = if fraction.is_empty() { "" } else { "." };
        let exponent = *self.rng.choice(&[-1080, -1074, -1022, -60, 0, 60, 1000, 1023]).unwrap_or(&0);
        let exponent = exponent + self.rng.i32(-40..40);
        let suffix = ["", "", "d", "F"][self.rng.usize(..4)];
        format!("0x{whole}{point}{fraction}p{exponent}{suffix}")
    }

    fn time(&mut self) {
        self.token(TIMES);
    }

    fn token(&mut self, of: &[&str]) {
        let text = match self.rng.u8(..48) {
            0 => (0..self.rng.usize(..6)).map(|_| mutate::character(self.rng)).collect(),
            1 => "x".repeat(
                *self.rng.choice(&[63, 64, 65, 127, 128, 129, 253, 254, 255, 256, 1023, 1024]).unwrap_or(&1),
            ),
            2 => NUMBERS[self.rng.usize(..NUMBERS.len())].to_owned(),
            _ => of[self.rng.usize(..of.len())].to_owned(),
        };
        self.quoted(&text);
    }

    fn quoted(&mut self, text: &str) {
        match self.rng.u8(..16) {
            0..3 => {
                let _ = write!(self.line, "\"{}\"", text.replace('"', "\\\""));
            }
            3 => {
                let _ = write!(self.line, "'{}'", text.replace('\'', "\\'"));
            }
            4 => {
                let _ = write!(self.line, "\"{text}\"");
            }
            _ => self.line.push_str(text),
        }
    }

    fn equals(&mut self) {
        self.raw(&[
            "=", "=", "=", "=", "=", "=", "=", "=", "=", "=", "=", "= ", " =", " = ", "\t=", "==", "",
        ]);
    }

    fn gap(&mut self) {
        self.raw(&[
            " ",
            " ",
            " ",
            " ",
            " ",
            " ",
            " ",
            " ",
            " ",
            " ",
            " ",
            "  ",
            "\t",
            " \u{2003}",
            "\r ",
            "",
        ]);
    }

    fn raw(&mut self, of: &[&str]) {
        self.line.push_str(of[self.rng.usize(..of.len())]);
    }

    fn few(&mut self, most: usize) -> usize {
        self.rng.usize(..most)
    }

    fn either(&mut self, a: Format, b: Format) -> Format {
        if self.rng.bool() { a } else { b }
    }

    fn span_logs(&mut self) {
        let mut members =
            vec!["traceId", "spanId", "logs", "span", "spanSecondaryId", "_spanSecondaryId", "x"];
        self.rng.shuffle(&mut members);
        // The three that are asked for are seldom missing, and something comes twice now and then.
        members.retain(|key| {
            self.rng.u8(..24) > if ["traceId", "spanId", "logs"].contains(key) { 0 } else { 16 }
        });
        if self.rng.u8(..12) == 0 {
            members.push(["traceId", "spanId", "logs", "span", "spanSecondaryId"][self.rng.usize(..5)]);
        }
        self.object(&members, |writer, key| match key {
            "logs" if writer.rng.u8(..12) > 0 => writer.logs(),
            "span" if writer.rng.u8(..4) > 0 => {
                let mut inner = Writer { rng: writer.rng, line: String::new() };
                inner.span();
                let span = inner.line;
                writer.text(&span);
            }
            "x" => writer.value(4),
            _ if writer.rng.u8(..12) > 0 => {
                let id = UUIDS[writer.rng.usize(..UUIDS.len())];
                writer.text(id);
            }
            _ => writer.value(2),
        });
        if self.rng.u8(..48) == 0 {
            self.raw(&["}", "x}", "{}", " ", ",", "{\"traceId\":1}", "\"}", "//}"]);
        }
    }

    fn logs(&mut self) {
        self.line.push('[');
        for i in 0..self.few(4) {
            self.comma(i);
            if self.rng.u8(..32) == 0 {
                self.value(2);
                continue;
            }
            let mut members = vec!["timestamp", "fields", "x"];
            self.rng.shuffle(&mut members);
            members.retain(|key| self.rng.u8(..24) > if *key == "x" { 16 } else { 0 });
            self.object(&members, |writer, key| match key {
                "timestamp" if writer.rng.bool() => writer.line.push_str("1700000000000000"),
                "timestamp" if writer.rng.bool() => {
                    let number = NUMBERS[writer.rng.usize(..NUMBERS.len())];
                    writer.text(number);
                }
                "fields" if writer.rng.u8(..12) > 0 => {
                    let keys = ["k", "event", "k", "", "é"];
                    let keys = &keys[..writer.few(keys.len())];
                    writer.object(keys, |writer, _| {
                        if writer.rng.u8(..24) == 0 {
                            writer.value(3);
                        } else {
                            let text = VALUES[writer.rng.usize(..VALUES.len())];
                            writer.text(text);
                        }
                    });
                }
                _ => writer.value(3),
            });
        }
        self.line.push(']');
    }

    fn object(&mut self, keys: &[&str], mut value: impl FnMut(&mut Self, &str)) {
        self.line.push('{');
        for (i, key) in keys.iter().enumerate() {
            self.comma(i);
            self.text(key);
            self.raw(JSON_GAPS);
            self.raw(&[":", ":", ":", ":", ":", ":", ":", ":", ":", ":", ":", ":", ":", ":", ":", " : "]);
            self.raw(JSON_GAPS);
            value(self, key);
        }
        self.raw(JSON_GAPS);
        self.line.push('}');
    }

    fn comma(&mut self, i: usize) {
        if i > 0 {
            self.line.push(',');
        }
        if self.rng.u8(..200) == 0 {
            self.raw(&[",", " ", ";", "/**/", "\u{a0}", "\u{c}"]);
        }
    }

    fn value(&mut self, depth: usize) {
        match self.rng.u8(..16) {
            0 => self.raw(&["true", "false", "null", "null", "nul", "True", "NaN", "Infinity", "undefined"]),
            1..7 => self.raw(JSON_NUMBERS),
            7 => {
                let length = *self.rng.choice(&[19, 20, 39, 310, 998, 999, 1000, 1001]).unwrap_or(&1);
                let number = "7".repeat(length);
                let (head, tail) = [
                    ("", ""),
                    ("", ""),
                    ("", "e1"),
                    ("", ".5"),
                    ("", "e-400"),
                    ("0.", ""),
                    ("-0.", ""),
                    ("0e", ""),
                    ("0.", "e1"),
                    ("1e-", ""),
                    ("1.", ""),
                ][self.rng.usize(..11)];
                let _ = write!(self.line, "{head}{number}{tail}");
            }
            8..11 => {
                let text = VALUES[self.rng.usize(..VALUES.len())];
                self.text(text);
            }
            11 => {
                let text = NUMBERS[self.rng.usize(..NUMBERS.len())];
                self.text(text);
            }
            _ if depth == 0 => self.line.push_str("[]"),
            12 if self.rng.u8(..64) == 0 => {
                // As deep as the receiver goes, and further.
                let depth = *self.rng.choice(&[126, 127, 128, 990, 997, 998, 999, 1000, 1001]).unwrap_or(&1);
                let open = ["[", "{\"a\":"][self.rng.usize(..2)];
                self.line.push_str(&open.repeat(depth));
                self.line.push('1');
                self.line.push_str(&(if open == "[" { "]" } else { "}" }).repeat(depth));
            }
            12..14 => {
                self.line.push('[');
                for i in 0..self.few(3) {
                    self.comma(i);
                    self.value(depth - 1);
                }
                self.line.push(']');
            }
            _ => {
                let keys = ["timestamp", "fields", "a"];
                let keys = &keys[..self.few(4)];
                self.object(keys, |writer, _| writer.value(depth - 1));
            }
        }
    }

    /// A JSON string; what need not be escaped is now and then.
    fn text(&mut self, text: &str) {
        self.line.push('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => {
                    self.line.push('\\');
                    self.line.push(c);
                }
                _ if c.is_ascii_control() || self.rng.u8(..64) == 0 => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        let _ = write!(self.line, "\\u{unit:04x}");
                    }
                }
                _ => self.line.push(c),
            }
        }
        if self.rng.u8(..128) == 0 {
            self.raw(&[
                "\\ud83d",
                "\\ude00",
                "\\ud83d\\ude00",
                "\\ude00\\ud83d",
                "\\ud83d\\u0041",
                "\\u00",
                "\\uD8zz",
                "\\x",
                "\\'",
                "\\/",
                "\\b\\f\\n\\r\\t",
                "\t",
                "\u{1f}",
                "\u{7f}",
                "\\u0000",
                "\\",
                "\\ud83dx",
            ]);
        }
        self.line.push('"');
    }
}

#[derive(Clone, Copy)]
enum Part {
    Source,
    TraceId,
    SpanId,
    Tags,
}

const NAMES: &[&str] = &[
    "foo",
    "foo.metric",
    "a.b-c_d/e,f",
    "∆foo",
    "Δfoo",
    "~foo",
    "∆~foo",
    "~∆foo",
    "∆",
    "~",
    "1foo",
    "-foo",
    "op",
    "get All",
    "a*b",
    "",
    " ",
    "é",
    "foo:bar",
    "f😀",
    "#",
    "=",
    "5",
];

const POINT_KEYS: &[&str] = &[
    "source", "source", "source", "source", "source", "host", "fqdn", "tag", "_tag", "_host", "k", "k", "k2",
    "env", "5xx", "404", "٣", "∆k", "~k", "a/b", "a:b", "resource", "Source", "", "#", "=", "Aa", "BB",
    "AaAa", "BBBB", "AaBB",
];

const SPAN_KEYS: &[&str] = &[
    "k",
    "k",
    "k2",
    "parent",
    "followsFrom",
    "application",
    "service",
    "debug",
    "debug",
    "error",
    "_spanLogs",
    "traceId",
    "spanId",
    "source",
    "host",
    "404",
    "٣",
    "４",
    "5xx",
    "a:b",
    "",
    "k*",
];

const EVENT_KEYS: &[&str] = &[
    "host", "host", "tag", "tag", "eventTag", "severity", "details", "k", "k", "source", "a:b", "", "Aa",
    "BB", "5xx", "type",
];

const VALUES: &[&str] = &[
    "h",
    "v",
    "web-1",
    "a b",
    "a=b",
    "a\"b",
    "a'b",
    "a\\",
    "\\",
    "",
    " ",
    "\u{a0}",
    "\t",
    "é",
    "😀",
    "true",
    "404",
    "#",
    "=",
    "source=x",
    "x source=",
    "add",
    "'",
    "\"",
    "v,w",
    "a/b",
    "a:b",
    "null",
    "\u{3000}",
    "\u{1c}",
    "\u{85}",
];

const ACTIONS: &[&str] =
    &["add", "add", "save", "save", "delete", "delete", "ADD", "Save", "remove", "", "ſave", "add "];

const UUIDS: &[&str] = &[
    "7b3bf470-9456-11e8-9eb6-529269fb1459",
    "7b3bf470-9456-11e8-9eb6-529269fb1459",
    "7b3bf470-9456-11e8-9eb6-529269fb1459",
    "7B3BF470-9456-11E8-9EB6-529269FB1459",
    "1-1-1-1-1",
    "0-0-0-0-0",
    "7b3bf470945611e89eb6529269fb1459",
    "7b3bf470-9456-11e8-9eb6-529269fb145",
    "7b3bf470-9456-11e8-9eb6-529269fb14590",
    "17b3bf470-9456-11e8-9eb6-529269fb1459",
    "ffffffffffffffff-1-1-1-1",
    "7fffffffffffffff-1-1-1-1",
    "8000000000000000-1-1-1-1",
    "1--1-1-1-1",
    "1-1-1-1",
    "1-1-1-1-1-1",
    "-1-1-1-1-1",
    "1-1-1-1-",
    "+1-1-1-1-1",
    "1-+1-1-1-1",
    "١-1-1-1-1",
    "g-1-1-1-1",
    "1-1-1-1-1 ",
    "{1-1-1-1-1}",
    "s",
    "",
];

const COUNTS: &[&str] = &[
    "1",
    "20",
    "20",
    "7",
    "0",
    "-1",
    "+20",
    "2147483647",
    "2147483648",
    "-2147483648",
    "20.0",
    "1e1",
    "0x1",
    "٣",
    "",
    " 1",
    "007",
    "-0",
];

const NUMBERS: &[&str] = &[
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "18446744073709551616",
    "+-5",
    "++5",
    "+",
    "-",
    "1",
    "-1",
    "+1",
    "0",
    "-0",
    "0.0",
    "1.5",
    ".5",
    "5.",
    ".",
    "-.5",
    "+.5e1",
    "1e3",
    "1E-3",
    "1e+3",
    "1e",
    "e1",
    "1e400",
    "1e-400",
    "1d",
    "1D",
    "1f",
    "1F",
    "1L",
    "1fd",
    "NaN",
    "+NaN",
    "-NaN",
    "nan",
    "NaNf",
    "Infinity",
    "-Infinity",
    "+Infinity",
    "Infinityd",
    "inf",
    "0x1p3",
    "0X1P3",
    "0x1.8p-1",
    "0x.8p1",
    "0x.p1",
    "0x1p",
    "0x1",
    "0x10",
    "0xp1",
    "-0x1p3f",
    "0x1p3d",
    "0x1.fffffffffffff8p1023",
    "0x1p-1075",
    "0x1p-1074",
    "0x1p99999999999",
    "1_000",
    "1,5",
    "٣",
    "३",
    "１",
    "0.1e-1",
    "00.1",
    "1e0000000000000003",
    "1e99999999999",
    "1e-99999999999",
    "0e99999999999",
    "4.9e-324",
    "2.4703282292062327e-324",
    "2.4703282292062328e-324",
    "1.7976931348623157e308",
    "1.7976931348623158e308",
    "1.7976931348623159e308",
    "179769313486231580793e289",
    "9007199254740993",
    "9007199254740992.999",
    "0.1000000000000000055511151231257827",
    "123456789012345678901234567890",
    " 1",
    "1 ",
    "\t1",
    "\u{1c}1",
    "\u{a0}1",
    "\u{2003}1",
    "\u{0}1",
    "1\u{1f}",
    "1\u{7f}",
    "--1",
    "1-",
    "true",
    "",
    "1.5.2",
    "0x",
    "1e1.5",
    "0b1",
];

const TIMES: &[&str] = &[
    "1700000000",
    "1700000000",
    "1700000000000",
    "1700000000000",
    "1700000000000000",
    "1700000000000000000",
    "1699999999.5",
    "1.7e9",
    "1.7e12",
    "1700000000f",
    "1700000000d",
    "0",
    "1",
    "343",
    "343.7",
    "0x1p30",
    "-1",
    "+1",
    "999999999999",
    "1000000000000",
    "9999999999999",
    "10000000000000",
    "999999999999999",
    "1000000000000000",
    "9999999999999999",
    "10000000000000000",
    "999999999999999999",
    "1000000000000000000",
    "9223372036854775807",
    "9223372036854775808",
    "1e30",
    "1e400",
    "1700086399",
    "1700086400",
    "1700086400000",
    "1700086400001",
    "1668464000",
    "1668463999",
    "1668464000001",
    "1700000000001",
    "٣",
    "１７００００００００",
    "17000000000s",
    "1700000000,5",
    "007",
    "1699920000",
    "1699999200",
    "1699999980",
];

const JSON_NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "-0",
    "1.5",
    "1e3",
    "1E+3",
    "1e-3",
    "1e400",
    "-1e400",
    "1.7e15",
    "01",
    "+1",
    ".5",
    "5.",
    "1.e1",
    "1e",
    "-",
    "--1",
    "0x1",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "36893488147419103233",
    "1e18",
    "9.3e18",
    "1e19",
    "1.0",
    "1d",
    "1e5x",
    "1e99999999999",
    "0e99999999999",
    "1e-99999999999",
    "123456789012345678901234567890.5",
    "1.7976931348623159e308",
];

const JSON_GAPS: &[&str] = &["", "", "", "", "", "", "", "", "", "", "", " ", "\t", "\r"];
