//! What every manifest says, and what the root says for all.

use super::manifest::{field, unquoted};
use super::tree::Tree;

/// Facts that the root states once; a package takes them over instead of repeating them.
const INHERITED: &[&str] = &["categories", "edition", "keywords", "license", "rust-version", "version"];

/// Whom to blame or where to look is not for a manifest to say before there is such a place.
const ABSENT: &[&str] = &["authors", "homepage", "repository"];

/// Crates of the outside world whose default features we want, or that have none.
const DEFAULTS_KEPT: &[&str] = &[
    "allocation-counter",
    "anyhow",
    "arbitrary",
    "ctrlc",
    "gethostname",
    "http",
    "http-body-util",
    "httpdate",
    "itoa",
    "loom",
    "rustls-native-certs",
    "smallvec",
    "socket2",
    "xflags",
    "xshell",
    "zmij",
];

/// Each package is described, takes the root's facts over, and carries its name's folder and the root's lints.
pub(super) fn packages(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for c in tree.crates() {
        let mut complain = |text: String| complaints.push(format!("{}: {text}", c.path("Cargo.toml")));
        if c.manifest.string("package", "name") != Some(c.name) {
            complain(format!("the package is not named {}, as its folder is", c.name));
        }
        if c.manifest.string("package", "description").is_none() {
            complain("has no description".to_owned());
        }
        for key in INHERITED {
            if c.manifest.value("package", key) != Some("{ workspace = true }") {
                complain(format!("`{key}` must come from the root"));
            }
        }
        for key in ABSENT.iter().filter(|key| c.manifest.value("package", key).is_some()) {
            complain(format!("has `{key}`"));
        }
        if c.manifest.value("lints", "workspace") != Some("true") {
            complain("does not inherit the lints".to_owned());
        }
    }
    complaints
}

/// A crate of ours is used through the root where it is published, and by path alone where only tests need it.
///
/// `cargo publish` drops a dev-dependency without a version; with one, two crates that test each other could never be
/// published the first time.
pub(super) fn dependencies(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for c in tree.crates() {
        let mut complain = |text: String| complaints.push(format!("{}: {text}", c.path("Cargo.toml")));
        for table in c.manifest.tables().filter(|table| table.contains("dependencies.")) {
            complain(format!("[{table}] must be one line of its parent"));
        }
        for (name, value) in c.manifest.dependencies() {
            if field(value, "workspace") != Some("true") {
                complain(format!("{name} must come from the root"));
            }
        }
        for (name, value) in c.manifest.dev_dependencies() {
            let ours = name.starts_with("wf-");
            if ours && (field(value, "path").is_none() || field(value, "version").is_some()) {
                complain(format!("{name} must be a path without a version: only tests use it"));
            }
            if !ours && field(value, "workspace") != Some("true") {
                complain(format!("{name} must come from the root"));
            }
        }
    }
    complaints
}

/// The root names each crate of ours with its version, and leaves default features of others off.
pub(super) fn root(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    let version = tree.root().string("workspace.package", "version");
    for (name, value) in tree.root().table("workspace.dependencies") {
        let published = tree.crates().find(|c| c.name == name).map(|c| c.published());
        let problem = match published {
            Some(true) if field(value, "version").and_then(unquoted) != version => {
                "must carry the workspace's version"
            }
            Some(false) if field(value, "version").is_some() => "is unpublished and has no version",
            None if name.starts_with("wf-") => "does not exist",
            None if DEFAULTS_KEPT.contains(&name) => continue,
            None if field(value, "default-features") != Some("false") => {
                "must say `default-features = false`, which no member can say later"
            }
            _ => continue,
        };
        complaints.push(format!("Cargo.toml: {name} {problem}"));
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKAGE: &str = "[package]
name = \"wf-x\"
description = \"X\"
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true
categories.workspace = true
keywords.workspace = true
[lints]
workspace = true
";

    #[track_caller]
    fn check(rule: fn(&Tree) -> Vec<String>, manifest: &str, expected: &[&str]) {
        let expected: Vec<_> =
            expected.iter().map(|text| format!("crates/wf-x/Cargo.toml: {text}")).collect();
        assert_eq!(rule(&Tree::of(&[("crates/wf-x/Cargo.toml", manifest)])), expected);
    }

    #[test]
    fn a_package_says_nothing_twice() {
        check(packages, PACKAGE, &[]);
        check(
            packages,
            &PACKAGE.replace("version.workspace = true\nedition", "version = \"9\"\nedition"),
            &["`version` must come from the root"],
        );
        check(
            packages,
            &PACKAGE.replace("name = \"wf-x\"", "name = \"x\""),
            &["the package is not named wf-x, as its folder is"],
        );
        check(
            packages,
            &PACKAGE.replace("[lints]\nworkspace = true", "authors = []"),
            &["has `authors`", "does not inherit the lints"],
        );
    }

    #[test]
    fn ours_by_path_in_tests_and_through_the_root_elsewhere() {
        check(dependencies, "[dependencies]\nwf-y.workspace = true", &[]);
        check(
            dependencies,
            "[dependencies]\nwf-y = { path = \"../wf-y\" }",
            &["wf-y must come from the root"],
        );
        check(dependencies, "[dev-dependencies]\nwf-y = { path = \"../wf-y\" }", &[]);
        let expected = ["wf-y must be a path without a version: only tests use it"];
        check(dependencies, "[dev-dependencies]\nwf-y.workspace = true", &expected);
        check(dependencies, "[dev-dependencies]\nwf-y = { path = \"../wf-y\", version = \"1\" }", &expected);
        check(
            dependencies,
            "[dependencies.tokio]\nversion = \"1\"",
            &["[dependencies.tokio] must be one line of its parent"],
        );
    }

    #[track_caller]
    fn check_root(dependency: &str, expected: &[&str]) {
        let root =
            format!("[workspace.package]\nversion = \"0.1.0\"\n[workspace.dependencies]\n{dependency}");
        let kit = "[package]\npublish = false";
        let tree = Tree::of(&[
            ("Cargo.toml", &root),
            ("crates/wf-x/Cargo.toml", PACKAGE),
            ("crates/wf-kit/Cargo.toml", kit),
        ]);
        assert_eq!(super::root(&tree), expected);
    }

    #[test]
    fn the_root_carries_versions_and_switches_defaults_off() {
        check_root("wf-x = { path = \"crates/wf-x\", version = \"0.1.0\" }", &[]);
        let wrong = ["Cargo.toml: wf-x must carry the workspace's version"];
        check_root("wf-x = { path = \"crates/wf-x\" }", &wrong);
        check_root("wf-x = { path = \"crates/wf-x\", version = \"0.0.9\" }", &wrong);
        check_root("wf-kit = { path = \"crates/wf-kit\" }", &[]);
        check_root("wf-gone = { path = \"crates/wf-gone\" }", &["Cargo.toml: wf-gone does not exist"]);
        check_root("tokio = { version = \"1\", default-features = false }", &[]);
        check_root(
            "tokio = \"1\"",
            &["Cargo.toml: tokio must say `default-features = false`, which no member can say later"],
        );
    }
}
