//! Ours beside its peers, measured in one process by `benches/compare`.

use xshell::{Shell, cmd};

use crate::{conformance, tools};

/// Measures one group, or all, and prints a table or JSON. What was reached is printed, not judged.
pub(crate) fn run(sh: &Shell, group: Option<String>, json: bool) -> anyhow::Result<()> {
    let flags = json.then_some("--json");
    let group_flag = group.as_ref();
    let mut bench = cmd!(
        sh,
        "cargo bench --quiet --locked --package benches --bench compare -- {group_flag...} {flags...}"
    );
    if group.is_none_or(|group| WITH_PYTHON.contains(&&*group)) {
        match conformance::python_missing(sh) {
            None => bench = bench.env("WF_BENCH_PYTHON", conformance::interpreter(sh)),
            Some(reason) => eprintln!("SKIP the Python SDK: {reason}"),
        }
    }
    bench.run()?;
    Ok(())
}

/// Tells why instructions cannot be counted here.
pub(crate) fn valgrind_missing(sh: &Shell) -> Option<String> {
    (!tools::works(cmd!(sh, "valgrind --version")))
        .then(|| "no valgrind (Debian: apt install valgrind)".to_owned())
}

/// Holds the instructions of each line against the committed counts, or commits new ones.
pub(crate) fn instructions(sh: &Shell, bless: bool) -> anyhow::Result<()> {
    let flags = bless.then_some("--bless");
    cmd!(sh, "cargo run --quiet --locked --package benches --profile bench --bin instructions -- {flags...}")
        .run()?;
    Ok(())
}

/// Holds what the parser spends on a byte of longer and longer hostile lines against 1.3 times that of short ones.
pub(crate) fn sweep(sh: &Shell) -> anyhow::Result<()> {
    cmd!(sh, "cargo run --quiet --locked --package benches --profile bench --bin instructions -- sweep")
        .run()?;
    Ok(())
}

/// Whether a group counts instructions, where the others measure time.
pub(crate) fn is_counted(group: &str) -> bool {
    matches!(group, "instructions" | "sweep")
}

/// The groups that have the Python SDK among the peers.
const WITH_PYTHON: [&str; 2] = ["e2e", "format"];
