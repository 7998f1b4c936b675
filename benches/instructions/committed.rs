//! The counts that the last change was accepted with.

use std::fs;

use anyhow::Context;
use serde_json::{Map, Value, json};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/instructions.json");

/// How much a count may rise: 5 %.
const TOLERANCE: f64 = 1.05;

/// Instructions a line, and the compiler that made them.
pub(crate) struct Committed<N = &'static str> {
    pub(crate) rustc: String,
    pub(crate) counts: Vec<(N, f64)>,
}

impl Committed<String> {
    /// Reads the committed file.
    pub(crate) fn read() -> anyhow::Result<Self> {
        let text = fs::read_to_string(FILE).context(FILE)?;
        let file: Value = serde_json::from_str(&text).context(FILE)?;
        let rustc = file["rustc"].as_str().context("no rustc in the file")?.to_owned();
        let counts = file["instructions_per_line"].as_object().context("no counts in the file")?;
        let count = |(name, count): (&String, &Value)| Some((name.clone(), count.as_f64()?));
        let counts = counts.iter().map(count).collect::<Option<_>>().context("a count that is no number")?;
        Ok(Self { rustc, counts })
    }

    pub(crate) fn count(&self, name: &str) -> Option<f64> {
        self.counts.iter().find(|(other, _)| other == name).map(|&(_, count)| count)
    }

    /// The cases that cost more by now than they may.
    pub(crate) fn risen(&self, new: &Committed) -> Vec<&'static str> {
        self.changed(new, |before, count| count > before * TOLERANCE)
    }

    /// The cases that cost so much less that a later rise would go unseen.
    pub(crate) fn fallen(&self, new: &Committed) -> Vec<&'static str> {
        self.changed(new, |before, count| count * TOLERANCE < before)
    }

    fn changed(&self, new: &Committed, has_changed: impl Fn(f64, f64) -> bool) -> Vec<&'static str> {
        let changed =
            |&&(name, count): &&_| self.count(name).is_some_and(|before| has_changed(before, count));
        new.counts.iter().filter(changed).map(|&(name, _)| name).collect()
    }
}

impl Committed {
    /// Puts these in the place of the committed ones.
    pub(crate) fn write(&self) -> anyhow::Result<()> {
        let rounded = |count: f64| (count * 10.0).round() / 10.0;
        let counts: Map<_, _> =
            self.counts.iter().map(|&(name, count)| (name.to_owned(), rounded(count).into())).collect();
        let file = json!({ "rustc": self.rustc, "instructions_per_line": counts });
        fs::write(FILE, format!("{file:#}\n")).context(FILE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_above_five_percent_is_named() {
        let old = Committed {
            rustc: String::new(),
            counts: vec![("a".to_owned(), 100.0), ("b".to_owned(), 100.0)],
        };
        let risen = |a, b, c| {
            old.risen(&Committed { rustc: String::new(), counts: vec![("a", a), ("b", b), ("new", c)] })
        };
        assert!(risen(104.9, 1.0, 1000.0).is_empty());
        assert_eq!(risen(105.1, 105.1, 1.0), ["a", "b"]);
        assert_eq!(risen(50.0, 200.0, 1.0), ["b"]);
        let new = Committed { rustc: String::new(), counts: vec![("a", 95.0), ("b", 96.0), ("new", 1.0)] };
        assert_eq!(old.fallen(&new), ["a"]);
    }

    #[test]
    fn the_committed_file_can_be_read() {
        assert!(Committed::read().unwrap().count("metric-mixed").is_some());
    }
}
