//! What every source file keeps to.

use super::tree::Tree;

/// The one place where `unsafe` may stand: the storage of the queue, a file or a folder.
const UNSAFE_LIVES: &str = "crates/wf-queue/src/storage";

/// A crate's root is documented and forbids `unsafe`; a library has a README whose examples are compiled.
pub(super) fn crate_roots(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for c in tree.crates() {
        let roots = ["src/lib.rs", "src/main.rs"].map(|file| c.path(file));
        for (path, text) in roots.iter().filter_map(|path| Some((path, tree.file(path)?))) {
            let mut complain = |what: &str| complaints.push(format!("{path}: {what}"));
            if !text.starts_with("//!") {
                complain("does not begin with the crate's documentation");
            }
            if c.name != "wf-queue" && !text.contains("#![forbid(unsafe_code)]") {
                complain("does not forbid unsafe code");
            }
            if path.ends_with("lib.rs") && c.published() {
                if tree.file(&c.path("README.md")).is_none() {
                    complain("has no README.md beside its folder");
                }
                if !text.contains("include_str!(\"../README.md\")") {
                    complain("does not compile its README as a test");
                }
            }
        }
        if roots.iter().all(|path| tree.file(path).is_none()) {
            complaints.push(format!("crates/{}: has neither lib.rs nor main.rs", c.name));
        }
    }
    complaints
}

/// `unsafe` stands in one module of one crate.
pub(super) fn no_unsafe(tree: &Tree) -> Vec<String> {
    let elsewhere = rust(tree).filter(|(path, _)| !path.starts_with(UNSAFE_LIVES));
    find(elsewhere, |line| has_word(&code(line), "unsafe"), "unsafe code outside the queue's storage")
}

/// No test is switched off and no code is left for later.
pub(super) fn nothing_unfinished(tree: &Tree) -> Vec<String> {
    let unfinished = |line: &str| {
        let code = code(line);
        ["todo!(", "unimplemented!(", "dbg!(", "#[ignore"].iter().any(|word| code.contains(word))
    };
    find(rust(tree), unfinished, "unfinished or switched off")
}

/// Nothing names a folder of the machine that it was written on.
pub(super) fn no_machine_paths(tree: &Tree) -> Vec<String> {
    let roots = ["home", "root", "work", "Users"].map(|folder| format!("/{folder}/"));
    let named = |line: &str| {
        roots.iter().any(|root| line.match_indices(&**root).any(|(at, _)| !line[..at].ends_with(is_path)))
    };
    find(tree.files(), named, "a path of somebody's machine")
}

/// Spaces indent, and lines and files end where their text ends.
pub(super) fn whitespace(tree: &Tree) -> Vec<String> {
    // Licence texts stay byte for byte as published.
    let ours = || tree.files().filter(|(path, _)| !path.starts_with("LICENSE"));
    let mut complaints = find(ours(), |line| line.contains('\t'), "a tab");
    complaints.extend(find(ours(), |line| line.ends_with([' ', '\r']), "space at the end of a line"));
    for (path, text) in ours() {
        if !text.ends_with('\n') || text.ends_with("\n\n") {
            complaints.push(format!("{path}: must end with exactly one line break"));
        }
    }
    complaints
}

fn rust(tree: &Tree) -> impl Iterator<Item = (&str, &str)> {
    tree.files().filter(|(path, _)| path.ends_with(".rs"))
}

fn find<'a>(
    files: impl Iterator<Item = (&'a str, &'a str)>,
    is_bad: impl Fn(&str) -> bool,
    what: &str,
) -> Vec<String> {
    let mut complaints = Vec::new();
    for (path, text) in files {
        for (number, _) in text.split('\n').enumerate().filter(|(_, line)| is_bad(line)) {
            complaints.push(format!("{path}:{}: {what}", number + 1));
        }
    }
    complaints
}

/// The line without its comment and without what its strings hold.
fn code(line: &str) -> String {
    let line = line.replace("'\"'", "");
    let (mut code, mut quoted, mut escaped) = (String::new(), false, false);
    for c in line.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            _ => code.push(c),
        }
        if code.ends_with("//") {
            break;
        }
    }
    code
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part))
}

fn is_path(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rule: fn(&Tree) -> Vec<String>, path: &str, text: &str, expected: &[&str]) {
        assert_eq!(rule(&Tree::of(&[(path, text)])), expected);
    }

    #[test]
    fn unsafe_has_one_home() {
        let text = "//! Not unsafe.\nlet word = \"unsafe\"; // unsafe\nunsafe { x }\n";
        check(no_unsafe, "crates/wf-queue/src/storage.rs", text, &[]);
        check(
            no_unsafe,
            "crates/wf-queue/src/ring.rs",
            text,
            &["crates/wf-queue/src/ring.rs:3: unsafe code outside the queue's storage"],
        );
        check(no_unsafe, "crates/wf-http/src/lib.rs", "#![forbid(unsafe_code)]\n", &[]);
    }

    #[test]
    fn nothing_is_left_for_later() {
        check(nothing_unfinished, "a.rs", "// todo!()\n\"#[ignore]\"\n", &[]);
        check(
            nothing_unfinished,
            "a.rs",
            "    todo!()\n#[ignore]\n",
            &["a.rs:1: unfinished or switched off", "a.rs:2: unfinished or switched off"],
        );
    }

    #[test]
    fn machines_are_not_named() {
        let path = |folder| format!("see https://example.com/{folder}/x\n");
        check(no_machine_paths, "a.md", &path("home"), &[]);
        let path = |folder| format!("see /{folder}/me\n");
        check(no_machine_paths, "a.md", &path("home"), &["a.md:1: a path of somebody's machine"]);
    }

    #[test]
    fn whitespace_is_plain() {
        check(whitespace, "a.md", "a\n\nb\n", &[]);
        check(whitespace, "a.md", "a\tb\n", &["a.md:1: a tab"]);
        check(whitespace, "a.md", "a \n", &["a.md:1: space at the end of a line"]);
        check(whitespace, "a.md", "a\r\n", &["a.md:1: space at the end of a line"]);
        check(whitespace, "a.md", "a", &["a.md: must end with exactly one line break"]);
        check(whitespace, "a.md", "a\n\n", &["a.md: must end with exactly one line break"]);
    }

    #[test]
    fn a_crate_introduces_itself() {
        let lib = "//! X.\n#![forbid(unsafe_code)]\n#[doc = include_str!(\"../README.md\")]\n";
        let check = |lib: &str, expected: &[&str]| {
            let tree = Tree::of(&[
                ("crates/wf-x/Cargo.toml", "[package]"),
                ("crates/wf-x/README.md", "X"),
                ("crates/wf-x/src/lib.rs", lib),
            ]);
            let expected: Vec<_> =
                expected.iter().map(|text| format!("crates/wf-x/src/lib.rs: {text}")).collect();
            assert_eq!(crate_roots(&tree), expected);
        };
        check(lib, &[]);
        check(&lib.replace("//! X.", "// X."), &["does not begin with the crate's documentation"]);
        check(&lib.replace("forbid", "deny"), &["does not forbid unsafe code"]);
        check(&lib.replace("README", "CHANGELOG"), &["does not compile its README as a test"]);

        let bare = Tree::of(&[("crates/wf-x/Cargo.toml", "[package]")]);
        assert_eq!(crate_roots(&bare), ["crates/wf-x: has neither lib.rs nor main.rs"]);
    }
}
