//! What sending costs the system: `strace` counts the calls of the sending thread and of an idle worker.
//!
//! The test runs itself again under `strace`, which writes down every system call with its thread; the child marks the
//! beginning and the end of what counts by asking for files that are not there. Without `strace` it says so and ends.
#![cfg(target_os = "linux")]
#![expect(
    clippy::print_stdout,
    reason = "the child tells its parent, and the test what it measured or skipped"
)]

use std::{
    collections::BTreeMap,
    env, fs,
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use wf_format::Metric;
use wf_sender::{
    Builder, SendError, Sender,
    transport::{Batch, MemoryTransport, Outcome, Transport},
};

const SENDS: u64 = 1_000_000;
/// As by default.
const TICK: Duration = Duration::from_secs(1);
const TICKS: u32 = 6;

/// Stores at once and counts batches, or never comes back.
struct Sink {
    batches: Arc<AtomicU64>,
    is_stalled: bool,
}

impl Transport for Sink {
    async fn deliver(&self, _: &Batch) -> Outcome {
        if self.is_stalled {
            std::future::pending::<()>().await;
        }
        self.batches.fetch_add(1, Ordering::Relaxed);
        Outcome::Stored
    }
}

/// Sends a million points from this thread, whatever becomes of them; gives how many batches were delivered.
fn send_a_million(name: &str, is_stalled: bool) -> u64 {
    let batches = Arc::new(AtomicU64::new(0));
    let sink = Sink { batches: Arc::clone(&batches), is_stalled };
    let sender = Builder::new(sink).source("h").start().unwrap();
    let send = |i: u64| match sender.send(&Metric::new("m", i as f64)) {
        Ok(()) | Err(SendError::Full) => {}
        Err(error) => panic!("{error}"),
    };
    // The first send sets up what belongs to the thread.
    send(0);
    mark(&format!("{name}-begin"));
    (1..=SENDS).for_each(send);
    mark(&format!("{name}-end"));
    let _ = sender.close(Duration::ZERO);
    batches.load(Ordering::Relaxed)
}

/// Leaves a trace in the list of system calls.
fn mark(name: &str) {
    assert!(!Path::new(&format!("/{MARK}{name}")).exists());
}

const MARK: &str = "wf-wakeups-";
const CHILD: &str = "WF_WAKEUPS_CHILD";

/// The child's part: prints how many batches were delivered.
fn child() {
    let batches = send_a_million("healthy", false);
    assert_eq!(send_a_million("stalled", true), 0);
    let idle: [Sender; 3] = std::array::from_fn(|_| {
        let sender = Builder::new(MemoryTransport::new()).source("h").flush_interval(TICK).start().unwrap();
        sender.send(&Metric::new("m", 1.0)).unwrap();
        assert!(sender.flush(Duration::from_secs(30)).complete);
        sender
    });
    mark("idle-begin");
    let begin = Instant::now();
    thread::sleep(TICK * TICKS);
    mark("idle-end");
    // On a busy machine it was longer.
    let ticks = begin.elapsed().as_millis() / TICK.as_millis() + 1;
    drop(idle);
    println!("batches={batches}\nticks={ticks}");
}

/// System calls between two marks: of the thread that made the marks, and of all others.
struct Calls {
    own: Vec<String>,
    others: BTreeMap<String, Vec<String>>,
}

impl Calls {
    fn between(trace: &str, name: &str) -> Self {
        let (begin, end) = (format!("{MARK}{name}-begin"), format!("{MARK}{name}-end"));
        let mut calls = Self { own: Vec::new(), others: BTreeMap::new() };
        let mut marker = None;
        for line in trace.lines() {
            let Some((thread, call)) = line.split_once(' ') else { continue };
            if call.contains(&begin) {
                marker = Some(thread);
            } else if call.contains(&end) {
                return calls;
            } else if call.trim_start().starts_with("<...") {
                // The second half of a call that was counted before, or began before the mark.
            } else if marker == Some(thread) {
                calls.own.push(call.trim().to_owned());
            } else if marker.is_some() {
                calls.others.entry(thread.to_owned()).or_default().push(call.trim().to_owned());
            }
        }
        panic!("no {name} in the trace");
    }
}

#[test]
fn a_million_sends_wake_the_worker_at_most_once_per_crossing_and_idleness_costs_one_wakeup_a_tick() {
    if env::var_os(CHILD).is_some() {
        return child();
    }
    let probe = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).status();
    if !probe.is_ok_and(|status| status.success()) {
        println!("SKIP: strace is not there or may not trace");
        return;
    }
    let file = env::temp_dir().join(format!("{MARK}{}", std::process::id()));
    let output = Command::new("strace")
        .args(["-f", "-o", file.to_str().unwrap()])
        .arg(env::current_exe().unwrap())
        .args(["--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let count = |what: &str| -> usize {
        text.lines().find_map(|line| line.split_once(what)).expect(what).1.trim().parse().unwrap()
    };
    let (batches, ticks) = (count("batches="), count("ticks="));
    let trace = fs::read_to_string(&file).unwrap();
    fs::remove_file(file).unwrap();

    // To cross half full again the queue must have been drained in between, and each drain is a batch.
    let healthy = wakes(Calls::between(&trace, "healthy").own);
    assert!(!healthy.is_empty(), "a worker that is never woken proves nothing");
    assert!(healthy.len() <= batches + 1, "{} calls, {batches} batches: {healthy:?}", healthy.len());
    // Once over half full, once more after the only batch that such a worker takes.
    let stalled = wakes(Calls::between(&trace, "stalled").own);
    assert!((1..=2).contains(&stalled.len()), "{stalled:?}");

    let idle = Calls::between(&trace, "idle").others;
    let mut wakeups: Vec<_> =
        idle.values().map(|calls| calls.iter().filter(|call| is_wait(call)).count()).collect();
    wakeups.sort_unstable();
    // A worker that was interrupted when it began is beside the timer's own count, and wakes twice a tick.
    assert!(
        wakeups.len() == 3 && wakeups[0] > 0 && wakeups[0] <= ticks + 2,
        "{wakeups:?} in {ticks} ticks: {idle:?}"
    );
    assert!(wakeups[2] <= 2 * ticks + 2, "{wakeups:?} in {ticks} ticks: {idle:?}");
    // Where the runtime has sockets, its timer also writes to itself and takes note of that, without a wait in between:
    // three calls a wake-up.
    let all: usize = idle.values().map(Vec::len).sum();
    assert!(all <= 3 * (wakeups.iter().sum::<usize>() + 3), "{all} calls in {ticks} ticks: {idle:?}");
    println!(
        "{SENDS} sends: {} calls of the sending thread for {batches} batches; {} with a stalled transport; \
         {wakeups:?} wake-ups of idle workers in {ticks} ticks",
        healthy.len(),
        stalled.len()
    );
}

/// The calls that wake another thread. (Once a second, a refused point also asks whether this process is a fork.)
fn wakes(mut calls: Vec<String>) -> Vec<String> {
    calls.retain(|call| ["futex(", "write("].iter().any(|name| call.starts_with(name)));
    calls
}

/// Whether a thread slept in this call until its time was up; a call that another one interrupts is written in two lines.
fn is_wait(call: &str) -> bool {
    let waits = ["epoll_wait(", "epoll_pwait(", "futex("].iter().any(|name| call.starts_with(name));
    waits && !call.contains("EPOLLIN")
}
