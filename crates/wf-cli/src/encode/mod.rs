//! `wf encode`: JSON objects to Wavefront lines.

mod fields;
mod record;
mod unique;

use std::{
    io::{BufWriter, Write, stdout},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Result, anyhow};
use serde_json::json;
use wf_sdk::format::{Changed, Format, Limits, NamePolicy, Strictness};

use crate::{
    input::{Input, Line, Lines},
    output::{BUFFER, Failure, Output, REFUSED, UNREADABLE, is_closed_pipe, say},
};

/// Encodes JSON objects, one a line, as Wavefront lines.
///
/// Types: metric, delta, histogram, span, event, source_tag, source_description. A value is a number or "NaN",
/// "Infinity", "-Infinity". Tags are {"key":"value"} or [["key","value"]], in that order. A span is followed by its span
/// logs. Blank lines are skipped, null means absent. Exit code 1: a line was refused; 5: FILE cannot be read.
///
/// Example: echo '{"type":"metric","name":"cpu.load","value":0.42,"source":"web-1"}' | wf encode
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Arguments {
    /// The source of points that have none or a blank one; without it they are refused.
    #[arg(long, value_name = "SOURCE")]
    default_source: Option<String>,
    /// Refuse what could only be sent changed.
    #[arg(long)]
    reject: bool,
    /// How long and how many the parts of a point may be.
    #[arg(long, value_enum, default_value_t)]
    limits: LimitsChoice,
    /// Whether names and tag keys keep '/', as the receiver allows, or get '-', as in the Python SDK.
    #[arg(long, value_enum, default_value_t)]
    names: Names,
    /// Lines, or a JSON object for each input line: "encoded" and "changed", or "error".
    #[arg(long, value_enum, default_value_t)]
    output: Output,
    /// The objects; stdin if absent or '-'.
    file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum LimitsChoice {
    /// The smaller of the other two.
    #[default]
    Default,
    /// Those of the service.
    Tenant,
    /// Those of a proxy.
    Proxy,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Names {
    /// '/' stays.
    #[default]
    Keep,
    /// '/' becomes '-'.
    Python,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    for input in Input::all(arguments.file.as_slice()) {
        match encode_all(arguments, &input, &mut code) {
            Err(error) if is_closed_pipe(&error) => break,
            ended => ended?,
        }
    }
    Ok(code)
}

fn encode_all(arguments: &Arguments, input: &Input, code: &mut ExitCode) -> Result<()> {
    let unreadable = |error| Failure::new(UNREADABLE, format_args!("{input}: {error}"));
    let mut lines = input.open().map_err(unreadable)?;
    let format = format(arguments);
    let mut out = BufWriter::with_capacity(BUFFER, stdout().lock());
    let mut encoded = Vec::new();
    loop {
        if lines.is_drained() {
            out.flush()?;
        }
        let Some((number, line)) = lines.next().map_err(unreadable)? else { break };
        encoded.clear();
        let outcome = match line {
            Line::Text(text) if text.trim().is_empty() => continue,
            Line::Text(text) => record::encode(&format, text, &mut encoded),
            Line::NotUtf8 => Err(anyhow!("not UTF-8")),
            Line::TooLong => Err(anyhow!("longer than {} bytes", Lines::MAX)),
        };
        if outcome.is_err() {
            *code = ExitCode::from(REFUSED);
        }
        match (outcome, arguments.output) {
            (Ok(_), Output::Text) => out.write_all(&encoded),
            (Ok(changed), Output::Json) => {
                let (encoded, changed) = (String::from_utf8_lossy(&encoded), words(changed));
                writeln!(
                    out,
                    "{}",
                    json!({"line": number, "ok": true, "encoded": encoded, "changed": changed})
                )
            }
            (Err(error), Output::Text) => {
                say(format_args!("{input}:{number}: {error}"));
                Ok(())
            }
            (Err(error), Output::Json) => {
                writeln!(out, "{}", json!({"line": number, "ok": false, "error": error.to_string()}))
            }
        }?;
    }
    Ok(())
}

fn format(arguments: &Arguments) -> Format<'_> {
    let format = Format::DEFAULT
        .limits(match arguments.limits {
            LimitsChoice::Default => Limits::DEFAULT,
            LimitsChoice::Tenant => Limits::TENANT,
            LimitsChoice::Proxy => Limits::PROXY,
        })
        .names(match arguments.names {
            Names::Keep => NamePolicy::Receiver,
            Names::Python => NamePolicy::Python,
        })
        .strictness(if arguments.reject { Strictness::Reject } else { Strictness::Sanitize });
    match &arguments.default_source {
        Some(source) => format.default_source(source),
        None => format,
    }
}

fn words(changed: Changed) -> Vec<&'static str> {
    WORDS.iter().filter(|(bit, _)| changed.contains(*bit)).map(|(_, word)| *word).collect()
}

const WORDS: [(Changed, &str); 8] = [
    (Changed::NAME, "name"),
    (Changed::SOURCE, "source"),
    (Changed::TAG_KEY, "tag_key"),
    (Changed::TAG_VALUE, "tag_value"),
    (Changed::TAG_DROPPED, "tag_dropped"),
    (Changed::TRUNCATED, "truncated"),
    (Changed::CONTROL, "control"),
    (Changed::BACKSLASH, "backslash"),
];
