//! Holds manifests, sources and documents against the house rules, so that nobody has to remember them.
//!
//! A rule is a function from the files of the workspace to a list of complaints. It reads nothing but those files, so
//! each rule is also shown a small broken workspace in its tests: a rule that cannot fail would not be one.

mod arrows;
mod documents;
mod licences;
mod manifest;
mod manifests;
mod sources;
mod tree;

use anyhow::bail;
use xshell::{Shell, cmd};

pub(crate) use self::tree::Tree;

/// Prints every complaint.
///
/// # Errors
///
/// There is at least one.
pub(crate) fn run(sh: &Shell) -> anyhow::Result<()> {
    let tree = Tree::load(&sh.current_dir())?;
    let format = "{p}|{l}";
    // Normal edges alone: these licences travel with a user's binary.
    let dependencies = cmd!(
        sh,
        "cargo tree --locked --workspace --all-features --edges normal --prefix none --format {format}"
    )
    .quiet()
    .read()?;

    let mut complaints = check(&tree);
    complaints.extend(licences::allowed(&tree, &dependencies));
    if complaints.is_empty() {
        println!(
            "tidy: {} files, {} crates, nothing to complain about",
            tree.files().count(),
            tree.crates().count()
        );
        return Ok(());
    }
    for complaint in &complaints {
        println!("tidy: {complaint}");
    }
    bail!("{} complaints", complaints.len());
}

fn check(tree: &Tree) -> Vec<String> {
    let rules = [
        arrows::ours,
        arrows::outside,
        documents::index_finds,
        documents::links_lead_somewhere,
        documents::said_twice,
        manifests::dependencies,
        manifests::packages,
        manifests::root,
        sources::crate_roots,
        sources::no_machine_paths,
        sources::no_unsafe,
        sources::nothing_unfinished,
        sources::whitespace,
    ];
    rules.iter().flat_map(|rule| rule(tree)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tidy() {
        let sh = Shell::new().unwrap();
        sh.change_dir(crate::project_root());
        run(&sh).unwrap();
    }
}
