//! `wf send`: one datum from flags, and what became of it.

mod values;

use std::{
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use wf_sdk::{Centroid, DeltaCounter, Event, Granularity, Histogram, Id, Metric, SendError, Sender, Span};

use self::values::{parse_centroid, parse_granularity, parse_pair};
use crate::{
    output::{INTERRUPTED, Output, say},
    write::{Books, Target, start},
};

/// Sends one metric, delta counter, distribution, span or event, and waits for its delivery.
///
/// Prints the ledger, which has what became of it. Exits 0 only if it was delivered (over tcp://, which never confirms:
/// written); 1 if not, 3 if the server was not reached, 4 if it refused the sender (401, 403), 130 after Ctrl-C.
///
/// Example: wf send metric cpu.load 0.7 --tag env=prod --url proxy://localhost
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    datum: Datum,
}

#[derive(Debug, Subcommand)]
enum Datum {
    Metric(MetricArguments),
    Delta(DeltaArguments),
    Dist(DistArguments),
    Span(SpanArguments),
    Event(EventArguments),
}

#[derive(Debug, Args)]
struct Common {
    #[command(flatten)]
    target: Target,
    /// How the ledger is printed.
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

/// The source and the tags of all but events.
#[derive(Debug, Args)]
struct Labels {
    /// What it is about, such as a host; without it the name of this machine.
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// A tag; may be given several times.
    #[arg(short = 't', long = "tag", value_name = "KEY=VALUE", value_parser = parse_pair)]
    tags: Vec<(String, String)>,
}

/// Sends a metric: one value at one time.
///
/// Example: wf send metric room.temperature -3.5 --source cellar --url proxy://localhost
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
struct MetricArguments {
    name: String,
    #[arg(allow_negative_numbers = true)]
    value: f64,
    /// When, in seconds or milliseconds since 1970; without it the present.
    #[arg(long, value_name = "TIME", allow_negative_numbers = true)]
    ts: Option<i64>,
    #[command(flatten)]
    labels: Labels,
    #[command(flatten)]
    common: Common,
}

/// Sends an increment of a delta counter, which the service adds up.
///
/// Example: wf send delta requests.failed 2 --tag env=prod --url proxy://localhost
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
struct DeltaArguments {
    /// The name; the sign that marks delta counters is put before it.
    name: String,
    /// The increment, above zero.
    #[arg(allow_negative_numbers = true)]
    value: f64,
    #[command(flatten)]
    labels: Labels,
    #[command(flatten)]
    common: Common,
}

/// Sends a distribution: values, or means of several values each.
///
/// Example: wf send dist request.latency 30x20 5.1x10 7 --granularity m --url proxy://localhost
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
struct DistArguments {
    name: String,
    /// A value, or MEANxCOUNT for several values around a mean; one with a negative mean stands last, behind `--`.
    #[arg(required = true, value_name = "VALUE", allow_negative_numbers = true, value_parser = parse_centroid)]
    values: Vec<Centroid>,
    /// The bin: m for minute, h for hour, d for day; may be given several times. Default: m.
    #[arg(long = "granularity", value_name = "m|h|d", value_parser = parse_granularity)]
    granularities: Vec<Granularity>,
    /// When, in seconds or milliseconds since 1970; without it the present.
    #[arg(long, value_name = "TIME", allow_negative_numbers = true)]
    ts: Option<i64>,
    #[command(flatten)]
    labels: Labels,
    #[command(flatten)]
    common: Common,
}

/// Sends a span; the service wants the tags application and service.
///
/// Example: wf send span checkout --duration-millis 343 --tag application=shop --tag service=cart --url proxy://localhost
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
struct SpanArguments {
    name: String,
    /// When it began, in milliseconds since 1970; without it as long ago as it took.
    #[arg(long, value_name = "TIME", allow_negative_numbers = true)]
    start_millis: Option<i64>,
    /// How long it took, in milliseconds.
    #[arg(long, value_name = "MILLISECONDS", allow_negative_numbers = true)]
    duration_millis: i64,
    /// The trace it is a part of, a UUID; without it a new one, named on stderr.
    #[arg(long, value_name = "UUID")]
    trace_id: Option<Id>,
    /// Its own id, a UUID; without it a new one, named on stderr.
    #[arg(long, value_name = "UUID")]
    span_id: Option<Id>,
    #[command(flatten)]
    labels: Labels,
    #[command(flatten)]
    common: Common,
}

/// Sends an event.
///
/// Example: wf send event deployment --annotation severity=info --url proxy://localhost
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
struct EventArguments {
    name: String,
    /// When it began, in milliseconds since 1970; without it now.
    #[arg(long, value_name = "TIME", allow_negative_numbers = true)]
    start_millis: Option<i64>,
    /// When it ended; without it one millisecond after the start.
    #[arg(long, value_name = "TIME", allow_negative_numbers = true)]
    end_millis: Option<i64>,
    /// A detail such as severity=warn; may be given several times.
    #[arg(long = "annotation", value_name = "KEY=VALUE", value_parser = parse_pair)]
    annotations: Vec<(String, String)>,
    /// A tag, of one word; may be given several times.
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// A host it is about; may be given several times.
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
    #[command(flatten)]
    common: Common,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let Common { target, output } = arguments.datum.common();
    let sender = start(target)?;
    // The default action of Ctrl-C, the end of the process, would lose the ledger.
    let is_interrupted = Arc::new(AtomicBool::new(false));
    let (interrupted, closing) = (Arc::clone(&is_interrupted), sender.clone());
    let handler = move || {
        interrupted.store(true, Relaxed);
        let _ = closing.close(Duration::ZERO);
    };
    ctrlc::set_handler(handler).context("no handler for Ctrl-C")?;
    if let Err(error) = arguments.datum.send(&sender) {
        say(format_args!("refused: {error}"));
    }
    let _ = sender.close(target.deadline());
    let books = Books::new(&sender.stats(), 0, 0);
    books.print(*output);
    let code = books.judge(target.is_stream());
    Ok(if is_interrupted.load(Relaxed) { ExitCode::from(INTERRUPTED) } else { code })
}

impl Datum {
    const fn common(&self) -> &Common {
        match self {
            Self::Metric(it) => &it.common,
            Self::Delta(it) => &it.common,
            Self::Dist(it) => &it.common,
            Self::Span(it) => &it.common,
            Self::Event(it) => &it.common,
        }
    }

