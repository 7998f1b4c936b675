//! How long a call takes: encode and push, one call a microsecond, the 999th of 1,000.
//!
//! `healthy`: what was pushed is taken away. `stalled`: nothing is, from the first call on, so the queue fills up and the
//! calls after that are refused. The `healthy` peer of the stalled row is ours. Each round is a new process.
//!
//! A program that has run for a while comes first: lines go round through the whole memory of either queue, whose peer begins
//! with buffers that hold the longest line. `-cold-` leaves that out, so that either queue asks for memory while it fills:
//! ours for a page with every thirtieth line, the peer for a buffer with each.

use std::env;
use std::future::pending;
use std::hint::{black_box, spin_loop};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use benches::measure::{Contestant, Effort, Figures, race};
use benches::row::Row;
use benches::{Sample, metric_of, mixed};
use thingbuf::ThingBuf;
use wf_format::Format;
use wf_sdk::transport::{Batch, Outcome, Transport};
use wf_sdk::{Builder, Sender};

use crate::format::mixed_lines;
use crate::queue::{PACE, SLOTS, Slots};

const UNIT: &str = "ns";
const CALLS: usize = 200_000;

pub(crate) fn rows(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let contestant = |queue: &'static str, sink: &'static str| {
        Contestant::fallible(queue, move || {
            if effort.is_trial() { measure(queue, sink, effort.of(CALLS)) } else { in_a_process(queue, sink) }
        })
    };
    let contestants = vec![
        contestant("ours", "healthy"),
        contestant("thingbuf", "healthy"),
        contestant("ours", "stalled"),
        contestant("thingbuf", "stalled"),
        contestant("ours", "stalled-cold"),
        contestant("thingbuf", "stalled-cold"),
    ];
    let figures = race(effort, contestants)?;
    let [healthy, peer_healthy, stalled, peer_stalled, cold, peer_cold] = &figures[..] else {
        unreachable!("as many as contestants")
    };
    let healthy_as_peer = Figures { name: "healthy", rounds: healthy.rounds.clone() };
    Ok(vec![
        Row::new("send/healthy-p999", UNIT, healthy, peer_healthy),
        Row::new("send/stalled-p999", UNIT, stalled, peer_stalled),
        Row::new("send/stalled-p999", UNIT, stalled, &healthy_as_peer),
        Row::new("send/stalled-cold-p999", UNIT, cold, peer_cold),
    ])
}

/// Measures once and prints the figure: what [`in_a_process`] starts.
pub(crate) fn call(queue: &str, sink: &str) -> anyhow::Result<()> {
    println!("{}", measure(queue, sink, CALLS)?);
    Ok(())
}

fn in_a_process(queue: &str, sink: &str) -> anyhow::Result<f64> {
    let output = Command::new(env::current_exe()?).args(["--bench", "call", queue, sink]).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

fn measure(queue: &str, sink: &str, calls: usize) -> anyhow::Result<f64> {
    let points = mixed();
    let (stalled, warm) = (sink != "healthy", sink != "stalled-cold");
    if queue == "ours" {
        ours(&points, calls, stalled, warm)
    } else {
        Ok(peer(&points, calls, stalled, warm))
    }
}

fn ours(points: &[Sample], calls: usize, stalled: bool, warm: bool) -> anyhow::Result<f64> {
    let stall = Arc::new(AtomicBool::new(false));
    let sender: Sender = Builder::new(Peer { stalled: Arc::clone(&stall) }).source("web-1").start()?;
    for some in laps(points, warm) {
        for point in some {
            sender.send(&metric_of(point))?;
        }
        ensure!(sender.flush(Duration::from_secs(10)).complete, "not all was taken");
    }
    stall.store(stalled, Ordering::Relaxed);
    let p999 = p999(points, calls, |point| {
        let _ = black_box(sender.send(&metric_of(point)));
    });
    sender.close(Duration::ZERO);
    Ok(p999)
}

/// Takes every batch at once, or never answers.
struct Peer {
    stalled: Arc<AtomicBool>,
}

impl Transport for Peer {
    async fn deliver(&self, batch: &Batch) -> Outcome {
        batch.written();
        if self.stalled.load(Ordering::Relaxed) { pending().await } else { Outcome::Stored }
    }
}

fn peer(points: &[Sample], calls: usize, stalled: bool, warm: bool) -> f64 {
    let lines: Vec<_> = mixed_lines().into_iter().map(String::into_bytes).collect();
    let queue = if warm { Slots::new(&lines).0 } else { ThingBuf::new(SLOTS) };
    let format = black_box(Format::DEFAULT);
    let done = AtomicBool::new(false);
    let mut buf = [0; 1024];
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut out = Vec::new();
            while !done.load(Ordering::Relaxed) {
                out.clear();
                while let Some(slot) = queue.pop_ref() {
                    out.extend_from_slice(&slot);
                }
                black_box(&out);
                thread::sleep(PACE);
            }
        });
        let mut send = |point: &Sample| {
            let line = format.encode(&metric_of(point), &mut buf).expect("a valid point").line;
            if let Ok(mut slot) = black_box(queue.push_ref()) {
                slot.extend_from_slice(line);
            }
        };
        for some in laps(points, warm) {
            some.for_each(&mut send);
            while !queue.is_empty() {
                thread::sleep(PACE);
            }
        }
        done.store(stalled, Ordering::Relaxed);
        let p999 = p999(points, calls, send);
        done.store(true, Ordering::Relaxed);
        p999
    })
}

/// Calls that are not measured, so many at a time that either queue takes them: twice round.
fn laps(points: &[Sample], warm: bool) -> impl Iterator<Item = impl Iterator<Item = &Sample>> {
    const AT_ONCE: usize = SLOTS / 4;
    (0..if warm { 8 } else { 0 }).map(|_| points.iter().cycle().take(AT_ONCE))
}

/// Nanoseconds that the slowest call but one in a thousand takes, the clock's own included.
fn p999(points: &[Sample], calls: usize, mut send: impl FnMut(&Sample)) -> f64 {
    const EVERY: Duration = Duration::from_micros(1);
    let mut took = Vec::with_capacity(calls);
    let mut next = Instant::now();
    for point in points.iter().cycle().take(calls) {
        let mut start = Instant::now();
        while start < next {
            spin_loop();
            start = Instant::now();
        }
        send(black_box(point));
        let end = Instant::now();
        took.push((end - start).as_nanos() as u64);
        // No burst to make up for time that was lost.
        next = start.max(next) + EVERY;
    }
    took.sort_unstable();
    took[took.len() - 1 - took.len() / 1000] as f64
}
