//! Feature sets other than "all", and a target without an operating system.

use anyhow::Context;
use xshell::{Shell, cmd};

use crate::tidy::Tree;
use crate::tools;

const WASM: &str = "wasm32-unknown-unknown";

/// Checks each crate that has features by itself without any: `--workspace` would unite them again.
pub(crate) fn few(sh: &Shell) -> anyhow::Result<()> {
    for (name, _) in featured(sh)? {
        cmd!(sh, "cargo check --package {name} --no-default-features").run()?;
    }
    Ok(())
}

/// Checks each crate that has features with every subset of them.
pub(crate) fn all(sh: &Shell) -> anyhow::Result<()> {
    for (name, features) in featured(sh)? {
        for set in subsets(&features) {
            let set = set.join(",");
            cmd!(sh, "cargo check --package {name} --no-default-features --features {set}").run()?;
        }
    }
    Ok(())
}

/// Tells why the target without an operating system cannot be checked here.
pub(crate) fn wasm_missing(sh: &Shell) -> Option<String> {
    tools::target_missing(sh, WASM)
}

/// Checks the crates that promise `no_std` where there is no std to lean on.
pub(crate) fn wasm(sh: &Shell) -> anyhow::Result<()> {
    cmd!(sh, "cargo check --package wf-format --target {WASM} --no-default-features").run()?;
    cmd!(sh, "cargo check --package wf-format --target {WASM} --all-features").run()?;
    cmd!(sh, "cargo check --package wf-queue --target {WASM}").run()?;
    Ok(())
}

fn featured(sh: &Shell) -> anyhow::Result<Vec<(String, Vec<String>)>> {
    let tree = Tree::load(&sh.current_dir())?;
    let crates: Vec<_> = tree
        .crates()
        .map(|c| {
            let features = c.manifest.table("features").map(|(feature, _)| feature.to_owned());
            (c.name.to_owned(), features.filter(|feature| feature != "default").collect::<Vec<_>>())
        })
        .filter(|(_, features)| !features.is_empty())
        .collect();
    // Guards against a reader of manifests that finds nothing and a step that therefore checks nothing.
    crates.first().context("no crate with features found")?;
    Ok(crates)
}

fn subsets(features: &[String]) -> Vec<Vec<&str>> {
    (0..1_usize << features.len())
        .map(|set| (0..features.len()).filter(|i| set & (1 << i) != 0).map(|i| &*features[i]).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subset_once() {
        let features = ["a", "b"].map(str::to_owned);
        let empty: Vec<&str> = Vec::new();
        assert_eq!(subsets(&features), [empty, vec!["a"], vec!["b"], vec!["a", "b"]]);
    }
}
