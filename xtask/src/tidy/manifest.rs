//! A reader for the part of TOML that the manifests here use.
//!
//! Line by line: tables, `key = value`, `key.workspace = true`, values that run over several lines until their brackets
//! close. `manifests::dependencies` refuses what it does not see through (a table per dependency).

/// A manifest as a list of `(table, key, value)`, values as written.
#[derive(Default)]
pub(crate) struct Manifest {
    entries: Vec<(String, String, String)>,
}

impl Manifest {
    pub(crate) fn parse(text: &str) -> Self {
        let mut entries = Vec::new();
        let mut table = String::new();
        let mut lines = text.lines().map(without_comment);
        while let Some(line) = lines.next() {
            if let Some(name) = line.strip_prefix('[') {
                table = name.trim_matches(['[', ']']).to_owned();
            } else if let Some((key, value)) = line.split_once('=') {
                let mut value = value.trim().to_owned();
                while depth(&value) > 0 {
                    let Some(more) = lines.next() else { break };
                    value = format!("{value} {more}");
                }
                let (key, value) = match key.trim().split_once('.') {
                    Some((key, field)) => (key, format!("{{ {field} = {value} }}")),
                    None => (key.trim(), value),
                };
                entries.push((table.clone(), key.trim_matches('"').to_owned(), value));
            }
        }
        Self { entries }
    }

    /// The names of all tables that hold something, each once for each of its keys.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(table, _, _)| &**table)
    }

    /// The keys and values of one table.
    pub(crate) fn table<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.entries
            .iter()
            .filter(move |(table, _, _)| table == name)
            .map(|(_, key, value)| (&**key, &**value))
    }

    /// A value as written: a string keeps its quotes.
    pub(crate) fn value(&self, table: &str, key: &str) -> Option<&str> {
        let found = self.entries.iter().find(|(t, k, _)| t == table && k == key)?;
        Some(&found.2)
    }

    /// A string's content.
    pub(crate) fn string(&self, table: &str, key: &str) -> Option<&str> {
        self.value(table, key).and_then(unquoted)
    }

    /// A list's strings; empty if there is no such list.
    pub(crate) fn strings(&self, table: &str, key: &str) -> Vec<&str> {
        let list = self.value(table, key).and_then(|value| value.strip_prefix('[')?.strip_suffix(']'));
        list.map_or_else(Vec::new, |list| split(list).filter_map(unquoted).collect())
    }

    /// What the crate is built with, on any target: names and values as written.
    pub(crate) fn dependencies(&self) -> impl Iterator<Item = (&str, &str)> {
        let is_dependencies = |table: &str| {
            matches!(table, "dependencies" | "build-dependencies")
                || (table.starts_with("target.") && table.ends_with(".dependencies"))
        };
        let found = self.entries.iter().filter(move |(table, _, _)| is_dependencies(table));
        found.map(|(_, key, value)| (package(key, value), &**value))
    }

    /// What its tests are built with.
    pub(crate) fn dev_dependencies(&self) -> impl Iterator<Item = (&str, &str)> {
        let is_dev = |table: &str| table == "dev-dependencies" || table.ends_with(".dev-dependencies");
        let found = self.entries.iter().filter(move |(table, _, _)| is_dev(table));
        found.map(|(_, key, value)| (package(key, value), &**value))
    }
}

/// One field of an inline table, as written.
pub(crate) fn field<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let fields = value.strip_prefix('{')?.strip_suffix('}')?;
    split(fields)
        .filter_map(|field| field.split_once('='))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, v)| v.trim())
}

/// A quoted string's content.
pub(crate) fn unquoted(value: &str) -> Option<&str> {
    value.trim().strip_prefix('"')?.strip_suffix('"')
}

/// The name that a renamed dependency has in its registry.
fn package<'a>(key: &'a str, value: &'a str) -> &'a str {
    field(value, "package").and_then(unquoted).unwrap_or(key)
}

/// Splits at the commas that stand in no string and no brackets.
fn split(list: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut depth) = (false, 0);
    let parts = list.split(move |c| {
        match c {
            '"' => quoted = !quoted,
            '[' | '{' if !quoted => depth += 1,
            ']' | '}' if !quoted => depth -= 1,
            _ => {}
        }
        c == ',' && !quoted && depth == 0
    });
    parts.map(str::trim).filter(|part| !part.is_empty())
}

/// How many brackets are still open at the end of `value`.
fn depth(value: &str) -> i32 {
    let mut quoted = false;
    value.chars().fold(0, |depth, c| {
        quoted ^= c == '"';
        depth
            + match c {
                '[' | '{' if !quoted => 1,
                ']' | '}' if !quoted => -1,
                _ => 0,
            }
    })
}

fn without_comment(line: &str) -> &str {
    let mut quoted = false;
    let end = line.find(|c| {
        quoted ^= c == '"';
        c == '#' && !quoted
    });
    line[..end.unwrap_or(line.len())].trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r##"
[package]
name = "wf-x" # not "wf-y"
version.workspace = true
keywords = [
    "a#b", # hash
    "c,d",
]

[target.'cfg(wf_loom)'.dependencies]
loom.workspace = true

[dependencies]
tokio = { workspace = true, features = ["net", "rt"] }
inner = { package = "wf-inner", version = "1" }

[dev-dependencies]
wf-parse = { path = "../wf-parse" }
"##;

    #[test]
    fn reads_what_the_manifests_use() {
        let manifest = Manifest::parse(TEXT);
        assert_eq!(manifest.string("package", "name"), Some("wf-x"));
        assert_eq!(manifest.value("package", "version"), Some("{ workspace = true }"));
        assert_eq!(manifest.strings("package", "keywords"), ["a#b", "c,d"]);
        let names: Vec<_> = manifest.dependencies().map(|(name, _)| name).collect();
        assert_eq!(names, ["loom", "tokio", "wf-inner"]);
        let dev: Vec<_> = manifest.dev_dependencies().collect();
        assert_eq!(dev, [("wf-parse", r#"{ path = "../wf-parse" }"#)]);
    }

    #[test]
    fn reads_fields_of_inline_tables() {
        let value = r#"{ workspace = true, features = ["net", "rt"] }"#;
        assert_eq!(field(value, "workspace"), Some("true"));
        assert_eq!(field(value, "features"), Some(r#"["net", "rt"]"#));
        assert_eq!(field(value, "version"), None);
        assert_eq!(field("\"1\"", "version"), None);
    }
}
