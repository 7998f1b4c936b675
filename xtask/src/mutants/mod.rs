//! Seeded bugs: is what the queue's proofs are silent about really right, or are they blind?
//!
//! Each bug of [`list`] is put into a copy of `wf-queue` under `target`, one at a time, and the check that it names has to
//! fail. A bug that survives means that the check is blind there, or that the code is stricter than it has to be.

mod list;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use xshell::{Shell, cmd};

use crate::{miri, tools};

/// One bug.
struct Mutant {
    name: &'static str,
    /// Below `crates/wf-queue/src`.
    file: &'static str,
    /// Occurs once in that file.
    from: &'static str,
    to: &'static str,
    /// The cheapest check that fails.
    caught_by: Check,
}

impl Mutant {
    /// The source with the bug in it.
    fn apply(&self, source: &str) -> anyhow::Result<String> {
        let Self { name, file, from, to, .. } = self;
        let places = source.matches(from).count();
        ensure!(places == 1, "{name:?}: found {places} times in {file}, not once: {from:?}");
        ensure!(from != to, "{name:?} changes nothing");
        Ok(source.replacen(from, to, 1))
    }
}

/// What can catch a bug, cheapest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    /// `tests/twin.rs`: random steps beside a `VecDeque`.
    Twin,
    /// `tests/queue.rs`: the promises of the interface.
    Queue,
    /// `tests/alloc.rs`: memory taken and freed.
    Alloc,
    /// `tests/loom.rs`: every interleaving, every value that a weak ordering allows.
    Loom,
    /// `tests/queue.rs`, interpreted.
    Miri,
}

/// Which bugs are tried.
pub(crate) enum Choice {
    All,
    /// Those whose name contains this.
    Named(String),
    /// Every [`SAMPLE`]th, and none for which Miri is needed.
    Sample,
}

/// Seeds the bugs and prints the score, which must be all of them.
pub(crate) fn run(sh: &Shell, choice: Choice) -> anyhow::Result<()> {
    let copy = Copy::new(sh)?;
    for mutant in list::MUTANTS {
        mutant.apply(&fs::read_to_string(copy.source(mutant.file))?)?;
    }
    let mut chosen: Vec<_> = list::MUTANTS.iter().collect();
    match choice {
        Choice::All => {}
        Choice::Named(part) => chosen.retain(|mutant| mutant.name.contains(&part)),
        Choice::Sample => {
            chosen.retain(|mutant| mutant.caught_by != Check::Miri);
            chosen = chosen.into_iter().step_by(SAMPLE).collect();
        }
    }
    if chosen.iter().any(|mutant| mutant.caught_by == Check::Miri)
        && let Some(reason) = miri::missing(sh)
    {
        println!("SKIP those only Miri sees: {reason}");
        chosen.retain(|mutant| mutant.caught_by != Check::Miri);
    }
    ensure!(!chosen.is_empty(), "no bug to try");
    // So that each check is built once, and one after the other.
    chosen.sort_by_key(|mutant| mutant.caught_by as u8);

    let mut survivors = Vec::new();
    let mut silent = None;
    for mutant in &chosen {
        let check = mutant.caught_by;
        if silent.is_none_or(|(known, _)| known != check) {
            // Without a bug every check is silent, or its failures would mean nothing.
            let (end, took) = copy.run(sh, check, PATIENCE)?;
            ensure!(end == End::Passed, "{check:?} fails without a bug");
            silent = Some((check, took));
        }
        let limit = silent.map_or(PATIENCE, |(_, took)| 3 * took + Duration::from_secs(10));
        let path = copy.source(mutant.file);
        let original = fs::read_to_string(&path)?;
        fs::write(&path, mutant.apply(&original)?)?;
        let run = copy.run(sh, check, limit).with_context(|| format!("with the bug {:?}", mutant.name));
        fs::write(&path, original)?;
        let (end, took) = run?;
        let word = match end {
            End::Passed => "SURVIVED",
            End::Failed => "caught",
            End::Late => "hangs",
        };
        println!("{check:?} {:5.1} s  {word:<8} {}", took.as_secs_f32(), mutant.name);
        if end == End::Passed {
            survivors.push(mutant.name);
        }
    }
    println!("seeded bugs caught: {} of {}", chosen.len() - survivors.len(), chosen.len());
    ensure!(survivors.is_empty(), "survived: {}", survivors.join(", "));
    Ok(())
}

/// A workspace of `wf-queue` alone.
struct Copy {
    root: PathBuf,
}

impl Copy {
    fn new(sh: &Shell) -> anyhow::Result<Self> {
        let (from, root) = (sh.current_dir(), tools::target_dir(sh, "queue-mutants"));
        let krate = Path::new("crates/wf-queue");
        // The builds beside it are kept.
        let _ = fs::remove_dir_all(root.join(krate));
        for folder in ["src", "tests"] {
            copy_folder(&from.join(krate).join(folder), &root.join(krate).join(folder))?;
        }
        for file in [krate.join("Cargo.toml"), krate.join("README.md"), "Cargo.lock".into()] {
            fs::copy(from.join(&file), root.join(&file))?;
        }
        let manifest = fs::read_to_string(from.join("Cargo.toml"))?;
        let (before, rest) =
            manifest.split_once("\nmembers = [").context("no members in the root manifest")?;
        let (_, after) = rest.split_once("]\n").context("members without an end")?;
        fs::write(
            root.join("Cargo.toml"),
            format!("{before}\nmembers = [\"crates/wf-queue\"]\n{}", without_packages(after)),
        )?;
        Ok(Self { root })
    }

