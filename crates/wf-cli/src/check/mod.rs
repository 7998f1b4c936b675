//! `wf check`: what a receiver would make of each line.

mod finding;

use std::{
    io::{BufWriter, Write, stdout},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Result;
use sysinfo::System;
use wf_parse::{Format, Limits, Parser, Verdict};

use self::finding::Finding;
use crate::{
    input::{Input, Line},
    output::{BUFFER, Failure, Output, REFUSED, UNREADABLE, is_closed_pipe, say},
};

/// Tells what a Wavefront proxy would make of each line, which the proxy itself never tells.
///
/// Lines are judged as they would be over raw TCP: accept, reject, discard (thrown away silently), ignore (blank), or
/// error (the receiver itself fails). Bytes that are not UTF-8 are judged as the receiver reads them, as U+FFFD, and
/// stderr says so. Exit code 1: a line that is not blank was not accepted; 5: FILE cannot be read.
///
/// Example: echo 'cpu.load 0,42 source=web-1' | wf check
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Arguments {
    /// What the lines are; auto tells by their beginning, but spans need to be named.
    #[arg(long, value_enum, default_value_t)]
    format: FormatChoice,
    /// How long and how many the parts of a point may be.
    #[arg(long, value_enum, default_value_t)]
    limits: LimitsChoice,
    /// The receiver's time, in seconds since the epoch; default: the clock's.
    #[arg(long, value_name = "EPOCH_SECONDS", value_parser = clap::value_parser!(i64).range(0..=MAX_SECONDS))]
    now: Option<i64>,
    /// The source of lines that name none; default: this host's name.
    #[arg(long, value_name = "NAME")]
    remote_host: Option<String>,
    /// Problems and a summary, or a JSON object for each line.
    #[arg(long, value_enum, default_value_t)]
    output: Output,
    /// The lines; stdin if absent or '-'.
    file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum FormatChoice {
    #[default]
    Auto,
    Wavefront,
    Histogram,
    Trace,
    #[value(name = "spanLogs")]
    SpanLogs,
    Event,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum LimitsChoice {
    /// Those of a proxy.
    #[default]
    Proxy,
    /// Those of the service.
    Tenant,
    /// The smaller of the other two.
    Default,
}

/// What still counts in 64 bits of milliseconds.
const MAX_SECONDS: i64 = i64::MAX / 1000;

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let mut counts = Counts::default();
    for input in Input::all(arguments.file.as_slice()) {
        match check_all(arguments, &input, &mut counts) {
            Err(error) if is_closed_pipe(&error) => break,
            ended => ended?,
        }
    }
    Ok(counts.code())
}

#[derive(Debug, Default)]
struct Counts {
    lines: u64,
    accepted: u64,
    blank: u64,
}

impl Counts {
    const fn refused(&self) -> u64 {
        self.lines - self.accepted - self.blank
    }

    fn code(&self) -> ExitCode {
        if self.refused() == 0 { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) }
    }
}

fn check_all(arguments: &Arguments, input: &Input, counts: &mut Counts) -> Result<()> {
    let unreadable = |error| Failure::new(UNREADABLE, format_args!("{input}: {error}"));
    let mut lines = input.open().map_err(unreadable)?;
    let (parser, format) = (parser(arguments), format(arguments));
    let mut out = BufWriter::with_capacity(BUFFER, stdout().lock());
    loop {
        if lines.is_drained() {
            out.flush()?;
        }
        let Some((number, line)) = lines.next().map_err(unreadable)? else { break };
        let lossy;
        let text = match line {
            Line::Text(text) => Some(text),
            Line::NotUtf8 => {
                say(format_args!(
                    "{input}:{number}: not UTF-8; judged as the receiver reads it, with U+FFFD"
                ));
                lossy = String::from_utf8_lossy(lines.bytes());
                Some(lossy.trim_end_matches(['\r', '\n']))
            }
            Line::TooLong => None,
        };
        let finding = match text {
            Some(text) => Finding::of(&parser.parse(format, text)),
            None => Finding::too_long(),
        };
        counts.lines += 1;
        counts.accepted += u64::from(finding.verdict == Verdict::Accept);
        counts.blank += u64::from(finding.verdict == Verdict::Ignore);
        match arguments.output {
            Output::Json => writeln!(out, "{}", finding.json(number)),
            Output::Text if matches!(finding.verdict, Verdict::Accept | Verdict::Ignore) => Ok(()),
            Output::Text => out.write_all(finding.text(input, number, text.unwrap_or_default()).as_bytes()),
        }?;
    }
    if arguments.output == Output::Text {
        let Counts { lines, accepted, blank } = *counts;
        let refused = counts.refused();
        writeln!(out, "lines: {lines}, accepted: {accepted}, not accepted: {refused}, blank: {blank}")?;
    }
    Ok(out.flush()?)
}

fn parser(arguments: &Arguments) -> Parser {
    let host = arguments.remote_host.clone().or_else(System::host_name);
    let parser = Parser::new()
        .limits(match arguments.limits {
            LimitsChoice::Proxy => Limits::PROXY,
            LimitsChoice::Tenant => Limits::TENANT,
            LimitsChoice::Default => Limits::DEFAULT,
        })
        .remote_host(host.unwrap_or_else(|| "localhost".to_owned()));
    match arguments.now {
        Some(now) => parser.now_millis(now * 1000),
        None => parser,
    }
}

const fn format(arguments: &Arguments) -> Format {
    match arguments.format {
        FormatChoice::Auto => Format::Auto,
        FormatChoice::Wavefront => Format::Wavefront,
        FormatChoice::Histogram => Format::Histogram,
        FormatChoice::Trace => Format::Trace,
        FormatChoice::SpanLogs => Format::SpanLogs,
        FormatChoice::Event => Format::Event,
    }
}
