//! Which crate may use which.

use super::tree::Tree;

/// The whole graph: a crate, and the crates of this workspace that it may be built with.
///
/// A new edge is a design decision, so it is made here first. `benches`, `conformance`, `fuzz` and `xtask` may
/// use any crate.
const ARROWS: &[(&str, &[&str])] = &[
    ("wf-cli", &["wf-parse", "wf-receiver", "wf-sdk"]),
    ("wf-format", &[]),
    ("wf-http", &["wf-transport"]),
    ("wf-parse", &[]),
    ("wf-queue", &[]),
    ("wf-receiver", &["wf-parse"]),
    (
        "wf-sdk",
        &[
            "wf-format",
            "wf-http",
            "wf-queue",
            "wf-sender",
            "wf-transport",
            "wf-transport-direct",
            "wf-transport-proxy",
        ],
    ),
    ("wf-sender", &["wf-format", "wf-queue", "wf-transport"]),
    ("wf-testkit", &["wf-parse"]),
    ("wf-transport", &[]),
    ("wf-transport-direct", &["wf-http", "wf-transport"]),
    ("wf-transport-proxy", &["wf-http", "wf-transport"]),
];

/// What the tests of any crate may use besides.
const IN_TESTS: &[&str] = &["wf-parse", "wf-receiver", "wf-testkit"];

/// Everything that the crates with a small, closed need may take from outside.
///
/// The leaves are taken by people who count dependencies; the engine must not learn about sockets.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("wf-format", &["bytes", "itoa", "smallvec", "uuid", "zmij"]),
    ("wf-parse", &["serde_json"]),
    ("wf-queue", &["loom"]),
    ("wf-sender", &["fastrand", "gethostname", "smallvec", "tokio", "tracing"]),
    ("wf-transport", &[]),
];

/// Every edge between crates of this workspace stands in [`ARROWS`].
pub(super) fn ours(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for c in tree.crates() {
        let Some(allowed) = row(ARROWS, c.name) else {
            complaints.push(format!("crates/{}: has no row in the table of arrows", c.name));
            continue;
        };
        let forbidden = |name: &str| is_ours(name) && !allowed.contains(&name);
        for (name, _) in c.manifest.dependencies().filter(|(name, _)| forbidden(name)) {
            complaints.push(format!("{}: {} must not use {name}", c.path("Cargo.toml"), c.name));
        }
        for (name, _) in c.manifest.dev_dependencies().filter(|(name, _)| forbidden(name)) {
            if !IN_TESTS.contains(&name) {
                complaints.push(format!("{}: tests of {} must not use {name}", c.path("Cargo.toml"), c.name));
            }
        }
    }
    complaints
}

/// The crates in [`OUTSIDE`] take nothing else from outside.
pub(super) fn outside(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for c in tree.crates() {
        let Some(allowed) = row(OUTSIDE, c.name) else { continue };
        for (name, value) in c.manifest.dependencies() {
            if !is_ours(name) && !allowed.contains(&name) {
                complaints.push(format!("{}: {} must not use {name}", c.path("Cargo.toml"), c.name));
            }
            if c.name == "wf-sender" && name == "tokio" && value.contains("\"net\"") {
                complaints.push(format!("{}: the engine has no sockets", c.path("Cargo.toml")));
            }
        }
    }
    complaints
}

fn row(table: &'static [(&str, &[&str])], name: &str) -> Option<&'static [&'static str]> {
    table.iter().find(|(row, _)| *row == name).map(|(_, allowed)| *allowed)
}

fn is_ours(name: &str) -> bool {
    name.starts_with("wf-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rule: fn(&Tree) -> Vec<String>, name: &str, manifest: &str, expected: &[&str]) {
        let path = format!("crates/{name}/Cargo.toml");
        assert_eq!(rule(&Tree::of(&[(&path, manifest)])), expected);
    }

    #[test]
    fn an_arrow_in_the_table_passes() {
        check(ours, "wf-http", "[dependencies]\nwf-transport.workspace = true", &[]);
    }

    #[test]
    fn an_arrow_outside_the_table_is_refused() {
        let expected = ["crates/wf-queue/Cargo.toml: wf-queue must not use wf-format"];
        check(ours, "wf-queue", "[dependencies]\nwf-format.workspace = true", &expected);
        check(ours, "wf-queue", "[target.'cfg(unix)'.dependencies]\nwf-format.workspace = true", &expected);
        check(ours, "wf-queue", "[dependencies]\nf = { package = \"wf-format\" }", &expected);
    }

    #[test]
    fn tests_may_use_the_witnesses_and_nothing_else() {
        check(ours, "wf-format", "[dev-dependencies]\nwf-parse = { path = \"../wf-parse\" }", &[]);
        check(
            ours,
            "wf-format",
            "[dev-dependencies]\nwf-sdk = { path = \"../wf-sdk\" }",
            &["crates/wf-format/Cargo.toml: tests of wf-format must not use wf-sdk"],
        );
    }

    #[test]
    fn a_new_crate_needs_a_row() {
        check(ours, "wf-new", "", &["crates/wf-new: has no row in the table of arrows"]);
    }

    #[test]
    fn leaves_stay_leaves() {
        check(outside, "wf-queue", "[target.'cfg(wf_loom)'.dependencies]\nloom.workspace = true", &[]);
        check(
            outside,
            "wf-transport",
            "[dependencies]\ntokio.workspace = true",
            &["crates/wf-transport/Cargo.toml: wf-transport must not use tokio"],
        );
    }

    #[test]
    fn the_engine_has_no_sockets() {
        check(
            outside,
            "wf-sender",
            "[dependencies]\ntokio = { workspace = true, features = [\"net\"] }",
            &["crates/wf-sender/Cargo.toml: the engine has no sockets"],
        );
    }
}
