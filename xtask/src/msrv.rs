//! The published crates under the oldest compiler they promise.

use anyhow::Context;
use xshell::{Shell, cmd};

use crate::tidy::Tree;
use crate::tools;

/// Tells why the check cannot run here.
pub(crate) fn missing(sh: &Shell) -> Option<String> {
    match promised(sh) {
        Ok(version) => tools::toolchain_missing(sh, &version),
        // A manifest that cannot be read is the step's error, not a reason to skip it.
        Err(_) => None,
    }
}

/// Checks libraries and binaries only: tests and benches may want a newer compiler.
pub(crate) fn run(sh: &Shell) -> anyhow::Result<()> {
    let version = promised(sh)?;
    let tree = Tree::load(&sh.current_dir())?;
    let packages: Vec<_> =
        tree.crates().filter(|c| c.published()).flat_map(|c| ["-p".to_owned(), c.name.to_owned()]).collect();
    cmd!(sh, "rustup run {version} cargo check --locked --all-features {packages...}")
        .env("CARGO_TARGET_DIR", tools::target_dir(sh, "msrv"))
        .run()?;
    Ok(())
}

fn promised(sh: &Shell) -> anyhow::Result<String> {
    let tree = Tree::load(&sh.current_dir())?;
    let version = tree.root().string("workspace.package", "rust-version");
    version.map(str::to_owned).context("no rust-version in the root manifest")
}
