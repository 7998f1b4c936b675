//! Holds this workspace's crates against the Python SDK: the same points must become the same lines, and what its
//! clients send must be accepted and counted. `cargo xtask conformance python` runs it. And against the real receiver's own
//! decoders: see [`receiver`].
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a command speaks through it")]

mod compare;
mod edges;
mod generate;
mod numbers;
mod ours;
mod points;
mod receiver;
mod wire;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::{env, fs};

use anyhow::{Context, anyhow, bail, ensure};
use serde_json::Value;
use wf_receiver::Kind;

use crate::compare::Tally;
use crate::points::Point;
use crate::wire::{Lines, Peer};

const KINDS: [(&str, Kind); 6] = [
    ("metric", Kind::Metric),
    ("delta", Kind::Delta),
    ("histogram", Kind::Histogram),
    ("span", Kind::Span),
    ("span log", Kind::SpanLogs),
    ("event", Kind::Event),
];

fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = env::args_os().skip(1).map(PathBuf::from).collect();
    let number = |text: &Path| text.to_str().and_then(|text| text.parse().ok()).context("not a number");
    match &*arguments {
        [peer, python, script, folder, count] if peer.as_os_str() == "python" => {
            fs::create_dir_all(folder)?;
            let count = usize::try_from(number(count)?)?;
            println!("{count} points of each kind from seed {SEED}");
            run(&Peer { python, script }, folder, count)
        }
        [peer, class_path, count, seed] if peer.as_os_str() == "receiver" => {
            receiver::run(class_path, usize::try_from(number(count)?)?, number(seed)?)
        }
        [what, count, seed] if what.as_os_str() == "numbers" => numbers::run(number(count)?, number(seed)?),
        _ => bail!(
            "usage: conformance (numbers COUNT SEED | python PYTHON SCRIPT FOLDER COUNT | receiver CLASS_PATH COUNT SEED)"
        ),
    }
}

