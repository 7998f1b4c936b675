//! What every change must pass. The first step is the command that the README gives to newcomers.

use xshell::{Shell, cmd};

use crate::miri::Borrows;
use crate::mutants::Choice;
use crate::steps::Steps;
use crate::{bench, conformance, features, fuzz, loom, miri, msrv, mutants, tidy, tools};

pub(crate) fn run(sh: &Shell, only: Option<String>) -> anyhow::Result<()> {
    let mut steps = Steps::new(only);
    steps.step("test", || cmd!(sh, "cargo test --workspace --all-features").run());
    steps.step("fmt", || {
        cmd!(sh, "cargo fmt --all --check").run()?;
        cmd!(sh, "cargo fmt --manifest-path fuzz/Cargo.toml --check").run()
    });
    steps.step("clippy", || {
        cmd!(sh, "cargo clippy --workspace --all-targets --all-features -- -D warnings").run()
    });
    steps.step("doc", || {
        cmd!(sh, "cargo doc --workspace --exclude benches --exclude conformance --exclude xtask --no-deps --all-features")
            .env("RUSTDOCFLAGS", "-D warnings")
            .run()
    });
    steps.step("tidy", || tidy::run(sh));
    steps.step("features", || features::few(sh));
    steps.step_unless(|| features::wasm_missing(sh), "wasm", || features::wasm(sh));
    steps.step_unless(|| msrv::missing(sh), "msrv", || msrv::run(sh));
    steps.step("loom", || loom::run(sh));
    steps.step("queue mutants", || mutants::run(sh, Choice::Sample));
    steps.step_unless(
        || miri::missing(sh),
        "miri stacked borrows",
        || miri::run(sh, Borrows::Stacked, miri::SEEDS),
    );
    steps.step_unless(
        || miri::missing(sh),
        "miri tree borrows",
        || miri::run(sh, Borrows::Tree, miri::SEEDS),
    );
    steps.step("fuzz replay", || fuzz::replay(sh));
    steps.step_unless(|| fuzz::missing(sh), "fuzz run", || fuzz::run(sh, fuzz::SECONDS, CI_SEED, None));
    steps.step("conformance numbers", || conformance::numbers(sh, conformance::NUMBERS, conformance::SEED));
    steps.step_unless(
        || conformance::python_missing(sh),
        "conformance python",
        || conformance::python(sh, conformance::POINTS),
    );
    steps.step_unless(
        || conformance::receiver_missing(sh),
        "conformance receiver",
        || conformance::receiver(sh, conformance::LINES, conformance::SEED),
    );
    // Runs every bench once, outputs checked; nothing is measured. With the features of the first step, whose build it uses.
    steps.step("benches", || cmd!(sh, "cargo test --workspace --all-features --bench *").run());
    steps.step_unless(|| bench::valgrind_missing(sh), "instructions", || bench::instructions(sh, false));
    steps.step_unless(
        || tools::subcommand_missing(sh, "deny"),
        "deny",
        || {
            // Without advisories, which change from day to day under an unchanged tree and need the network.
            cmd!(sh, "cargo deny --all-features check bans licenses sources").run()
        },
    );
    steps.finish()
}

/// The same path at every run, so that a change is judged by itself; `deep` goes another one each time.
const CI_SEED: u32 = 1;
