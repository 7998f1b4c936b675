//! `wf demo`: this machine's measurements through every layer, and the books at the end.

mod identity;
mod jitter;
mod machine;
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
use wf_sdk::{LineKind, Sender};

use self::{identity::Identity, jitter::Jitter, machine::Machine, progress::Progress};

/// Sends this machine's own measurements through every layer to a receiver on loopback, and compares the books.
///
/// CPU, load, memory, disk, network and process figures as metrics; bytes sent as a delta counter; the scheduling
/// jitter of a sleeping thread as a distribution; the demo's own work as spans. Exits 0 only if on every row
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
    let receiver = Receiver::start().context("the receiver could not start")?;
    let url = receiver.url();
    let sender = wf_sdk::connect(&url)?.point_tag("application", "wf-demo").start()?;
    println!("A receiver listens on loopback; this machine's measurements travel to {url}.");

    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed)).context("no handler for Ctrl-C")?;
    let duration = Duration::from_secs(arguments.seconds);
    measure(&sender, &receiver, duration, &interrupted)?;

    let report = sender.close(CLOSE_WITHIN);
    let rows = table::rows(&sender.stats(), &receiver);
    print_last_lines(&receiver);
    println!("{}", table::text(&rows));
    Ok(verdict(report.complete && rows.iter().all(table::Row::agrees), &receiver))
}

/// Reads the machine in a steady rhythm until the time is up or somebody presses Ctrl-C.
fn measure(sender: &Sender, receiver: &Receiver, duration: Duration, interrupted: &AtomicBool) -> Result<()> {
    let jitter = Jitter::start();
    let mut machine = Machine::new();
    let mut identity = Identity::new();
    let progress = Progress::new(duration);
    let start = Instant::now();
    let mut next = start;
    while next - start < duration && !interrupted.load(Ordering::Relaxed) {
        next += INTERVAL;
        thread::sleep(next.saturating_duration_since(Instant::now()));
        machine.send_reading(sender, &jitter, &mut identity)?;
        progress.show(start.elapsed(), sender, receiver);
    }
    progress.finish();
    Ok(())
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
    println!();
}

fn verdict(agrees: bool, receiver: &Receiver) -> ExitCode {
    for rejection in receiver.rejected() {
        println!("rejected: {} {}", rejection.code, rejection.reason);
    }
    if agrees {
        println!("On every row seen = delivered + unconfirmed: no point is unaccounted for.");
        ExitCode::SUCCESS
    } else {
        println!("The books and the receiver disagree.");
        ExitCode::FAILURE
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
