//! The files that the rules read.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use anyhow::Context;

use super::manifest::Manifest;

/// Every text file of the workspace, by its path from the root, with `/` between folders.
pub(crate) struct Tree {
    files: BTreeMap<String, String>,
    root: Manifest,
    manifests: BTreeMap<String, Manifest>,
}

/// A crate under `crates/`.
pub(crate) struct Crate<'a> {
    /// The folder's name, which is the crate's.
    pub(crate) name: &'a str,
    pub(crate) manifest: &'a Manifest,
}

impl Tree {
    /// Reads the workspace at `root`, without what builds and fuzzers leave there.
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        let mut files = BTreeMap::new();
        collect(root, "", &mut files).with_context(|| format!("failed to read {}", root.display()))?;
        Ok(Self::new(files))
    }

    /// A workspace in memory, for tests of the rules.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        Self::new(files.iter().map(|&(path, text)| (path.to_owned(), text.to_owned())).collect())
    }

    fn new(files: BTreeMap<String, String>) -> Self {
        let root = files.get("Cargo.toml").map_or_else(Manifest::default, |text| Manifest::parse(text));
        let manifests = files.iter().filter_map(|(path, text)| {
            let name = path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml")?;
            Some((name.to_owned(), Manifest::parse(text)))
        });
        let manifests = manifests.collect();
        Self { files, root, manifests }
    }

    /// The root manifest.
    pub(crate) fn root(&self) -> &Manifest {
        &self.root
    }

    pub(crate) fn crates(&self) -> impl Iterator<Item = Crate<'_>> {
        self.manifests.iter().map(|(name, manifest)| Crate { name, manifest })
    }

    /// Paths and texts, in the order of the paths.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (&**path, &**text))
    }

    pub(crate) fn file(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(|text| &**text)
    }

    /// Tells whether `path` is a file or a folder that holds one.
    pub(crate) fn exists(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.files.contains_key(path) || self.files.keys().any(|file| file.starts_with(&folder))
    }
}

impl Crate<'_> {
    pub(crate) fn published(&self) -> bool {
        self.manifest.value("package", "publish") != Some("false")
    }

    pub(crate) fn path(&self, file: &str) -> String {
        format!("crates/{}/{file}", self.name)
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            if !LEFT_BY_TOOLS.contains(&&*name) {
                collect(&entry.path(), &format!("{path}/"), files)?;
            }
        } else if is_text(&name) {
            files.insert(path, fs::read_to_string(entry.path())?);
        }
    }
    Ok(())
}

fn is_text(name: &str) -> bool {
    let by_extension = matches!(
        name.rsplit_once('.'),
        Some((_, "csv" | "java" | "md" | "py" | "rs" | "sh" | "svg" | "toml" | "yml"))
    );
    by_extension || matches!(name, "run" | "LICENSE-APACHE" | "LICENSE-MIT")
}

const LEFT_BY_TOOLS: &[&str] = &[".git", "artifacts", "corpus", "target"];
