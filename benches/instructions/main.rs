//! Counts instructions for each line, which a busy machine does not change, and holds them against the committed file.
//!
//! Runs itself under callgrind, each case with few and with more rounds: the difference is free of what a start costs.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program whose results are printed")]

mod case;
mod committed;
mod sweep;

use std::env;
use std::process::{Command, ExitCode};

use anyhow::{Context, bail, ensure};

use crate::case::CASES;
use crate::committed::Committed;
use crate::sweep::SHAPES;

fn main() -> ExitCode {
    benches::exit_code(run())
}

fn run() -> anyhow::Result<()> {
    let args: Vec<_> = env::args().skip(1).collect();
    match &*args.iter().map(|arg| &**arg).collect::<Vec<_>>() {
        ["run", name, rounds] => {
            let case = CASES.iter().find(|case| case.name == *name).context("no such case")?;
            case.run(rounds.parse()?);
            Ok(())
        }
        ["sweep", name, size, rounds] => {
            let shape = SHAPES.iter().find(|shape| shape.name == *name).context("no such shape")?;
            shape.run(size.parse()?, rounds.parse()?);
            Ok(())
        }
        ["sweep"] => sweep::run(|shape, size| {
            let run = |rounds| collected(&["sweep", shape.name, &size.to_string(), rounds]);
            let difference = run("2")?.checked_sub(run("1")?).context("more rounds cost less")?;
            Ok(difference as f64 / sweep::BYTES as f64)
        }),
        [] => compare(false),
        ["--bless"] => compare(true),
        _ => bail!("usage: instructions [--bless | sweep]"),
    }
}

/// Prints every case, and fails if one has risen under the very compiler that the committed file is from.
fn compare(bless: bool) -> anyhow::Result<()> {
    let old = Committed::read()?;
    let rustc = rustc()?;
    let counts = CASES.iter().map(|case| Ok((case.name, per_line(case.name)?)));
    let new = Committed { rustc, counts: counts.collect::<anyhow::Result<_>>()? };
    println!("{}; committed by {}", new.rustc, old.rustc);
    for &(name, count) in &new.counts {
        let before = old.count(name).map_or_else(String::new, |before| {
            format!("{before:>10.1} before {:>+7.1} %", 100.0 * (count / before - 1.0))
        });
        println!("{name:<16} {count:>8.1} instructions a line {before}");
    }
    if bless {
        return new.write();
    }
    if old.rustc != new.rustc {
        println!("another compiler made the committed counts: nothing fails");
        return Ok(());
    }
    let fallen = old.fallen(&new);
    if !fallen.is_empty() {
        println!("more than 5 % fallen: {}; `--bless` keeps it so", fallen.join(", "));
    }
    let risen = old.risen(&new);
    ensure!(
        risen.is_empty(),
        "more than 5 % risen: {}; `cargo xtask bench instructions --bless` accepts it",
        risen.join(", ")
    );
    Ok(())
}

fn per_line(name: &str) -> anyhow::Result<f64> {
    const FEW: u64 = 1;
    const MORE: u64 = 5;
    let run = |rounds: u64| collected(&["run", name, &rounds.to_string()]);
    let difference = run(MORE)?.checked_sub(run(FEW)?);
    let difference = difference.context("more rounds cost less")?;
    Ok(difference as f64 / ((MORE - FEW) * case::LINES) as f64)
}

/// Instructions of a whole run.
fn collected(args: &[&str]) -> anyhow::Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe()?)
        .args(args)
        .output()
        .context("valgrind does not start")?;
    let text = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "valgrind failed: {text}");
    let count =
        text.lines().find_map(|line| line.split_once("Collected : ")).context("valgrind counted nothing")?;
    Ok(count.1.trim().parse()?)
}

/// The compiler of this shell, which cargo has just used.
fn rustc() -> anyhow::Result<String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().context("rustc does not start")?;
    Ok(format!("{} {}", String::from_utf8(output.stdout)?.trim(), env::consts::ARCH))
}
