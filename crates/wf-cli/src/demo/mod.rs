//! `wf demo`: this machine's measurements through every layer, and the books at the end.

mod identity;
mod jitter;
mod machine;
mod outlets;
mod progress;
mod table;

use std::{
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use wf_receiver::{Kind, Receiver};
use wf_sdk::LineKind;

use self::{identity::Identity, jitter::Jitter, machine::Machine, outlets::Outlets, progress::Progress};

/// Sends this machine's own measurements by every path to receivers on loopback, and compares the books.
///
/// CPU, load, memory, disk, network and process figures as metrics; bytes sent as a delta counter; the scheduling
/// jitter of a sleeping thread as a distribution; the demo's own work as spans with logs and as events. The paths are a
/// proxy over HTTP, a proxy over raw TCP, and the service over HTTPS with a token. Exits 0 only if on every row
/// seen = delivered + unconfirmed.
///
/// Example: wf demo --seconds 30
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Arguments {
    /// How long to measure, in seconds (1 to 86400).
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
}

/// Between readings; the operating system's CPU figures need 200 ms to mean anything.
const INTERVAL: Duration = Duration::from_millis(250);
/// How long the end may take: a receiver on loopback needs milliseconds.
const CLOSE_WITHIN: Duration = Duration::from_secs(10);

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let outlets = Outlets::start().context("a receiver or sender could not start")?;
    println!("This machine's measurements travel to receivers on loopback, by every path:");
    for outlet in outlets.iter() {
        println!("  {:28} {}", outlet.name, outlet.receiver.addr());
    }

    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed)).context("no handler for Ctrl-C")?;
    measure(&outlets, Duration::from_secs(arguments.seconds), &interrupted);

    if let Some(outlet) = outlets.iter().next() {
        print_last_lines(&outlet.receiver);
    }
    let mut agree = true;
    for outlet in outlets.iter() {
        let rows = outlet.close(CLOSE_WITHIN);
        println!("\n{}\n{}", outlet.name, table::text(&rows));
        for rejection in outlet.receiver.rejected() {
            println!("rejected: {} {}", rejection.code, rejection.reason);
        }
        agree &= rows.iter().all(table::Row::agrees);
    }
    if agree {
        println!("On every row seen = delivered + unconfirmed: no point is unaccounted for.");
        Ok(ExitCode::SUCCESS)
    } else {
        println!("The books and the receivers disagree.");
        Ok(ExitCode::FAILURE)
    }
}

/// Reads the machine in a steady rhythm until the time is up or somebody presses Ctrl-C.
fn measure(outlets: &Outlets, duration: Duration, interrupted: &AtomicBool) {
    let jitter = Jitter::start();
    let mut machine = Machine::new();
    let mut identity = Identity::new();
    let progress = Progress::new(duration);
    machine::send_start(outlets, &mut identity);
    let start = Instant::now();
    let mut next = start;
    while next - start < duration && !interrupted.load(Ordering::Relaxed) {
        next += INTERVAL;
        thread::sleep(next.saturating_duration_since(Instant::now()));
        machine.send_reading(outlets, &jitter, &mut identity);
        progress.show(start.elapsed(), outlets);
    }
    progress.finish();
}

/// Prints the last line of each kind, as it arrived.
fn print_last_lines(receiver: &Receiver) {
    println!("\nThe last line of each kind, as received:");
    let lines = receiver.accepted();
    for kind in LineKind::ALL.map(receiver_kind) {
        if let Some(line) = lines.iter().rfind(|line| line.kind == kind) {
            println!("  {}", line.text.trim_end());
        }
    }
}

/// Returns the receiver's word for a kind of line.
fn receiver_kind(kind: LineKind) -> Kind {
    match kind {
        LineKind::Delta => Kind::Delta,
        LineKind::Histogram => Kind::Histogram,
        LineKind::Span => Kind::Span,
        LineKind::SpanLog => Kind::SpanLogs,
        LineKind::Event => Kind::Event,
        LineKind::SourceTag => Kind::SourceTag,
        _ => Kind::Metric,
    }
}
