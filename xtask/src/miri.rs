//! The queue's tests, interpreted: undefined behaviour and data races are errors there.

use xshell::{Shell, cmd};

use crate::tools;

/// How many schedules a plain run tries.
pub(crate) const SEEDS: u32 = 4;

/// Miri's rules about which pointer may be used when.
#[derive(Clone, Copy)]
pub(crate) enum Borrows {
    Stacked,
    Tree,
}

/// Tells why Miri cannot run here.
pub(crate) fn missing(sh: &Shell) -> Option<String> {
    let works = tools::works(cmd!(sh, "rustup run nightly cargo miri --version"));
    (!works).then(|| "no Miri (rustup toolchain install nightly --component miri,rust-src)".to_owned())
}

pub(crate) fn run(sh: &Shell, borrows: Borrows, seeds: u32) -> anyhow::Result<()> {
    let borrows = match borrows {
        Borrows::Stacked => "",
        Borrows::Tree => "-Zmiri-tree-borrows",
    };
    // Isolation off, because property tests read the working directory.
    let flags =
        format!("{borrows} -Zmiri-strict-provenance -Zmiri-disable-isolation -Zmiri-many-seeds=0..{seeds}");
    cmd!(sh, "rustup run nightly cargo miri test -p wf-queue --lib --tests")
        .env("MIRIFLAGS", flags)
        .env("CARGO_TARGET_DIR", tools::target_dir(sh, "miri"))
        .run()?;
    Ok(())
}
