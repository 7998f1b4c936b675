//! Seeds, and the command that repeats one.

use std::env;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::thread;

/// The seeds of every run, so that two runs of CI do the same.
pub const CI_SEEDS: [u64; 5] = [1, 2, 3, 4, 5];

/// The seeds to run: [`CI_SEEDS`], or the one in the environment variable `WF_SEED`.
///
/// # Panics
///
/// Panics if `WF_SEED` is not a number.
#[must_use]
pub fn seeds() -> Vec<u64> {
    chosen(env::var("WF_SEED").ok().as_deref())
}

/// Runs `test` with every seed of [`seeds`]; if one fails, prints the one command that repeats it.
///
/// # Panics
///
/// Panics with what `test` panics with.
pub fn for_each_seed(mut test: impl FnMut(u64)) {
    for seed in seeds() {
        if let Err(panic) = panic::catch_unwind(AssertUnwindSafe(|| test(seed))) {
            #[expect(clippy::print_stderr, reason = "the test harness shows it with the failure")]
            {
                eprintln!("seed {seed} failed; repeat with: {}", repeat_command(seed));
            }
            panic::resume_unwind(panic);
        }
    }
}

/// The command that repeats the running test with `seed`.
pub(crate) fn repeat_command(seed: u64) -> String {
    let package = env::var("CARGO_PKG_NAME").unwrap_or_default();
    let program = env::current_exe().unwrap_or_default();
    command(seed, &package, &program, thread::current().name().unwrap_or_default())
}

fn chosen(variable: Option<&str>) -> Vec<u64> {
    match variable {
        Some(text) => vec![text.trim().parse().expect("WF_SEED must be a number")],
        None => CI_SEEDS.to_vec(),
    }
}

fn command(seed: u64, package: &str, program: &Path, test: &str) -> String {
    // cargo names a test program `<target>-<hash>`, and a library's target is the package's name with underscores.
    let stem = program.file_stem().unwrap_or_default().to_string_lossy();
    let target = stem.rsplit_once('-').map_or(&*stem, |(target, _)| target);
    let target =
        if target == package.replace('-', "_") { "--lib".to_owned() } else { format!("--test {target}") };
    format!("WF_SEED={seed} cargo test -p {package} --all-features {target} -- --exact {test}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ci_seeds_unless_one_is_given() {
        assert_eq!(chosen(None), CI_SEEDS);
        assert_eq!(chosen(Some("77")), [77]);
        assert_eq!(CI_SEEDS.len(), 5);
    }

    #[test]
    fn the_command_names_package_target_and_test() {
        let of = |program: &str| command(3, "wf-sdk", Path::new(program), "faults::f41");
        assert_eq!(
            of("/t/deps/faults-0a1b"),
            "WF_SEED=3 cargo test -p wf-sdk --all-features --test faults -- --exact faults::f41"
        );
        assert_eq!(
            of("/t/deps/wf_sdk-0a1b"),
            "WF_SEED=3 cargo test -p wf-sdk --all-features --lib -- --exact faults::f41"
        );
    }

    #[test]
    fn the_running_test_is_found() {
        let command = repeat_command(9);
        assert!(
            command.ends_with(
                "-p wf-testkit --all-features --lib -- --exact seeds::tests::the_running_test_is_found"
            ),
            "{command}"
        );
    }

    #[test]
    fn every_seed_runs_and_a_failure_comes_through() {
        let mut ran = Vec::new();
        for_each_seed(|seed| ran.push(seed));
        assert_eq!(ran, seeds());
        let failed = panic::catch_unwind(|| for_each_seed(|seed| assert_eq!(seed, 0, "odd")));
        assert!(failed.is_err());
    }
}
