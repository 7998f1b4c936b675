//! The longer versions of the checks in `ci`, for a quiet hour.

use std::time::{SystemTime, UNIX_EPOCH};

use xshell::{Shell, cmd};

use crate::miri::Borrows;
use crate::mutants::Choice;
use crate::steps::Steps;
use crate::{bench, conformance, features, fuzz, loom, miri, mutants, tsan};

const FUZZ_SECONDS: u32 = 60;
const MIRI_SEEDS: u32 = 64;
/// Points of each kind: a million and more in all.
const POINTS: usize = 200_000;
const LINES: usize = 1_000_000;
const STRESS_SECONDS: &str = "10";
const CASES: &str = "1000000";
const NUMBERS: u64 = 100_000_000;

pub(crate) fn run(sh: &Shell, only: Option<String>) -> anyhow::Result<()> {
    let mut steps = Steps::new(only);
    steps.step("test, as shipped", || {
        cmd!(sh, "cargo test --workspace --all-features --profile testrelease").run()
    });
    // A million of each property that proptest checks, the encoder's and the parser's.
    steps.step("properties", || {
        cmd!(sh, "cargo test -p wf-format -p wf-parse --all-features --profile testrelease")
            .env("PROPTEST_CASES", CASES)
            .run()
    });
    steps.step("stress", || {
        cmd!(sh, "cargo test -p wf-queue --test stress").env("WF_STRESS_SECONDS", STRESS_SECONDS).run()
    });
    steps.step("feature powerset", || features::all(sh));
    steps.step_unless(|| bench::valgrind_missing(sh), "parser sweep", || bench::sweep(sh));
    steps.step("loom", || loom::run(sh));
    steps.step_unless(
        || miri::missing(sh),
        "miri stacked borrows",
        || miri::run(sh, Borrows::Stacked, MIRI_SEEDS),
    );
    steps.step_unless(|| miri::missing(sh), "miri tree borrows", || miri::run(sh, Borrows::Tree, MIRI_SEEDS));
    steps.step_unless(|| tsan::missing(sh), "thread sanitizer", || tsan::run(sh));
    steps.step("queue mutants", || mutants::run(sh, Choice::All));
    steps.step("fuzz replay", || fuzz::replay(sh));
    steps.step_unless(|| fuzz::missing(sh), "fuzz run", || fuzz::run(sh, FUZZ_SECONDS, fuzz::ANY_PATH, None));
    steps.step_unless(
        || conformance::python_missing(sh),
        "conformance python",
        || conformance::python(sh, POINTS),
    );
    // Another million each time.
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    steps.step_unless(
        || conformance::receiver_missing(sh),
        "conformance receiver",
        || conformance::receiver(sh, LINES, seed),
    );
    steps.step("conformance numbers", || conformance::numbers(sh, NUMBERS, seed));
    steps.finish()
}
