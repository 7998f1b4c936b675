//! Holds this workspace's crates against the real receiver's decoders: what ours encodes they accept, with the meaning it
//! was given, and of any line they and ours say the same. `cargo xtask conformance receiver` runs it.

mod judge;
mod meaning;
mod mutate;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, ensure};
use fastrand::Rng;
use serde_json::Value;
use wf_format::{Changed, Limits, SourceDescription, SourceTag};
use wf_parse::{Format, Parsed, Parser, Verdict};

use self::judge::{Answer, Judge};
use crate::points::Point;
use crate::{generate, ours};

pub(crate) const NOW_MILLIS: i64 = generate::NOW_MILLIS;
pub(crate) const REMOTE_HOST: &str = "REMOTE";

/// Compares at least `count` encoded and as many mutated lines.
pub(crate) fn run(class_path: &Path, count: usize, seed: u64) -> anyhow::Result<()> {
    println!("{count} encoded and {count} mutated lines from seed {seed}");
    let mut judge = Judge::start(class_path)?;
    let mut rng = Rng::with_seed(seed);
    let mut differences = Differences::default();
    let mut counts = BTreeMap::new();
    let mut seeds = recorded()?;
    let mut done = 0;
    while done < count {
        let encoded = encoded(&mut rng, &mut differences);
        let lines: Vec<_> = encoded.iter().map(|line| (line.format, line.text.clone())).collect();
        for (line, answer) in encoded.iter().zip(judge.ask(&lines)?) {
            *counts.entry((line.kind, answer.verdict.to_string())).or_insert(0_u64) += 1;
            differences.of_encoded(line, &answer);
        }
        done += lines.len();
        if seeds.len() < SEEDS {
            seeds.extend(lines);
        }
    }
    for ((kind, verdict), count) in &counts {
        println!("encoded {kind:<18} {verdict:<8} {count:>9}");
    }

    let mut counts = BTreeMap::new();
    let mut done = 0;
    while done < count {
        let lines: Vec<_> = (0..BATCH).map(|_| mutate::mutated(&mut rng, &seeds)).collect();
        for ((format, line), answer) in lines.iter().zip(judge.ask(&lines)?) {
            *counts.entry(answer.verdict.to_string()).or_insert(0_u64) += 1;
            differences.of_mutated(*format, line, &answer);
        }
        done += lines.len();
    }
    for (verdict, count) in &counts {
        println!("mutated {verdict:<8} {count:>9}");
    }
    println!("{} differences", differences.count);
    ensure!(differences.count == 0, "{} differences from seed {seed}", differences.count);
    Ok(())
}

/// Recorded lines, to begin with.
fn recorded() -> anyhow::Result<Vec<(Format, String)>> {
    let row = |row: &str| {
        let row: Value = serde_json::from_str(row)?;
        let format = row["f"].as_str().map_or(Format::Auto, Format::from_query);
        Ok((format, row["line"].as_str().context("a row without a line")?.to_owned()))
    };
    RECORDED.lines().map(row).collect()
}

/// A line of ours, and what it was made from.
struct Encoded {
    kind: &'static str,
    format: Format,
    text: String,
    changed: Changed,
    point: Option<Point>,
}

/// Encodes points of every kind, texts stretched to the limits and beyond; leaves out what ours refuses.
fn encoded(rng: &mut Rng, differences: &mut Differences) -> Vec<Encoded> {
    let mut lines = Vec::new();
    for mut point in generate::points(rng.u64(..), POINTS) {
        stretch(rng, &mut point);
        let limits = if rng.bool() { Limits::DEFAULT } else { Limits::PROXY };
        let format = wf_format::Format::DEFAULT.limits(limits).default_source(meaning::DEFAULT_SOURCE);
        let kind = match &point {
            Point::Metric(_) => ("metric", Format::Auto),
            Point::Delta(_) => ("delta", Format::Wavefront),
            Point::Histogram(_) => ("histogram", Format::Auto),
            Point::Span(_) => ("span", Format::Trace),
            Point::Event(_) => ("event", Format::Event),
        };
        ours::with(&point, |given| {
            let mut add = |(kind, read_as), given: &dyn wf_format::Point| {
                let mut bytes = Vec::new();
                let Ok(encoded) = format.encode_into(given, &mut bytes) else { return };
                let changed = encoded.changed;
                // A histogram has a line for each granularity.
                for text in String::from_utf8_lossy(&bytes).lines() {
                    let point = Some(point.clone());
                    lines.push(Encoded { kind, format: read_as, text: text.to_owned(), changed, point });
                }
            };
            add(kind, given);
            if let Some(logs) = given.logs() {
                add(("span log", Format::Auto), &logs);
            }
        });
        if let Point::Metric(sent) = &point {
            let source = sent.source.as_deref().unwrap_or_default();
            let texts: Vec<&str> = sent.tags.iter().flat_map(|(key, value)| [&**key, &**value]).collect();
            let operation = [SourceTag::add, SourceTag::save, SourceTag::delete][rng.usize(..3)];
            let mut add = |kind, given: &dyn wf_format::Point| {
                let mut bytes = Vec::new();
                if let Ok(encoded) = format.encode_into(given, &mut bytes) {
                    let changed = encoded.changed;
                    let text = String::from_utf8_lossy(&bytes).trim_end().to_owned();
                    lines.push(Encoded { kind, format: Format::Auto, text, changed, point: None });
                }
            };
            add("source tag", &operation(&texts).source(source));
            let description = texts.first().copied().unwrap_or("text");
            add("source description", &SourceDescription::save(description).source(source));
            add("source description", &SourceDescription::delete().source(source));
        }
    }
    for line in &lines {
        differences.count += u64::from(line.text.is_empty());
    }
    lines
}

