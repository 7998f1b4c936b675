//! Licences of everything that ends up in a user's binary, without a tool that has to be installed first.

use std::collections::BTreeSet;

use super::manifest::Manifest;
use super::tree::Tree;

/// Every dependency may be used under licences that `deny.toml` allows.
///
/// `dependencies` is the answer of `cargo tree --format '{p}|{l}'`.
pub(super) fn allowed(tree: &Tree, dependencies: &str) -> Vec<String> {
    let policy = Manifest::parse(tree.file("deny.toml").unwrap_or_default());
    let allowed = policy.strings("licenses", "allow");
    // A set, because the tree repeats itself.
    let complaints: BTreeSet<_> = dependencies
        .lines()
        .filter(|line| !line.is_empty())
        .filter_map(|line| {
            let (package, licence) = line.split_once('|').unwrap_or((line, ""));
            // Marks a package whose dependencies were printed before.
            let licence = licence.trim_end_matches("(*)").trim();
            (!is_allowed(licence, &allowed))
                .then(|| format!("{package}: licence `{licence}` is not in deny.toml"))
        })
        .collect();
    complaints.into_iter().collect()
}

/// Evaluates the expressions that occur: alternatives of conjunctions, and conjunctions of bracketed alternatives.
fn is_allowed(expression: &str, allowed: &[&str]) -> bool {
    let expression = expression.replace('/', " OR ");
    let any = |alternatives: &str| {
        alternatives.split(" OR ").any(|all| all.split(" AND ").all(|one| allowed.contains(&one.trim())))
    };
    if expression.contains('(') {
        return expression.split(" AND ").all(|part| any(part.trim().trim_matches(['(', ')'])));
    }
    any(&expression)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(licence: &str, expected: bool) {
        assert_eq!(is_allowed(licence, &["Apache-2.0", "ISC", "MIT"]), expected, "{licence}");
    }

    #[test]
    fn expressions() {
        check("MIT", true);
        check("MIT/Apache-2.0", true);
        check("GPL-3.0 OR MIT", true);
        check("Apache-2.0 AND ISC", true);
        check("(MIT OR GPL-3.0) AND ISC", true);
        check("", false);
        check("GPL-3.0", false);
        check("Apache-2.0 AND GPL-3.0", false);
        check("(MIT OR Apache-2.0) AND GPL-3.0", false);
    }

    #[test]
    fn an_unknown_licence_is_named() {
        let tree = Tree::of(&[("deny.toml", "[licenses]\nallow = [\n    \"MIT\",\n]")]);
        assert!(allowed(&tree, "a v1|MIT (*)\n\nb v1|MIT\n").is_empty());
        assert_eq!(allowed(&tree, "c v1|GPL-3.0\n"), ["c v1: licence `GPL-3.0` is not in deny.toml"]);
    }
}