fn run(peer: &Peer<'_>, folder: &Path, count: usize) -> anyhow::Result<()> {
    let default_source = gethostname::gethostname().to_string_lossy().into_owned();
    let mut tallies = KINDS.map(|(name, kind)| (name, kind, Tally::default()));
    // A batch at a time, because all of a million points and their lines would take gigabytes.
    let mut sent = None;
    for (seed, done) in (SEED..).zip((0..count).step_by(BATCH)) {
        let points = generate::points(seed, BATCH.min(count - done));
        let theirs = answers(peer, &folder.join("points.jsonl"), &points)?
            .into_iter()
            .zip(&points)
            .map(|(answer, point)| answer.map_err(|exception| anyhow!("{exception} for {point:?}")))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let ours = points
            .iter()
            .map(|point| {
                ours::lines(&default_source, point).with_context(|| format!("ours refuses {point:?}"))
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        compare(&points, &ours, &theirs, &mut tallies)?;
        sent.get_or_insert((points, ours, theirs));
    }
    let different = print(&tallies)?;
    let (points, ours, theirs) = sent.context("no points")?;

    let mut failed = Vec::new();
    let mut report = |client: &str, result: anyhow::Result<()>, lines: &Lines| match result {
        Ok(()) => println!("{client:<24} {}", lengths(lines)),
        Err(error) => {
            println!("{client:<24} FAILED: {error:#}");
            failed.push(client.to_owned());
        }
    };
    println!("\n{:<24} {}", "accepted lines by", KINDS.map(|(kind, _)| format!("{kind:>9}")).join(" "));
    let sent = by_kind(points.iter().zip(&ours), |_| true);
    report("ours", wire::send_ours(&points, &default_source, &sent), &sent);
    for road in wire::THEIRS {
        let sends =
            |point: &Point| point.python_can_send() && !(road.direct && matches!(point, Point::Event(_)));
        let path = folder.join("sent.jsonl");
        write(&path, points.iter().filter(|point| sends(point)))?;
        let sent = by_kind(points.iter().zip(&theirs), sends);
        report(road.client, peer.send(road, &path, &sent), &sent);
    }
    let surprises = edges(peer, &folder.join("edges.jsonl"))?;
    ensure!(different == 0, "{different} records differ");
    ensure!(surprises == 0, "{surprises} edges are not as written down");
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}

/// Prints which of the written differences are no longer so, and returns how many.
fn edges(peer: &Peer<'_>, path: &Path) -> anyhow::Result<usize> {
    let edges = edges::all();
    let points: Vec<_> = edges.iter().map(|edge| edge.point.clone()).collect();
    let answers = answers(peer, path, &points)?;
    let complaints: Vec<_> = edges
        .iter()
        .zip(answers)
        .filter_map(|(edge, answer)| {
            edge.complaint(&answer.map_or_else(|exception| exception, |lines| lines.concat()))
        })
        .collect();
    for complaint in &complaints {
        println!("\n{complaint}");
    }
    println!(
        "\n{} of {} differences on purpose are as written down",
        edges.len() - complaints.len(),
        edges.len()
    );
    Ok(complaints.len())
}

/// What the SDK makes of each point: its lines, or the name of an exception.
fn answers(
    peer: &Peer<'_>,
    path: &Path,
    points: &[Point],
) -> anyhow::Result<Vec<Result<Vec<String>, String>>> {
    write(path, points.iter())?;
    let output = peer.command().arg("lines").arg(path).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "the script failed: {}", output.status);
    let lines = String::from_utf8(output.stdout)?;
    let answers: Vec<_> = lines
        .lines()
        .map(|line| match serde_json::from_str(line)? {
            Value::String(exception) => Ok(Err(exception)),
            lines => Ok(Ok(serde_json::from_value(lines)?)),
        })
        .collect::<anyhow::Result<_>>()?;
    ensure!(answers.len() == points.len(), "{} answers to {} points", answers.len(), points.len());
    Ok(answers)
}

type Tallies = [(&'static str, Kind, Tally); KINDS.len()];

fn compare(
    points: &[Point],
    ours: &[Vec<String>],
    theirs: &[Vec<String>],
    tallies: &mut Tallies,
) -> anyhow::Result<()> {
    for ((point, ours), theirs) in points.iter().zip(ours).zip(theirs) {
        ensure!(ours.len() == theirs.len(), "{ours:?} beside {theirs:?} of {point:?}");
        for (i, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
            let kind = kind_of(point, i);
            if let Some((.., tally)) = tallies.iter_mut().find(|(_, known, _)| *known == kind) {
                tally.add(kind, ours, theirs);
            }
        }
    }
    Ok(())
}

/// Prints a table of the kinds and returns how many records differ.
fn print(tallies: &Tallies) -> anyhow::Result<usize> {
    println!("{:<10} {:>9} {:>9} {:>9}  equal by rule", "kind", "compared", "equal", "different");
    for (name, _, tally) in tallies {
        let mut rules = String::new();
        for (rule, count) in &tally.by_rule {
            write!(rules, "  {count} {rule}")?;
        }
        println!("{name:<10} {:>9} {:>9} {:>9}{rules}", tally.compared, tally.equal, tally.different.len());
    }
    for (name, _, tally) in tallies {
        for (ours, theirs) in tally.different.iter().take(3) {
            println!("\n{name}\n  ours   {ours:?}\n  theirs {theirs:?}");
        }
    }
    Ok(tallies.iter().map(|(.., tally)| tally.different.len()).sum())
}

/// The kind of a point's record, of which a span with logs has two.
fn kind_of(point: &Point, record: usize) -> Kind {
    match point {
        Point::Metric(_) => Kind::Metric,
        Point::Delta(_) => Kind::Delta,
        Point::Histogram(_) => Kind::Histogram,
        Point::Span(_) if record == 0 => Kind::Span,
        Point::Span(_) => Kind::SpanLogs,
        Point::Event(_) => Kind::Event,
    }
}

/// The lines of the points that are `sent`, as the receiver shows them.
fn by_kind<'a>(
    records: impl Iterator<Item = (&'a Point, &'a Vec<String>)>,
    sent: impl Fn(&Point) -> bool,
) -> Lines {
    let mut lines: Lines = BTreeMap::new();
    for (point, records) in records.filter(|(point, _)| sent(point)) {
        for (i, record) in records.iter().enumerate() {
            let kind = lines.entry(wire::name_of(kind_of(point, i))).or_default();
            kind.extend(record.lines().map(str::to_owned));
        }
    }
    lines
}

fn lengths(lines: &Lines) -> String {
    KINDS.map(|(kind, _)| format!("{:>9}", lines.get(kind).map_or(0, Vec::len))).join(" ")
}

fn write<'a>(path: &Path, points: impl Iterator<Item = &'a Point>) -> anyhow::Result<()> {
    let text: String = points.map(|point| format!("{}\n", point.to_json())).collect();
    fs::write(path, text).with_context(|| format!("failed to write {}", path.display()))
}

const SEED: u64 = 1;
/// Points of each kind that are compared at once; the clients send the first ones.
const BATCH: usize = 10_000;
