//! Lines and clients beside the vendor's own SDK for Python, where Python is.

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
pub(crate) fn python(sh: &Shell) -> anyhow::Result<()> {
    let (folder, python) = (folder(sh).join("points"), interpreter(sh));
    let script = "conformance/python/peer.py";
    cmd!(sh, "cargo run --locked --package conformance -- {python} {script} {folder}").run()?;
    Ok(())
}

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
