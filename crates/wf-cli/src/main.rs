//! The `wf` command: Wavefront telemetry from the terminal.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks through them")]

mod demo;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Wavefront telemetry from the terminal.
#[derive(Debug, Parser)]
#[command(name = "wf", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Arguments),
}

fn main() -> anyhow::Result<ExitCode> {
    match Cli::parse().command {
        Command::Demo(arguments) => demo::run(&arguments),
    }
}
