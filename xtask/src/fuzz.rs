//! The fuzz targets: their seeds on any toolchain, libFuzzer where nightly and cargo-fuzz are.

use anyhow::ensure;
use xshell::{Shell, cmd};

use crate::tools;

/// How long a plain run fuzzes each target, in seconds.
pub(crate) const SECONDS: u32 = 10;
/// What makes a long run fast: short inputs, and none of the searches that cost more than the targets themselves.
const FAST: [&str; 4] = ["-max_len=256", "-entropic=0", "-reduce_inputs=0", "-shrink=0"];
/// Another path at every run.
pub(crate) const ANY_PATH: u32 = 0;

/// Lints every target, builds it with a plain `main`, and replays its committed seeds.
pub(crate) fn replay(sh: &Shell) -> anyhow::Result<()> {
    let target_dir = tools::target_dir(sh, "fuzz-replay");
    cmd!(sh, "cargo clippy --locked --manifest-path fuzz/Cargo.toml --all-targets -- -D warnings")
        .env("CARGO_TARGET_DIR", &target_dir)
        .run()?;
    cmd!(sh, "cargo test --locked --manifest-path fuzz/Cargo.toml")
        .env("CARGO_TARGET_DIR", &target_dir)
        .run()?;
    Ok(())
}

/// Tells why libFuzzer cannot run here.
pub(crate) fn missing(sh: &Shell) -> Option<String> {
    tools::toolchain_missing(sh, "nightly").or_else(|| tools::subcommand_missing(sh, "fuzz"))
}

/// Fuzzes each target, or the one named, until so many inputs were tried, without a sanitizer: there is no unsafe code but in
/// the queue, which Miri checks.
pub(crate) fn run_executions(sh: &Shell, executions: u64, only: Option<&str>) -> anyhow::Result<()> {
    let runs = format!("-runs={executions}");
    for target in targets(sh, only)? {
        let [corpus, seeds] = folders(sh, &target)?;
        let fuzz =
            cmd!(sh, "rustup run nightly cargo fuzz run --sanitizer none --no-trace-compares {target}");
        fuzz.args([&corpus, &seeds, "--", &runs, "-print_final_stats=1"])
            .args(FAST)
            .env("CARGO_TARGET_DIR", tools::target_dir(sh, "fuzz-long"))
            .run()?;
    }
    Ok(())
}

/// Fuzzes each target in turn, or the one named, along the path that `seed` chooses; 0 is another path each time.
pub(crate) fn run(sh: &Shell, seconds: u32, seed: u32, only: Option<&str>) -> anyhow::Result<()> {
    let (time, seed) = (format!("-max_total_time={seconds}"), format!("-seed={seed}"));
    for target in targets(sh, only)? {
        let [corpus, seeds] = folders(sh, &target)?;
        cmd!(sh, "rustup run nightly cargo fuzz run {target} {corpus} {seeds} -- {time} {seed}")
            .env("CARGO_TARGET_DIR", tools::target_dir(sh, "fuzz"))
            .run()?;
    }
    Ok(())
}

fn targets(sh: &Shell, only: Option<&str>) -> anyhow::Result<Vec<String>> {
    let list = cmd!(sh, "rustup run nightly cargo fuzz list").read()?;
    let mut targets: Vec<_> = list.lines().map(str::to_owned).collect();
    targets.retain(|target| only.is_none_or(|only| only == target));
    ensure!(!targets.is_empty(), "no such fuzz target; there are: {}", list.replace('\n', ", "));
    Ok(targets)
}

/// Where findings of a target go, which are not committed (nor are crashes, in `fuzz/artifacts`), and where its seeds are.
fn folders(sh: &Shell, target: &str) -> anyhow::Result<[String; 2]> {
    let folders = ["corpus", "seeds"].map(|folder| format!("fuzz/{folder}/{target}"));
    sh.create_dir(&folders[0])?;
    Ok(folders)
}
