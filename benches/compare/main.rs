//! Ours and its peers in one process, turn by turn, on the same data: what `cargo xtask bench` runs.
//!
//! `cargo test --benches` runs every group once with little work, for the checks alone.
#![forbid(unsafe_code)]
#![expect(clippy::print_stderr, clippy::print_stdout, reason = "a program whose results are printed")]

mod e2e;
mod format;
mod growth;
mod memory;
mod ping;
mod python;
mod queue;
mod send;
mod sink;

use std::process::{Command, ExitCode};
use std::{env, fs};

use anyhow::{Context, bail};
use benches::measure::Effort;
use benches::row::{Row, table};
use serde_json::json;

use crate::python::Python;

fn main() -> ExitCode {
    benches::exit_code(run())
}

fn run() -> anyhow::Result<()> {
    let args: Vec<_> = env::args().skip(1).collect();
    if let [_, "call", queue, sink] = &*args.iter().map(|arg| &**arg).collect::<Vec<_>>() {
        return send::call(queue, sink);
    }
    let options = Options::from_args(args)?;
    let effort = if options.measures { Effort::FULL } else { Effort::TRIAL };
    if options.group.as_deref() == Some("growth") {
        return growth::run(effort, &cpu(), ping::nanos(effort));
    }
    compare(&options, effort)?;
    if !options.measures {
        growth::run(effort, &cpu(), ping::nanos(effort))?;
    }
    Ok(())
}

struct Options {
    group: Option<String>,
    json: bool,
    /// Cargo says so; without it this is a test.
    measures: bool,
}

impl Options {
    fn from_args(args: Vec<String>) -> anyhow::Result<Self> {
        let mut options = Self { group: None, json: false, measures: false };
        for arg in args {
            match &*arg {
                "--bench" => options.measures = true,
                "--json" => options.json = true,
                flag if flag.starts_with('-') => bail!("unknown flag {flag}"),
                _ if options.group.is_some() => bail!("one group at a time, or none for all"),
                _ => options.group = Some(arg),
            }
        }
        Ok(options)
    }
}

fn compare(options: &Options, effort: Effort) -> anyhow::Result<()> {
    const GROUPS: [&str; 6] = ["format", "parse", "queue", "send", "e2e", "memory"];
    let groups = match options.group.as_deref() {
        None => GROUPS.to_vec(),
        Some(one) => vec![
            *GROUPS
                .iter()
                .find(|&&group| group == one)
                .with_context(|| format!("no group {one}; there are {}", GROUPS.join(", ")))?,
        ],
    };
    let python = Python::start(effort)?;
    let ping = ping::nanos(effort);
    let mut rows = Vec::new();
    for group in groups {
        eprintln!("measuring {group}");
        rows.extend(match group {
            "format" => format::rows(effort, python.as_ref())?,
            "parse" => format::parse_rows(effort)?,
            "queue" => queue::rows(effort)?,
            "e2e" => e2e::rows(effort, python.as_ref())?,
            "send" => send::rows(effort)?,
            _ => memory::rows(effort)?,
        });
    }
    // One of two looks, because one may have met a busy core.
    let ping = ping.min(ping::nanos(effort));
    if options.json {
        let rows: Vec<_> = rows.iter().map(Row::json).collect();
        println!("{:#}", json!({ "rows": rows, "rustc": rustc(), "cpu": cpu(), "ping": ping }));
    } else if !effort.is_trial() {
        println!("{}; {}; ping {ping:.0} ns", rustc(), cpu());
        print!("{}", table(&rows));
    }
    Ok(())
}

/// The compiler of this shell, which cargo has just used.
fn rustc() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output();
    output.map_or_else(
        |_| "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

fn cpu() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name"));
    model.map_or_else(
        || env::consts::ARCH.to_owned(),
        |model| model.trim_start_matches([' ', '\t', ':']).to_owned(),
    )
}
