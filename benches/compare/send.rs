//! How long a call takes: encode and push, one call a microsecond, the 999th of 1,000.
//!
//! `healthy`: what was pushed is taken away. `stalled`: nothing is, from the first call on, so the queue fills up and the
//! calls after that are refused. The `healthy` peer of the stalled row is ours. Each round is a new process, since memory
//! that is asked for while a queue fills is what makes a call slow now and then; `-warm-` is the same in a process that has
//! done it before, where a queue finds that memory in the heap.

use std::env;
use std::future::pending;
use std::hint::{black_box, spin_loop};
use std::process::Command;
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

use crate::queue::{PACE, SLOTS};

const UNIT: &str = "ns";
const CALLS: usize = 200_000;

pub(crate) fn rows(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let points = mixed();
    let calls = effort.of(CALLS);
    let alone = |queue: &'static str, sink: &'static str| {
        move || {
            if effort.is_trial() { measure(queue, sink, &mixed(), calls) } else { in_a_process(queue, sink) }
        }
    };
    let contestants = vec![
        Contestant::fallible("ours", alone("ours", "healthy")),
        Contestant::fallible("ours", alone("ours", "stalled")),
        Contestant::fallible("thingbuf", alone("thingbuf", "healthy")),
        Contestant::fallible("thingbuf", alone("thingbuf", "stalled")),
        Contestant::fallible("ours", || measure("ours", "stalled", &points, calls)),
        Contestant::fallible("thingbuf", || measure("thingbuf", "stalled", &points, calls)),
    ];
    let figures = race(effort, contestants)?;
    let [healthy, stalled, peer_healthy, peer_stalled, warm, peer_warm] = &figures[..] else {
        unreachable!("as many as contestants")
    };
    let healthy_as_peer = Figures { name: "healthy", rounds: healthy.rounds.clone() };
    Ok(vec![
        Row::new("send/healthy-p999", UNIT, healthy, peer_healthy),
        Row::new("send/stalled-p999", UNIT, stalled, peer_stalled),
        Row::new("send/stalled-p999", UNIT, stalled, &healthy_as_peer),
        Row::new("send/stalled-warm-p999", UNIT, warm, peer_warm),
    ])
}

/// Measures once and prints the figure: what [`in_a_process`] starts.
pub(crate) fn call(queue: &str, sink: &str) -> anyhow::Result<()> {
    println!("{}", measure(queue, sink, &mixed(), CALLS)?);
    Ok(())
}

fn in_a_process(queue: &str, sink: &str) -> anyhow::Result<f64> {
    let output = Command::new(env::current_exe()?).args(["--bench", "call", queue, sink]).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

fn measure(queue: &str, sink: &str, points: &[Sample], calls: usize) -> anyhow::Result<f64> {
    let stalled = sink == "stalled";
    if queue == "ours" { ours(points, calls, stalled) } else { Ok(peer(points, calls, stalled)) }
}

fn ours(points: &[Sample], calls: usize, stalled: bool) -> anyhow::Result<f64> {
    let sender: Sender = Builder::new(Peer { stalled }).source("web-1").start()?;
    let p999 = p999(points, calls, |point| {
        let _ = black_box(sender.send(&metric_of(point)));
    });
    sender.close(Duration::ZERO);
    Ok(p999)
}

/// Takes every batch at once, or never answers.
struct Peer {
    stalled: bool,
}

impl Transport for Peer {
    async fn deliver(&self, batch: &Batch) -> Outcome {
        batch.written();
        if self.stalled { pending().await } else { Outcome::Stored }
    }
}

fn peer(points: &[Sample], calls: usize, stalled: bool) -> f64 {
    let queue = ThingBuf::<Vec<u8>>::new(SLOTS);
    let format = black_box(Format::DEFAULT);
    let done = AtomicBool::new(stalled);
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
        let p999 = p999(points, calls, |point| {
            let line = format.encode(&metric_of(point), &mut buf).expect("a valid point").line;
            if let Ok(mut slot) = black_box(queue.push_ref()) {
                slot.extend_from_slice(line);
            }
        });
        done.store(true, Ordering::Relaxed);
        p999
    })
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
