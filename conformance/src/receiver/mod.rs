//! Holds this workspace's crates against the real receiver's decoders: what ours encodes they accept, with the meaning it
//! was given, and of any line they and ours say the same. `cargo xtask conformance receiver` runs it.

mod characters;
mod grammar;
mod hostile;
mod intended;
mod judge;
mod mutate;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, ensure};
use fastrand::Rng;
use serde_json::Value;
use wf_format::{Changed, FormatError, Limits, NamePolicy, SourceDescription, SourceTag};
use wf_parse::{Format, Parsed, Verdict};

use self::hostile::{Given, Operation};
use self::intended::Setting;
use self::judge::{Answer, Judge, Listener, Preset, Question};
use crate::points::Point;
use crate::{generate, ours};

pub(crate) const NOW_MILLIS: i64 = generate::NOW_MILLIS;
pub(crate) const REMOTE_HOST: &str = "REMOTE";

/// Compares at least `count` encoded lines of each kind, and as many again that are mutated or made up.
pub(crate) fn run(class_path: &Path, count: usize, seed: u64) -> anyhow::Result<()> {
    println!("{count} encoded lines of each kind and {count} others from seed {seed}");
    let mut judge = Judge::start(class_path)?;
    let mut rng = Rng::with_seed(seed);
    let mut differences = Differences::default();
    let mut seeds = recorded()?;
    check_judge(&mut judge)?;
    encoded_lines(&mut judge, &mut rng, count, &mut differences, &mut seeds)?;
    other_lines(&mut judge, &mut rng, count, &mut differences, &seeds)?;
    println!("{} differences", differences.count);
    ensure!(differences.count == 0, "{} differences from seed {seed}", differences.count);
    Ok(())
}

fn encoded_lines(
    judge: &mut Judge,
    rng: &mut Rng,
    count: usize,
    differences: &mut Differences,
    seeds: &mut Vec<(Format, String)>,
) -> anyhow::Result<()> {
    let mut tallies: BTreeMap<&str, Tally> = KINDS.iter().map(|kind| (*kind, Tally::default())).collect();
    while tallies.values().any(|tally| tally.lines < count) {
        let encoded = encoded(rng, &tallies, count);
        for (kind, error) in encoded.refused {
            *tallies.entry(kind).or_default().refused.entry(format!("{error:?}")).or_insert(0) += 1;
        }
        let lines = encoded.lines;
        let questions: Vec<_> = lines.iter().map(|line| line.question.clone()).collect();
        for (line, answer) in lines.iter().zip(judge.ask(&questions)?) {
            let tally = tallies.entry(line.kind).or_default();
            tally.lines += 1;
            tally.changed += usize::from(!line.changed.is_empty());
            // No clock: the time window is left to whoever sends.
            let is_late = answer.code == Some(402);
            tally.outside += usize::from(is_late);
            differences.of_encoded(line, &answer, is_late);
        }
        if seeds.len() < SEEDS {
            seeds.extend(questions.into_iter().map(|question| (question.format, question.line)));
        }
    }
    println!("{:<18} {:>9} {:>9} {:>12} {:>9}", "encoded", "lines", "changed", "not in time", "refused");
    for (kind, Tally { lines, changed, outside, refused }) in &tallies {
        let sum: usize = refused.values().sum();
        println!("{kind:<18} {lines:>9} {changed:>9} {outside:>12} {sum:>9}");
    }
    Ok(())
}

