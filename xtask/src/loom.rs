//! The queue under every interleaving of its atomics.

use xshell::{Shell, cmd};

use crate::tools;

pub(crate) fn run(sh: &Shell) -> anyhow::Result<()> {
    // Other flags than the main build's, hence another folder.
    cmd!(sh, "cargo test -p wf-queue --test loom --release")
        .env("RUSTFLAGS", "--cfg wf_loom")
        .env("CARGO_TARGET_DIR", tools::target_dir(sh, "loom"))
        .run()?;
    Ok(())
}