    fn source(&self, file: &str) -> PathBuf {
        self.root.join("crates/wf-queue/src").join(file)
    }

    /// Builds a check, which must succeed, and runs it. Tells how long that took without the build.
    fn run(&self, sh: &Shell, check: Check, limit: Duration) -> anyhow::Result<(End, Duration)> {
        let _dir = sh.push_dir(&self.root);
        let target_dir = self.root.join("target").join(format!("{check:?}").to_lowercase());
        let _target = sh.push_env("CARGO_TARGET_DIR", &target_dir);
        let test = match check {
            Check::Alloc => "alloc",
            Check::Loom => "loom",
            Check::Miri | Check::Queue => "queue",
            Check::Twin => "twin",
        };
        if check == Check::Miri {
            let _flags = sh.push_env("MIRIFLAGS", "-Zmiri-disable-isolation");
            let miri = || cmd!(sh, "rustup run nightly cargo miri test --quiet -p wf-queue --test {test}");
            ensure!(tools::works(miri().arg("--no-run")), "does not build");
            let start = Instant::now();
            let end = if tools::works(miri()) { End::Passed } else { End::Failed };
            return Ok((end, start.elapsed()));
        }
        let (release, flags) =
            if check == Check::Loom { (Some("--release"), "--cfg wf_loom") } else { (None, "") };
        let build = cmd!(sh, "cargo test -p wf-queue --no-run --test {test} {release...}");
        // Built sixty times and stopped early: a quick build counts for more than a quick test.
        let build =
            build.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_INCREMENTAL", "true");
        let build = build.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
        let build = build.env("RUSTFLAGS", flags).quiet().ignore_status().output()?;
        let log = String::from_utf8_lossy(&build.stderr);
        ensure!(build.status.success(), "does not build: {log}");
        let executable = log.rsplit_once('(').and_then(|(_, rest)| rest.split_once(')'));
        let (executable, _) = executable.with_context(|| format!("cargo names no executable: {log}"))?;
        let start = Instant::now();
        let end = wait(&self.root.join(executable), limit)?;
        Ok((end, start.elapsed()))
    }
}

/// How a check ended.
#[derive(PartialEq, Eq)]
enum End {
    Passed,
    Failed,
    /// A bug may also leave a thread that waits for ever.
    Late,
}

/// Runs a test executable, quietly, and kills it after `limit`.
fn wait(executable: &Path, limit: Duration) -> anyhow::Result<End> {
    let mut child = Command::new(executable)
        // The first counterexample does; a smaller one takes longer to find.
        .env("PROPTEST_MAX_SHRINK_ITERS", "0")
        .env("RUST_BACKTRACE", "0")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(if status.success() { End::Passed } else { End::Failed });
        }
        if start.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok(End::Late);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// The manifest without what it says of packages that were left behind.
fn without_packages(manifest: &str) -> String {
    let is_ours = |line: &&str| {
        line.starts_with("wf-queue.") || !line.contains(".opt-level") && !line.contains(".overflow-checks")
    };
    manifest.lines().filter(is_ours).flat_map(|line| [line, "\n"]).collect()
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            bail!("{} is a folder: copy it, too", entry.path().display());
        }
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

/// `cargo xtask ci` seeds one bug in so many.
const SAMPLE: usize = 8;
/// The longest that a check may take without a bug.
const PATIENCE: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_bug_has_its_place_in_the_sources() {
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/wf-queue/src");
        let mut seen = HashSet::new();
        for mutant in list::MUTANTS {
            let source = fs::read_to_string(src.join(mutant.file)).unwrap();
            let mutated = mutant.apply(&source).unwrap();
            assert!(seen.insert((mutant.file, mutated)), "{:?} is there twice", mutant.name);
        }
    }

    #[test]
    fn every_ordering_is_made_weaker() {
        // Sequential consistency is used nowhere, and `Relaxed` is the weakest.
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/wf-queue/src");
        let source = fs::read_to_string(src.join("ring.rs")).unwrap();
        let strong = |text: &str| {
            text.matches("Ordering::Release").count() + text.matches("Ordering::Acquire").count()
        };
        let weakened = list::MUTANTS.iter().filter(|mutant| strong(mutant.from) == strong(mutant.to) + 1);
        assert_eq!(weakened.count(), strong(&source));
        for file in ["consumer.rs", "position.rs", "producer.rs"] {
            assert_eq!(strong(&fs::read_to_string(src.join(file)).unwrap()), 0, "{file}");
        }
    }

    #[test]
    fn a_pattern_that_is_gone_or_not_alone_is_an_error() {
        let mutant = Mutant { name: "off by one", file: "a.rs", from: "<", to: "<=", caught_by: Check::Twin };
        assert_eq!(mutant.apply("a < b").unwrap(), "a <= b");
        mutant.apply("a > b").unwrap_err();
        mutant.apply("a < b < c").unwrap_err();
    }
}