/// Makes one text in eight as long as a limit, one unit less or more; units of one and of two.
fn stretch(rng: &mut Rng, point: &mut Point) {
    const LIMITS: [usize; 8] = [64, 128, 192, 253, 254, 255, 256, 1023];
    let mut long = |text: &mut String| {
        if rng.u8(..8) > 0 {
            return;
        }
        let letter = *rng.choice(&['x', 'ß', '😀', '"', '\\', ' ']).unwrap_or(&'x');
        let length = LIMITS[rng.usize(..LIMITS.len())] + rng.usize(..3) - 1;
        let missing = length.saturating_sub(text.encode_utf16().count()) / letter.len_utf16();
        let place = text.char_indices().map(|(at, _)| at).nth(1).unwrap_or(text.len());
        text.insert_str(place, &String::from(letter).repeat(missing));
    };
    let (name, tags) = match point {
        Point::Metric(point) | Point::Delta(point) => (&mut point.name, &mut point.tags),
        Point::Histogram(point) => (&mut point.name, &mut point.tags),
        Point::Span(point) => (&mut point.name, &mut point.tags),
        Point::Event(point) => (&mut point.name, &mut point.annotations),
    };
    long(name);
    for (key, value) in tags {
        long(key);
        long(value);
    }
}

/// Counts differences and prints the first ones.
#[derive(Default)]
struct Differences {
    count: u64,
}

impl Differences {
    fn of_encoded(&mut self, line: &Encoded, theirs: &Answer) {
        let Encoded { kind, format, text, changed, point } = line;
        // No clock: the time window is left to whoever sends.
        if theirs.code == Some(402) {
            return self.of_mutated(*format, text, theirs);
        }
        let parsed = parser().parse(*format, text);
        let different = match (point, parsed.record()) {
            _ if theirs.verdict != Verdict::Accept => Some("the verdict"),
            (Some(point), Some(record)) => meaning::difference(point, *changed, record),
            (None, Some(_)) => None,
            (_, None) => Some("the record"),
        };
        if let Some(what) = different {
            self.print(format_args!("{kind}: {what} of {text:?} from {point:?}"), theirs, &parsed);
        }
        self.of_mutated(*format, text, theirs);
    }

    fn of_mutated(&mut self, format: Format, line: &str, theirs: &Answer) {
        let parsed = parser().parse(format, line);
        let code = parsed.problem().map(|problem| problem.code().number());
        let is_same = parsed.verdict() == theirs.verdict
            // A span log that is thrown away has no code.
            && (code == theirs.code || theirs.verdict == Verdict::Discard)
            // The judge does not give the text of span logs.
            && (theirs.canonical.is_none() || same_text(parsed.canonical().as_deref(), theirs.canonical.as_deref()));
        if !is_same {
            self.print(format_args!("{format:?}: {line:?}"), theirs, &parsed);
        }
    }

    fn print(&mut self, what: std::fmt::Arguments<'_>, theirs: &Answer, ours: &Parsed<'_>) {
        const SHOWN: u64 = 20;
        self.count += 1;
        if self.count <= SHOWN {
            println!(
                "\nDIFFERENCE {what}\n  theirs {theirs:?}\n  ours   {:?} {:?} {:?}",
                ours.verdict(),
                ours.problem(),
                ours.canonical()
            );
        }
    }
}

fn parser() -> Parser {
    Parser::new().limits(wf_parse::Limits::PROXY).now_millis(NOW_MILLIS).remote_host(REMOTE_HOST)
}

/// Compares words, and those that are numbers as numbers: Java 17 writes some with more digits than needed.
fn same_text(ours: Option<&str>, theirs: Option<&str>) -> bool {
    let (Some(ours), Some(theirs)) = (ours, theirs) else { return ours == theirs };
    if ours == theirs {
        return true;
    }
    let number = |word: &str| word.parse::<f64>().ok();
    let same = |(a, b): (&str, &str)| a == b || number(a).is_some_and(|value| number(b) == Some(value));
    ours.split(' ').count() == theirs.split(' ').count() && ours.split(' ').zip(theirs.split(' ')).all(same)
}

const RECORDED: &str = concat!(
    include_str!("../../../crates/wf-parse/tests/data/receiver.jsonl"),
    include_str!("../../../crates/wf-parse/tests/data/decoder.jsonl")
);
const BATCH: usize = 20_000;
/// Points of each kind in a batch.
const POINTS: usize = 1000;
/// As many lines are mutated, at most, besides those recorded.
const SEEDS: usize = 20_000;
