//! Lines and clients beside the vendor's own SDK for Python, and lines before the real receiver's decoders, where Python and
//! Java are.

use std::path::PathBuf;

use xshell::{Shell, cmd};

use crate::tools;

/// Tells why the comparison cannot run here, after trying to install the SDK.
pub(crate) fn python_missing(sh: &Shell) -> Option<String> {
    let (folder, python) = (folder(sh), interpreter(sh));
    let installed = || tools::works(cmd!(sh, "{python} -c {CHECK}"));
    if installed() {
        return None;
    }
    let Some(system) =
        ["python3", "python"].into_iter().find(|name| tools::works(cmd!(sh, "{name} -c {THREE}")))
    else {
        return Some("no Python 3".to_owned());
    };
    // What an earlier attempt left may be half of an environment.
    if !tools::works(cmd!(sh, "{system} -m venv --clear {folder}")) {
        return Some(format!("{system} -m venv fails (Debian: apt install python3-venv)"));
    }
    // Not on stdout, which may be for JSON alone.
    eprintln!("installing {}", PACKAGES.join(" "));
    if !tools::works(cmd!(sh, "{python} -m pip install --quiet {PACKAGES...}")) {
        return Some(format!("pip cannot install {}", PACKAGES.join(" ")));
    }
    (!installed()).then(|| format!("{} does not start", PACKAGES[0]))
}

/// Compares lines and lets both SDKs' clients send to a receiver.
pub(crate) fn python(sh: &Shell, points: usize) -> anyhow::Result<()> {
    let (folder, python) = (folder(sh).join("points"), interpreter(sh));
    let script = "conformance/python/peer.py";
    let points = points.to_string();
    cmd!(sh, "cargo run --locked --package conformance -- python {python} {script} {folder} {points}")
        .run()?;
    Ok(())
}

/// Compares the text of doubles with that of an oracle.
pub(crate) fn numbers(sh: &Shell, count: u64, seed: u64) -> anyhow::Result<()> {
    let (count, seed) = (count.to_string(), seed.to_string());
    cmd!(sh, "cargo run --locked --package conformance -- numbers {count} {seed}").run()?;
    Ok(())
}

/// Tells why the real receiver's decoders cannot run here, after asking Maven for them and compiling what asks them.
pub(crate) fn receiver_missing(sh: &Shell) -> Option<String> {
    for (tool, command) in [("Java 17", cmd!(sh, "javac --version")), ("Maven", cmd!(sh, "mvn --version"))] {
        if !tools::works(command) {
            return Some(format!("no {tool} (Debian: apt install default-jdk-headless maven)"));
        }
    }
    let (folder, class_path) = (judge(sh), judge(sh).join("class-path"));
    let maven =
        cmd!(sh, "mvn --quiet --batch-mode --file conformance/receiver/pom.xml dependency:build-classpath");
    if !tools::works(maven.arg(format!("-Dmdep.outputFile={}", class_path.display()))) {
        return Some("Maven cannot bring com.wavefront:java-lib".to_owned());
    }
    let libraries = sh.read_file(&class_path).ok()?;
    let compiled = tools::works(cmd!(
        sh,
        "javac -Xlint:none -d {folder} -cp {libraries} conformance/receiver/Judge.java"
    ));
    (!compiled).then(|| "javac does not compile conformance/receiver/Judge.java; try it by hand".to_owned())
}

/// Asks the real receiver's decoders about lines of ours, and about lines that are nearly right.
pub(crate) fn receiver(sh: &Shell, lines: usize, seed: u64) -> anyhow::Result<()> {
    let separator = if cfg!(windows) { ';' } else { ':' };
    let libraries = sh.read_file(judge(sh).join("class-path"))?;
    let class_path = format!("{}{separator}{}", judge(sh).display(), libraries.trim());
    let (lines, seed) = (lines.to_string(), seed.to_string());
    cmd!(sh, "cargo run --locked --package conformance -- receiver {class_path} {lines} {seed}")
        // A class path fills a screen.
        .quiet()
        .run()?;
    Ok(())
}

fn judge(sh: &Shell) -> PathBuf {
    tools::target_dir(sh, "conformance").join("receiver")
}

/// Points of each kind, lines of either sort, doubles, and the seed, in CI.
pub(crate) const POINTS: usize = 10_000;
pub(crate) const LINES: usize = 50_000;
pub(crate) const NUMBERS: u64 = 1_000_000;
pub(crate) const SEED: u64 = 1;

fn folder(sh: &Shell) -> PathBuf {
    tools::target_dir(sh, "conformance").join("python")
}

/// The interpreter that has the SDK, once [`python_missing`] found nothing missing.
pub(crate) fn interpreter(sh: &Shell) -> PathBuf {
    folder(sh).join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
}

/// The SDK asks for `pkg_resources` without saying so; newer setuptools have none.
const PACKAGES: [&str; 2] = ["wavefront-sdk-python==2.1.0", "setuptools<81"];
const CHECK: &str = "import wavefront_sdk.client; assert wavefront_sdk.__version__ == '2.1.0'";
const THREE: &str = "import sys; assert sys.version_info >= (3, 8)";
