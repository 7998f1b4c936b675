//! Lines that are nearly right: what tells two parsers apart.

use fastrand::Rng;
use wf_parse::Format;

/// Changes a line in one to four places, and now and then what it is read as.
pub(crate) fn mutated(rng: &mut Rng, seeds: &[(Format, String)]) -> (Format, String) {
    let (format, line) = &seeds[rng.usize(..seeds.len())];
    let mut chars: Vec<char> = line.chars().collect();
    // Mostly once: a line that is wrong in two places says little about the second.
    for _ in 0..*rng.choice(&[1, 1, 1, 2, 2, 4]).unwrap_or(&1) {
        change(rng, &mut chars, seeds);
    }
    let format = if rng.u8(..8) == 0 { FORMATS[rng.usize(..FORMATS.len())] } else { *format };
    // A line has no line break in it: the listener has cut there.
    (format, chars.into_iter().filter(|c| *c != '\n').collect())
}

fn change(rng: &mut Rng, line: &mut Vec<char>, seeds: &[(Format, String)]) {
    let at = rng.usize(..=line.len());
    let end = (at + rng.usize(1..8)).min(line.len());
    match rng.u8(..10) {
        0 => drop(line.drain(at..end)),
        1 => {
            let copy: Vec<char> = line[at..end].to_vec();
            let to = rng.usize(..=line.len());
            line.splice(to..to, copy);
        }
        2 => {
            if at < line.len() {
                line[at] = character(rng);
            }
        }
        3 => line.insert(at, character(rng)),
        4 | 5 => {
            let word = WORDS[rng.usize(..WORDS.len())];
            let to = if rng.bool() { end } else { at };
            line.splice(at..to, word.chars());
        }
        6 => {
            // Whole tokens, between blanks.
            let blanks: Vec<usize> = (0..line.len()).filter(|&i| line[i] == ' ').collect();
            if let [from, .., to] = *blanks {
                let token: Vec<char> = line.drain(from..to.min(from + rng.usize(1..40))).collect();
                let place = rng.usize(..=line.len());
                line.splice(place..place, token);
            }
        }
        7 => {
            let other = &seeds[rng.usize(..seeds.len())].1;
            let cut = other.chars().skip(rng.usize(..=other.len())).take(rng.usize(1..40));
            line.splice(at..at, cut);
        }
        8 => {
            // Lengths around the limits, in units of one and of two.
            let letter = *rng.choice(&['x', 'é', '😀', '"', '1']).unwrap_or(&'x');
            let limit = LENGTHS[rng.usize(..LENGTHS.len())];
            let length = limit / letter.len_utf16();
            line.splice(at..at, std::iter::repeat_n(letter, length + rng.usize(..2)));
        }
        _ => {
            let count = *rng.choice(&[1, 2, 18, 19, 20, 21, 99, 100, 101]).unwrap_or(&1);
            let tags: String = (0..count).map(|i| format!(" k{i}=v{i}")).collect();
            line.splice(at..at, tags.chars());
        }
    }
}

pub(crate) fn character(rng: &mut Rng) -> char {
    const HOSTILE: &[char] = &[
        ' ', ' ', '"', '"', '\'', '\\', '=', '=', '#', '\t', '\r', '\u{b}', '\u{1c}', '\0', '\u{4}',
        '\u{7f}', '\u{85}', '\u{a0}', '\u{2003}', '\u{2007}', '\u{3000}', '\u{feff}', '∆', 'Δ', '~', '*',
        '@', '!', '{', '}', '[', ']', ':', ',', '/', '.', '-', '+', '_', '0', '1', '9', '٣', '３', '𝟗', 'é',
        '中', '😀', 'e', 'E', 'x', 'p', 'd', 'f', 'L',
    ];
    if rng.u8(..16) == 0 { rng.char(..) } else { HOSTILE[rng.usize(..HOSTILE.len())] }
}

const FORMATS: [Format; 6] =
    [Format::Auto, Format::Wavefront, Format::Histogram, Format::Trace, Format::SpanLogs, Format::Event];

/// Units at which a limit lies, less one.
const LENGTHS: [usize; 9] = [19, 63, 126, 127, 128, 252, 253, 254, 1022];

const WORDS: &[&str] = &[
    " ",
    "  ",
    "\t",
    " = ",
    "=",
    "==",
    " =",
    "= ",
    "#",
    " # ",
    "\"\"",
    "\"\" ",
    "\" \"",
    "''",
    "\\\"",
    "\\",
    "\\\\",
    "\"a b\"",
    "'a \\' b'",
    "source=",
    "source=h",
    "host=",
    "host=h",
    "fqdn=",
    "fqdn=f",
    "\"source\"=",
    "\"host\"=\"h\"",
    "tag=t",
    "_tag=t",
    "_host=h",
    "eventTag=t",
    "debug=true",
    "k=v",
    "k=\"v\"",
    "k=\" \"",
    "5xx=3",
    "404=x",
    "∆=x",
    "~",
    "∆~",
    "Δ",
    "1",
    "-1",
    "+1",
    "0",
    "-0",
    "007",
    "1.",
    ".5",
    "1e3",
    "1E+3",
    "1e-400",
    "1e400",
    "1d",
    "1F",
    "1L",
    "0x10",
    "0x1p3",
    "0X.8P-1",
    "0x1.fffffffffffff8p1023",
    "NaN",
    "-NaN",
    "nan",
    "Infinity",
    "-Infinity",
    "inf",
    "1,5",
    "1_000",
    "٣",
    "３",
    "9007199254740993",
    "1.7976931348623159e308",
    "4.9e-324",
    "123456789012345678901234567890",
    "1700000000",
    "1700000000.5",
    "1.7e9",
    "1700000000000",
    "1700000000000000",
    "1700000000000000000",
    "999999999999",
    "1000000000000",
    "9999999999999",
    "10000000000000",
    "1700086400",
    "1668464000",
    "253402300800",
    "2147483647",
    "2147483648",
    "-2147483649",
    "+20",
    "!M ",
    "!H ",
    "!D ",
    "!M\t",
    "#20 30",
    "#1 -5.1",
    "#0 1",
    "#-1 1",
    "#1 NaN",
    "@Event ",
    "@Event",
    "@SourceTag ",
    "@SourceDescription ",
    "action=add ",
    "action=SAVE ",
    "action=delete ",
    "traceId=7b3bf470-9456-11e8-9eb6-529269fb1459",
    "traceId=1-1-1-1-1",
    "traceId=t",
    "spanId=0313bafe-9457-11e8-9eb6-529269fb1459",
    "spanId=s",
    "parent=p",
    "{",
    "}",
    "[",
    "]",
    "{}",
    "[]",
    ":",
    ",",
    "null",
    "true",
    "\"logs\":[]",
    "\"traceId\":",
    "\"spanId\":\"s\"",
    "\"timestamp\":1",
    "\"fields\":{\"k\":\"v\"}",
    "\"fields\":{\"k\":1}",
    "\"span\":\"op 1 2\"",
    "\"_spanSecondaryId\":\"x\"",
    "\\u0041",
    "\\ud83d",
    "\\ude00",
    "\\ud83d\\ude00",
    "\\n",
];
