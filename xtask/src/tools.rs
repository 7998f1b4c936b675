//! What this machine has, asked quietly.

use std::path::PathBuf;

use xshell::{Cmd, Shell, cmd};

/// Tells whether a command exists and succeeds.
pub(crate) fn works(cmd: Cmd<'_>) -> bool {
    cmd.quiet().ignore_stdout().ignore_stderr().run().is_ok()
}

/// Tells how to get a toolchain that is not installed.
pub(crate) fn toolchain_missing(sh: &Shell, toolchain: &str) -> Option<String> {
    // `rustup run`, because `cargo +toolchain` asks the cargo that started this task, which is no longer rustup's proxy.
    let installed = works(cmd!(sh, "rustup run {toolchain} cargo --version"));
    (!installed).then(|| format!("no toolchain {toolchain} (rustup toolchain install {toolchain})"))
}

/// Tells how to get a cargo subcommand that is not installed.
pub(crate) fn subcommand_missing(sh: &Shell, name: &str) -> Option<String> {
    let installed = works(cmd!(sh, "cargo {name} --version"));
    (!installed).then(|| format!("no cargo-{name} (cargo install cargo-{name} --locked)"))
}

/// Tells why a target cannot be built for, after trying to install it once.
pub(crate) fn target_missing(sh: &Shell, target: &str) -> Option<String> {
    let installed = || {
        cmd!(sh, "rustup target list --installed")
            .quiet()
            .ignore_stderr()
            .read()
            .is_ok_and(|list| list.lines().any(|line| line == target))
    };
    if installed() || (works(cmd!(sh, "rustup target add {target}")) && installed()) {
        return None;
    }
    Some(format!("no target {target} (rustup target add {target})"))
}

/// A folder beside the main build's, for builds whose flags would otherwise throw that one away.
pub(crate) fn target_dir(sh: &Shell, name: &str) -> PathBuf {
    let base = sh.var_os("CARGO_TARGET_DIR").map_or_else(|| sh.current_dir().join("target"), PathBuf::from);
    base.join(name)
}