    fn send(&self, sender: &Sender) -> Result<(), SendError> {
        match self {
            Self::Metric(it) => {
                let metric = Metric::new(&it.name, it.value).source(it.labels.source()).tags(&it.labels.tags);
                match it.ts {
                    Some(time) => sender.send(&metric.timestamp(time)),
                    None => sender.send(&metric),
                }
            }
            Self::Delta(it) => {
                let counter = DeltaCounter::new(&it.name, it.value);
                sender.send(&counter.source(it.labels.source()).tags(&it.labels.tags))
            }
            Self::Dist(it) => {
                let histogram = Histogram::new(&it.name, &it.values)
                    .granularities(it.granularities())
                    .source(it.labels.source())
                    .tags(&it.labels.tags);
                match it.ts {
                    Some(time) => sender.send(&histogram.timestamp(time)),
                    None => sender.send(&histogram),
                }
            }
            Self::Span(it) => {
                let start =
                    it.start_millis.unwrap_or_else(|| now_millis().saturating_sub(it.duration_millis));
                let (trace, own) = (it.trace_id.unwrap_or_else(new_id), it.span_id.unwrap_or_else(new_id));
                if it.trace_id.is_none() || it.span_id.is_none() {
                    say(format_args!("trace {trace} span {own}"));
                }
                let span = Span::new(&it.name, start, it.duration_millis, trace, own);
                sender.send(&span.source(it.labels.source()).tags(&it.labels.tags))
            }
            Self::Event(it) => {
                let tags: Vec<&str> = it.tags.iter().map(String::as_str).collect();
                let hosts: Vec<&str> = it.hosts.iter().map(String::as_str).collect();
                let start = it.start_millis.unwrap_or_else(now_millis);
                let event = Event::new(&it.name, start).annotations(&it.annotations);
                let event = event.tags(&tags).hosts(&hosts);
                match it.end_millis {
                    Some(end) => sender.send(&event.end(end)),
                    None => sender.send(&event),
                }
            }
        }
    }
}

impl Labels {
    /// Gives the source; a blank one is the sender's.
    fn source(&self) -> &str {
        self.source.as_deref().unwrap_or_default()
    }
}

impl DistArguments {
    fn granularities(&self) -> &[Granularity] {
        if self.granularities.is_empty() { &[Granularity::Minute] } else { &self.granularities }
    }
}

/// The present in milliseconds since 1970, as the clock of this machine has it.
fn now_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// An id that nobody else has, as good as certainly.
fn new_id() -> Id {
    Id::from(fastrand::u128(1..))
}
