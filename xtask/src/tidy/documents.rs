//! Documents that agree with the code: links lead somewhere, the index finds what it names, nothing said twice differs.

use super::tree::Tree;

/// Every link to a file of the workspace leads to one.
pub(super) fn links_lead_somewhere(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for (path, text) in documents(tree) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for target in links(text).filter(|target| !target.contains("://") && !target.starts_with('#')) {
            let file = target.split('#').next().unwrap_or_default();
            if !tree.exists(&join(folder, file)) {
                complaints.push(format!("{path}: no {file}"));
            }
        }
    }
    complaints
}

/// Each row "behaviour | link | `names`" of the index in ARCHITECTURE.md names what its file holds.
///
/// The document also has a word on every crate.
pub(super) fn index_finds(tree: &Tree) -> Vec<String> {
    const PATH: &str = "ARCHITECTURE.md";
    let Some(text) = tree.file(PATH) else { return vec![format!("{PATH}: missing")] };
    let mut complaints = Vec::new();
    for c in tree.crates().filter(|c| !text.contains(&format!("`{}`", c.name))) {
        complaints.push(format!("{PATH}: no word on {}", c.name));
    }
    for row in text.lines().filter(|line| line.starts_with("| ")) {
        let mut cells = row.trim_matches('|').split('|').skip(1);
        let (Some(place), Some(names)) = (cells.next(), cells.next()) else { continue };
        let Some(file) = links(place).next() else { continue };
        let held = tree.file(file).unwrap_or_default();
        // Names in code quotes are every second piece.
        for name in names.split('`').skip(1).step_by(2).filter(|name| !held.contains(name)) {
            complaints.push(format!("{PATH}: no `{name}` in {file}"));
        }
    }
    complaints
}

/// READMEs name the version and the compiler of the root manifest, and the main one names all its promises.
pub(super) fn said_twice(tree: &Tree) -> Vec<String> {
    let fact = |key| tree.root().string("workspace.package", key).unwrap_or_default();
    let (version, compiler) = (fact("version"), fact("rust-version"));
    let mut complaints = Vec::new();
    for (path, text) in documents(tree) {
        for said in after(text, "Rust 1.").filter(|said| format!("1.{said}") != compiler) {
            complaints.push(format!("{path}: says Rust 1.{said}, the manifest says {compiler}"));
        }
        for c in tree.crates() {
            for said in after(text, &format!("{} = \"", c.name)).filter(|said| !version.starts_with(said)) {
                complaints.push(format!("{path}: says {} {said}, the manifest says {version}", c.name));
            }
        }
    }
    let readme = tree.file("README.md").unwrap_or_default();
    for said in [&format!("Rust {compiler}"), fact("license"), "cargo test --workspace --all-features"] {
        if !readme.contains(said) {
            complaints.push(format!("README.md: does not say `{said}`"));
        }
    }
    complaints
}

fn documents(tree: &Tree) -> impl Iterator<Item = (&str, &str)> {
    tree.files().filter(|(path, _)| path.ends_with(".md"))
}

/// The targets of all `[text](target)`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
}

/// The numbers, dots included, that follow `prefix`.
fn after<'a>(text: &'a str, prefix: &str) -> impl Iterator<Item = &'a str> {
    let starts: Vec<_> = text.match_indices(prefix).map(|(at, prefix)| at + prefix.len()).collect();
    starts.into_iter().map(|at| {
        let rest = &text[at..];
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        rest[..end].trim_end_matches('.')
    })
}

/// Where a link in a document of `folder` leads, from the root.
fn join(folder: &str, target: &str) -> String {
    let mut parts: Vec<_> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_link_is_named() {
        let check = |link: &str, expected: &[&str]| {
            let tree = Tree::of(&[("docs/a.md", link), ("src/x.rs", "")]);
            assert_eq!(links_lead_somewhere(&tree), expected);
        };
        check("[x](../src/x.rs), [x](../src), [x](https://example.com), [x](#here), [x](a.md#there)", &[]);
        check("[x](src/x.rs)", &["docs/a.md: no src/x.rs"]);
    }

    #[test]
    fn the_index_is_held_against_the_files() {
        let check = |index: &str, expected: &[&str]| {
            let manifest = ("crates/wf-x/Cargo.toml", "");
            let tree = Tree::of(&[("ARCHITECTURE.md", index), ("x.rs", "fn decide() {}"), manifest]);
            assert_eq!(index_finds(&tree), expected);
        };
        check("`wf-x`\n| rule | [x.rs](x.rs) | `decide` |\n", &[]);
        check(
            "`wf-x`\n| rule | [x.rs](x.rs) | `decide`, `undecided` |\n",
            &["ARCHITECTURE.md: no `undecided` in x.rs"],
        );
        check("", &["ARCHITECTURE.md: no word on wf-x"]);
    }

    #[test]
    fn readmes_agree_with_the_manifest() {
        let good = "Rust 1.85. MIT OR Apache-2.0. `cargo test --workspace --all-features`. wf-x = \"0.1\"";
        let check = |readme: &str, expected: &[&str]| {
            let root = "[workspace.package]\nversion = \"0.1.0\"\nrust-version = \"1.85\"\nlicense = \"MIT OR Apache-2.0\"";
            let tree =
                Tree::of(&[("Cargo.toml", root), ("README.md", readme), ("crates/wf-x/Cargo.toml", "")]);
            assert_eq!(said_twice(&tree), expected);
        };
        check(good, &[]);
        check(&good.replace("\"0.1\"", "\"0.2\""), &["README.md: says wf-x 0.2, the manifest says 0.1.0"]);
        check(
            &good.replace("1.85", "1.80"),
            &["README.md: says Rust 1.80, the manifest says 1.85", "README.md: does not say `Rust 1.85`"],
        );
    }
}