fn other_lines(
    judge: &mut Judge,
    rng: &mut Rng,
    count: usize,
    differences: &mut Differences,
    seeds: &[(Format, String)],
) -> anyhow::Result<()> {
    let mut with_characters = characters::lines(count / 2);
    let mut counts = BTreeMap::new();
    let mut done = 0;
    loop {
        let mut lines: Vec<_> = with_characters.by_ref().take(BATCH).collect();
        if lines.is_empty() && done < count {
            let other = |_| match rng.u8(..4) {
                0 => grammar::line(rng),
                1 => {
                    let made_up = [grammar::line(rng)];
                    mutate::mutated(rng, &made_up)
                }
                _ => mutate::mutated(rng, seeds),
            };
            lines = (0..BATCH).map(other).collect();
            done += lines.len();
        }
        if lines.is_empty() {
            break;
        }
        let question = |(format, line)| Question { format, listener: Listener::any(rng), line };
        let questions: Vec<_> = lines.into_iter().map(question).collect();
        for (question, answer) in questions.iter().zip(judge.ask(&questions)?) {
            let code = answer.code.map(|code| format!(" WF-{code}")).unwrap_or_default();
            *counts.entry(format!("{}{code}", answer.verdict)).or_insert(0_u64) += 1;
            differences.of_verdict(question, &answer);
        }
    }
    println!("mutated or made up, and with each character");
    for (verdict, count) in &counts {
        println!("{verdict:<18} {count:>9}");
    }
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

/// Holds the judge against what a running receiver made of lines, or else it proves nothing.
fn check_judge(judge: &mut Judge) -> anyhow::Result<()> {
    let listener = Listener::default();
    let questions: Vec<_> =
        recorded()?.into_iter().map(|(format, line)| Question { format, listener, line }).collect();
    let answers = judge.ask(&questions)?;
    for ((row, question), answer) in RECORDED.lines().zip(&questions).zip(answers) {
        let row: Value = serde_json::from_str(row)?;
        let verdict = row["verdict"].as_str().unwrap_or_default();
        ensure!(answer.verdict.to_string() == verdict, "{question:?} was {verdict}, not {answer:?}");
    }
    println!("{:<18} {:>9}", "recorded", questions.len());
    Ok(())
}

/// What became of the records of one kind.
#[derive(Default)]
struct Tally {
    lines: usize,
    /// Of these, those that `wf-format` says it has changed.
    changed: usize,
    /// Of these, those outside the receiver's time window.
    outside: usize,
    refused: BTreeMap<String, usize>,
}

/// A line of ours, and what it was made from.
struct Line {
    kind: &'static str,
    question: Question,
    changed: Changed,
    given: Given,
    setting: Setting,
}

#[derive(Default)]
struct Encoded {
    lines: Vec<Line>,
    refused: Vec<(&'static str, FormatError)>,
}

impl Encoded {
    fn add(
        &mut self,
        kind: &'static str,
        format: Format,
        given: &Given,
        setting: (Setting, Preset),
        rng: &mut Rng,
        record: &dyn wf_format::Point,
    ) {
        let (setting, preset) = setting;
        let encoder = wf_format::Format::DEFAULT
            .limits(setting.limits)
            .names(setting.names)
            .tags(&setting.tags)
            .default_source(intended::DEFAULT_SOURCE);
        let mut bytes = Vec::new();
        let changed = match encoder.encode_into(record, &mut bytes) {
            Ok(encoded) => encoded.changed,
            Err(error) => return self.refused.push((kind, error)),
        };
        // A histogram has a line for each granularity.
        for line in String::from_utf8_lossy(&bytes).split_terminator('\n') {
            let listener = Listener { limits: preset, ..Listener::any(rng) };
            let question = Question { format, listener, line: line.to_owned() };
            self.lines.push(Line { kind, question, changed, given: given.clone(), setting });
        }
    }
}

/// Encodes records of the kinds of which there are not enough.
fn encoded(rng: &mut Rng, tallies: &BTreeMap<&str, Tally>, count: usize) -> Encoded {
    let is_wanted = |kind: &str| tallies.get(kind).is_none_or(|tally| tally.lines < count);
    let mut encoded = Encoded::default();
    let ordinary = generate::points(rng.u64(..), RECORDS / 4).into_iter().map(Given::Point);
    let hostile: Vec<_> = (0..RECORDS).flat_map(|_| hostile::one_of_each(rng)).collect();
    for given in hostile.into_iter().chain(ordinary) {
        let preset = Preset::ALL[rng.usize(..3)];
        let setting = Setting {
            limits: match preset {
                Preset::Proxy => Limits::PROXY,
                Preset::Tenant => Limits::TENANT,
                Preset::Strict => Limits::DEFAULT,
            },
            names: if rng.u8(..4) == 0 { NamePolicy::Python } else { NamePolicy::Receiver },
            tags: if rng.u8(..4) == 0 { &[("env", "prod"), ("k", "global value")] } else { &[] },
        };
        let setting = (setting, preset);
        match &given {
            Given::Point(point) => {
                let (kind, format) = match point {
                    Point::Metric(_) => ("metric", Format::Auto),
                    Point::Delta(_) => ("delta", Format::Wavefront),
                    Point::Histogram(_) => ("histogram", Format::Auto),
                    Point::Span(_) => ("span", Format::Trace),
                    Point::Event(_) => ("event", Format::Event),
                };
                ours::with(point, |record| {
                    if is_wanted(kind) {
                        encoded.add(kind, format, &given, setting, rng, record);
                    }
                    if let Some(logs) = record.logs().filter(|_| is_wanted("span log")) {
                        encoded.add("span log", Format::Auto, &given, setting, rng, &logs);
                    }
                });
            }
            Given::SourceTag(operation, source, tags) if is_wanted("source tag") => {
                let tags: Vec<_> = tags.iter().map(|tag| &**tag).collect();
                let record = match operation {
                    Operation::Add => SourceTag::add(&tags),
                    Operation::Save => SourceTag::save(&tags),
                    Operation::Delete => SourceTag::delete(&tags),
                };
                let record = source.iter().fold(record, |record, source| record.source(source));
                encoded.add("source tag", Format::Auto, &given, setting, rng, &record);
            }
            Given::SourceDescription(source, text) if is_wanted("source description") => {
                let record = text.as_deref().map_or(SourceDescription::delete(), SourceDescription::save);
                let record = source.iter().fold(record, |record, source| record.source(source));
                encoded.add("source description", Format::Auto, &given, setting, rng, &record);
            }
            Given::SourceTag(..) | Given::SourceDescription(..) => {}
        }
    }
    encoded
}

#[derive(Default)]
struct Differences {
    count: u64,
}

impl Differences {
    fn of_encoded(&mut self, line: &Line, theirs: &Answer, is_late: bool) {
        let Line { kind, question, given, setting, changed, .. } = line;
        let parsed = question.listener.parser().parse(question.format, &question.line);
        let different = match parsed.record() {
            _ if theirs.verdict != Verdict::Accept && !is_late => Some("it is not accepted".to_owned()),
            Some(record) => setting.difference(given, record),
            None => Some("it is not read".to_owned()),
        };
        if let Some(what) = different {
            self.print(
                format_args!("{kind}: {what}\n  {question:?}\n  {given:?}\n  {setting:?} {changed:?}"),
                theirs,
                &parsed,
            );
        }
        self.of_verdict(question, theirs);
    }

    fn of_verdict(&mut self, question: &Question, theirs: &Answer) {
        let parsed = question.listener.parser().parse(question.format, &question.line);
        let code = parsed.problem().map(|problem| problem.code().number());
        let is_same = parsed.verdict() == theirs.verdict
            // A span log that is thrown away has no code.
            && (code == theirs.code || theirs.verdict == Verdict::Discard)
            && same_text(parsed.canonical().as_deref(), theirs.canonical.as_deref());
        if !is_same {
            self.print(format_args!("{question:?}"), theirs, &parsed);
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

/// Compares words, and those that are numbers as numbers: Java 17 writes some with more digits than needed. Span logs are
/// JSON, in which the order of members says nothing.
fn same_text(ours: Option<&str>, theirs: Option<&str>) -> bool {
    let (Some(ours), Some(theirs)) = (ours, theirs) else { return ours == theirs };
    if ours == theirs {
        return true;
    }
    if theirs.starts_with('{') {
        let json = |text| serde_json::from_str::<Value>(text).ok();
        return json(theirs).is_some_and(|theirs| json(ours) == Some(theirs));
    }
    let number = |word: &str| word.parse::<f64>().ok();
    let same = |(a, b): (&str, &str)| a == b || number(a).is_some_and(|value| number(b) == Some(value));
    ours.split(' ').count() == theirs.split(' ').count() && ours.split(' ').zip(theirs.split(' ')).all(same)
}

const KINDS: [&str; 8] =
    ["metric", "delta", "histogram", "span", "span log", "event", "source tag", "source description"];

const RECORDED: &str = concat!(
    include_str!("../../../crates/wf-parse/tests/data/receiver.jsonl"),
    include_str!("../../../crates/wf-parse/tests/data/decoder.jsonl")
);
const BATCH: usize = 20_000;
/// Records of each kind in a batch.
const RECORDS: usize = 1000;
/// As many lines are mutated, at most, besides those recorded.
const SEEDS: usize = 20_000;
