//! Project tasks, run as `cargo xtask <task>`; `cargo xtask --help` lists them.
//!
//! `ci` and `deep` are lists of steps; each step is one of the modules below or a plain cargo command. Only rustup
//! and cargo are needed: a step whose tool is absent is printed as skipped, with what would bring it.
#![forbid(unsafe_code)]

mod bench;
mod ci;
mod conformance;
mod deep;
mod features;
mod flags;
mod fuzz;
mod loom;
mod miri;
mod msrv;
mod mutants;
mod steps;
mod tidy;
mod tools;
mod tsan;

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::ensure;
use xshell::Shell;

use crate::flags::{ConformanceCmd, XtaskCmd};
use crate::miri::Borrows;
use crate::mutants::Choice;

fn main() -> ExitCode {
    let task = flags::Xtask::from_env_or_exit().subcommand;
    match run(task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not returned from here, which would print a backtrace where RUST_BACKTRACE is set for the tests.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: XtaskCmd) -> anyhow::Result<()> {
    let sh = &Shell::new()?;
    sh.change_dir(project_root());
    match task {
        XtaskCmd::Bench(flags::Bench { group: Some(group), bless, json }) if bench::is_counted(&group) => {
            ensure!(!json, "{group} has no --json");
            ensure!(!bless || group == "instructions", "only instructions have --bless");
            if let Some(reason) = bench::valgrind_missing(sh) {
                println!("SKIP {group}: {reason}");
                return Ok(());
            }
            if group == "sweep" { bench::sweep(sh) } else { bench::instructions(sh, bless) }
        }
        XtaskCmd::Bench(flags::Bench { group, json, bless }) => {
            ensure!(!bless, "only instructions have --bless");
            bench::run(sh, group, json)
        }
        XtaskCmd::Ci(flags::Ci { step }) => ci::run(sh, step),
        XtaskCmd::Conformance(flags::Conformance { subcommand }) => {
            let missing = match subcommand {
                ConformanceCmd::Python(_) => conformance::python_missing(sh),
                ConformanceCmd::Numbers(_) => None,
                ConformanceCmd::Receiver(_) => conformance::receiver_missing(sh),
            };
            if let Some(reason) = missing {
                println!("SKIP conformance: {reason}");
                return Ok(());
            }
            match subcommand {
                ConformanceCmd::Python(flags::Python { points }) => {
                    conformance::python(sh, points.unwrap_or(conformance::POINTS))
                }
                ConformanceCmd::Numbers(flags::Numbers { count, seed }) => {
                    let seed = seed.unwrap_or(conformance::SEED);
                    conformance::numbers(sh, count.unwrap_or(conformance::NUMBERS), seed)
                }
                ConformanceCmd::Receiver(flags::Receiver { lines, seed }) => {
                    let seed = seed.unwrap_or(conformance::SEED);
                    conformance::receiver(sh, lines.unwrap_or(conformance::LINES), seed)
                }
            }
        }
        XtaskCmd::Deep(flags::Deep { step }) => deep::run(sh, step),
        XtaskCmd::Fuzz(flags::Fuzz { executions: Some(executions), target, .. }) => {
            fuzz::run_executions(sh, executions, target.as_deref())
        }
        XtaskCmd::Fuzz(flags::Fuzz { seconds, target, .. }) => {
            fuzz::replay(sh)?;
            fuzz::run(sh, seconds.unwrap_or(fuzz::SECONDS), fuzz::ANY_PATH, target.as_deref())
        }
        XtaskCmd::Loom(_) => loom::run(sh),
        XtaskCmd::Miri(flags::Miri { seeds }) => {
            let seeds = seeds.unwrap_or(miri::SEEDS);
            miri::run(sh, Borrows::Stacked, seeds)?;
            miri::run(sh, Borrows::Tree, seeds)
        }
        XtaskCmd::QueueMutants(flags::QueueMutants { name, sample }) => {
            let all = if sample { Choice::Sample } else { Choice::All };
            mutants::run(sh, name.map_or(all, Choice::Named))
        }
        XtaskCmd::Tidy(_) => tidy::run(sh),
    }
}

/// The folder of the root manifest, wherever the task was started from.
fn project_root() -> PathBuf {
    // Asked at run time first: two checkouts that share a target folder share this binary too.
    let xtask =
        env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    xtask.parent().expect("xtask lies inside the workspace").to_path_buf()
}
