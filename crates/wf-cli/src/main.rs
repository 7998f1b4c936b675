//! The `wf` command: Wavefront telemetry from the terminal.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks through them")]

mod check;
mod demo;
mod encode;
mod input;
mod listen;
mod output;
mod send;
mod write;

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
    Check(check::Arguments),
    Demo(demo::Arguments),
    Encode(encode::Arguments),
    Listen(listen::Arguments),
    Send(send::Arguments),
    Write(write::Arguments),
}

fn main() -> anyhow::Result<ExitCode> {
    let ended = match Cli::parse().command {
        Command::Check(arguments) => check::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Encode(arguments) => encode::run(&arguments),
        Command::Listen(arguments) => listen::run(&arguments),
        Command::Send(arguments) => send::run(&arguments),
        Command::Write(arguments) => write::run(&arguments),
    };
    ended.or_else(|error| match error.downcast_ref::<output::Failure>() {
        Some(failure) => Ok(failure.report()),
        None => Err(error),
    })
}
