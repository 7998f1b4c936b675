//! The queue's tests under ThreadSanitizer: data races of real threads, at full speed and on the real memory.

use anyhow::Context as _;
use xshell::{Shell, cmd};

use crate::tools;

/// Tells why ThreadSanitizer cannot run here.
pub(crate) fn missing(sh: &Shell) -> Option<String> {
    tools::toolchain_missing(sh, "nightly")
        .or_else(|| {
            // The standard library has to be built with it, too: what it synchronizes would be invisible otherwise.
            let components = cmd!(sh, "rustup component list --toolchain nightly --installed").quiet().read();
            let sources = components.is_ok_and(|list| list.lines().any(|line| line == "rust-src"));
            (!sources).then(|| "no rust-src (rustup component add rust-src --toolchain nightly)".to_owned())
        })
        .or_else(|| {
            let host = host(sh).unwrap_or_default();
            (!HOSTS.contains(&&*host)).then(|| format!("no ThreadSanitizer for {host}"))
        })
}

pub(crate) fn run(sh: &Shell) -> anyhow::Result<()> {
    let host = host(sh)?;
    // One test counts pages, and the sanitizer has some of its own.
    cmd!(sh, "rustup run nightly cargo test -Zbuild-std --target {host} -p wf-queue --test queue --test threads --test stress -- --skip memory_is_used_only_when_touched")
        .env("RUSTFLAGS", "-Zsanitizer=thread")
        .env("CARGO_TARGET_DIR", tools::target_dir(sh, "tsan"))
        .run()?;
    Ok(())
}

fn host(sh: &Shell) -> anyhow::Result<String> {
    let version = cmd!(sh, "rustup run nightly rustc --version --verbose").quiet().read()?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc names no host")
}

/// Those for which rustc has it; tried on the last.
const HOSTS: [&str; 4] =
    ["aarch64-apple-darwin", "aarch64-unknown-linux-gnu", "x86_64-apple-darwin", "x86_64-unknown-linux-gnu"];
