//! `wf write`: ready-made lines to any server, and the books at the end.

mod books;
mod check;
mod pace;
mod pump;
mod target;

use std::{
    io::{IsTerminal, stderr},
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, atomic::Ordering::Relaxed, mpsc},
    thread,
    time::Duration,
};

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use wf_parse::Format;
use wf_sdk::Sender;

pub(crate) use self::{
    books::Books,
    target::{Target, read_token},
};
use self::{
    check::Check,
    pace::Pace,
    pump::{End, Pump, Shared},
};
use crate::{
    input::Input,
    output::{Failure, INTERRUPTED, Output, UNREADABLE, USAGE, say},
};

/// Sends lines from files or stdin to a Wavefront proxy or service, and says what became of each.
///
/// Each line is checked first; what a server would not take is named on stderr with its number. A line waits for room
/// rather than being lost. At the end, or after Ctrl-C, what is pending is delivered within the deadline and the ledger
/// is printed. Exits 0 only if every line was delivered (over tcp://, which never confirms: written); 1 if not, 3 if the
/// server was never reached, 4 if it refused the sender (401, 403), 5 if an input cannot be read, 130 after Ctrl-C.
///
/// Example: wf write --url proxy://localhost --rate 500/s metrics.txt
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Arguments {
    #[command(flatten)]
    target: Target,
    /// What the lines are; auto tells by how each begins, and takes what is only a span for one.
    #[arg(long, value_name = "FORMAT", default_value = "auto", value_parser = parse_format)]
    format: Format,
    /// The source of lines that name none.
    #[arg(long, value_name = "NAME")]
    default_source: Option<String>,
    /// Sends lines that a server would not take, too.
    #[arg(long)]
    unchecked: bool,
    /// Sends at most so many lines a second.
    #[arg(long, value_name = "N/s", value_parser = pace::parse_rate)]
    rate: Option<u32>,
    /// How the ledger is printed.
    #[arg(long, value_enum, default_value_t)]
    output: Output,
    /// Files of lines; none, or -, is stdin.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let deadline = arguments.target.deadline();
    let sender = start(&arguments.target)?;
    let shared = Arc::new(Shared::default());
    let bar = progress_bar();
    let pump = Pump {
        sender: sender.clone(),
        check: Check::new(arguments.format, arguments.unchecked, arguments.default_source.clone()),
        pace: arguments.rate.map(Pace::new),
        is_direct: arguments.target.is_direct(),
        patience: deadline,
        shared: Arc::clone(&shared),
        bar: bar.clone(),
    };
    let (done, events) = mpsc::channel();
    let interrupt = done.clone();
    ctrlc::set_handler(move || drop(interrupt.send(None))).context("no handler for Ctrl-C")?;
    let inputs = Input::all(&arguments.files);
    // A thread of its own, because a read of stdin may never return.
    let thread = thread::Builder::new().name("wf-write".to_owned());
    let reader = thread.spawn(move || drop(done.send(Some(pump.run(&inputs)))))?;

    let end = loop {
        match events.recv_timeout(BETWEEN_LOOKS) {
            Ok(end) => break end,
            Err(_) if reader.is_finished() => break events.try_recv().unwrap_or_default(),
            Err(_) => show(&bar, &sender),
        }
    };
    shared.is_stopped.store(true, Relaxed);
    let _ = sender.close(deadline);
    if end.is_none() {
        // The line in its hands, if any, is refused now; then the books are still.
        let _ = events.recv_timeout(BETWEEN_LOOKS);
    }
    bar.finish_and_clear();

    let books = Books::new(&sender.stats(), shared.invalid.load(Relaxed), shared.too_long.load(Relaxed));
    books.print(arguments.output);
    let code = books.judge(arguments.target.is_stream());
    Ok(match end {
        Some(End::Unreadable(input, error)) => {
            Failure::new(UNREADABLE, format_args!("{input}: {error}")).report()
        }
        Some(End::NoRoom) => {
            say(format_args!(
                "the server took nothing for {} s; what was not read is not sent",
                deadline.as_secs()
            ));
            code
        }
        Some(End::Read) => code,
        None => {
            say("interrupted; what was not read is not sent");
            ExitCode::from(INTERRUPTED)
        }
    })
}

/// Starts a sender to the target.
pub(crate) fn start(target: &Target) -> Result<Sender, Failure> {
    target.builder()?.start().map_err(|error| Failure::new(USAGE, error))
}

fn progress_bar() -> ProgressBar {
    if !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_spinner());
    ProgressBar::new_spinner().with_style(style)
}

fn show(bar: &ProgressBar, sender: &Sender) {
    if !bar.is_hidden() {
        let books = sender.stats().total();
        bar.set_position(books.accepted());
        bar.set_message(format!("delivered {} · pending {}", books.delivered(), books.pending()));
        bar.tick();
    }
}

fn parse_format(text: &str) -> Result<Format, String> {
    match (text, Format::from_query(text)) {
        ("auto", _) => Ok(Format::Auto),
        (_, Format::Auto) => {
            Err("the formats are auto, wavefront, histogram, trace, spanLogs and event".to_owned())
        }
        (_, format) => Ok(format),
    }
}

const BETWEEN_LOOKS: Duration = Duration::from_millis(200);
const TEMPLATE: &str = "[{elapsed_precise}] {spinner} accepted {pos} ({per_sec}) · {msg}";
