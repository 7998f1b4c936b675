//! From a call to the other end of a socket, every line counted there.
//!
//! Each round sends to a receiver on loopback that only reads, over a connection that stands; the clock stops when the last
//! line has come. Nothing is lost: who finds no room waits. `cpu-per-million` is the process's time without the receiver's.

use std::cell::RefCell;
use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::ensure;
use benches::measure::{Contestant, Effort, Figures, nanos_each, race};
use benches::row::Row;
use benches::{Sample, metric_of, mixed};
use cpu_time::ProcessTime;
use flate2::Compression;
use flate2::write::GzEncoder;
use questdb::ingress::Sender as QuestDb;
use wf_sdk::{Builder, HttpProxy, Sender, connect};

use crate::format::{QUESTDB_FLUSH, mixed_lines, questdb_line};
use crate::python::Python;
use crate::sink::Sink;

const UNIT: &str = "ns/line";
/// Lines of a round.
const LINES: usize = 500_000;
/// The same for Python, which would take 15 s for that.
const PYTHON_LINES: usize = 20_000;
/// Lines of one body that is compressed: the default batch.
const BATCH: usize = 10_000;
/// The default of `gzip(true)`.
const GZIP_LEVEL: u32 = 1;
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn rows(effort: Effort, python: Option<&Python>) -> anyhow::Result<Vec<Row>> {
    let mut rows = tcp(effort, python)?;
    rows.extend(http_gzip(effort, python)?);
    Ok(rows)
}

fn tcp(effort: Effort, python: Option<&Python>) -> anyhow::Result<Vec<Row>> {
    let points = mixed();
    let (ours_sink, questdb_sink, python_sink) = (Sink::tcp()?, Sink::tcp()?, Sink::tcp()?);
    let sender = connect(&format!("tcp://127.0.0.1:{}", ours_sink.port))?.source("web-1").start()?;
    let address = format!("tcp::addr=127.0.0.1:{};protocol_version=1;", questdb_sink.port);
    let mut questdb = QuestDb::from_conf(address)?;
    let lines = effort.of(LINES);
    let costs = [const { RefCell::new(Vec::new()) }; 3];
    let [ours_cost, questdb_cost, python_cost] = &costs;

    let mut contestants = vec![
        Contestant::fallible("ours", || {
            timed(&ours_sink, lines, ours_cost, || send(&sender, &points, lines))
        }),
        Contestant::fallible("questdb", || {
            timed(&questdb_sink, lines, questdb_cost, || {
                let mut buffer = questdb.new_buffer();
                for point in points.iter().cycle().take(lines) {
                    questdb_line(&mut buffer, point)?;
                    if buffer.len() > QUESTDB_FLUSH {
                        questdb.flush(&mut buffer)?;
                    }
                }
                Ok(questdb.flush(&mut buffer)?)
            })
        }),
    ];
    if let Some(python) = python {
        contestants.push(Contestant::fallible("python", || {
            let mut seconds = 0.0;
            let nanos = timed(&python_sink, PYTHON_LINES, &RefCell::default(), || {
                seconds = python.ask(&format!("tcp {} {PYTHON_LINES}", python_sink.port))?;
                Ok(())
            })?;
            // Of another process, which tells it.
            python_cost.borrow_mut().push(seconds * 1e6 / PYTHON_LINES as f64);
            Ok(nanos)
        }));
    }
    let figures = race(effort, contestants)?;
    check_books(&sender)?;

    let mut rows = Row::all("e2e/tcp", UNIT, &figures);
    let costs = figures.iter().zip(costs).map(|(figures, cost)| {
        let cost = cost.into_inner();
        // Without the round that came before the first.
        Figures { name: figures.name, rounds: cost[cost.len() - figures.rounds.len()..].to_vec() }
    });
    rows.extend(Row::all("e2e/cpu-per-million", "CPU s", &costs.collect::<Vec<_>>()));
    Ok(rows)
}

fn http_gzip(effort: Effort, python: Option<&Python>) -> anyhow::Result<Vec<Row>> {
    let points = mixed();
    let (ours_sink, python_sink) = (Sink::http()?, Sink::http()?);
    let proxy = HttpProxy::builder("127.0.0.1").port(ours_sink.port).gzip(true).build()?;
    let sender = Builder::new(proxy).source("web-1").start()?;
    let lines = effort.of(LINES);
    let text = mixed_lines();
    let bodies: Vec<_> = text.iter().cycle().take(lines).map(String::as_str).collect();
    let bodies: Vec<_> = bodies.chunks(BATCH).map(<[_]>::concat).collect();
    let mut compressed = Vec::with_capacity(BATCH * 122);

    let mut contestants = vec![
        Contestant::fallible("ours", || {
            let start = Instant::now();
            send(&sender, &points, lines)?;
            let took = start.elapsed();
            ensure!(ours_sink.count_bodies()? == lines as u64, "not every line has come");
            Ok(took.as_nanos() as f64 / lines as f64)
        }),
        Contestant::new("compressor", || {
            nanos_each(lines, || {
                for body in &bodies {
                    compressed.clear();
                    let mut encoder = GzEncoder::new(&mut compressed, Compression::new(GZIP_LEVEL));
                    encoder.write_all(body.as_bytes()).expect("memory takes all");
                    black_box(encoder.finish().expect("memory takes all"));
                }
            })
        }),
    ];
    if let Some(python) = python {
        contestants.push(Contestant::fallible("python", || {
            let start = Instant::now();
            python.ask(&format!("http {} {PYTHON_LINES}", python_sink.port))?;
            let took = start.elapsed();
            ensure!(python_sink.count_bodies()? == PYTHON_LINES as u64, "not every line has come");
            Ok(took.as_nanos() as f64 / PYTHON_LINES as f64)
        }));
    }
    let figures = race(effort, contestants)?;
    check_books(&sender)?;
    Ok(Row::all("e2e/http-gzip", UNIT, &figures))
}

/// Sends so many points, waiting for room, until none is in the sender any more.
fn send(sender: &Sender, points: &[Sample], count: usize) -> anyhow::Result<()> {
    for point in points.iter().cycle().take(count) {
        sender.send_timeout(&metric_of(point), PATIENCE)?;
    }
    ensure!(sender.flush(PATIENCE).complete, "points are left: {:?}", sender.stats());
    Ok(())
}

fn check_books(sender: &Sender) -> anyhow::Result<()> {
    let total = sender.stats().total();
    ensure!(total.dropped() == 0 && total.refused() == 0, "points were lost: {total:?}");
    Ok(())
}

/// Nanoseconds for each of `lines` until the sink has them all; processor seconds for a million are added to `costs`.
fn timed(
    sink: &Sink,
    lines: usize,
    costs: &RefCell<Vec<f64>>,
    work: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<f64> {
    let (before, sink_cpu) = (sink.lines(), sink.cpu());
    let (start, cpu) = (Instant::now(), ProcessTime::now());
    work()?;
    sink.wait_for(before + lines as u64)?;
    let (took, cpu) = (start.elapsed(), cpu.elapsed());
    let cpu = cpu.saturating_sub(sink.cpu() - sink_cpu);
    costs.borrow_mut().push(cpu.as_secs_f64() * 1e6 / lines as f64);
    Ok(took.as_nanos() as f64 / lines as f64)
}
