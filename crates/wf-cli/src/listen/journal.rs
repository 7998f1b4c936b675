use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::File,
    io::{self, BufWriter, Stdout, Write, stdout},
};

use serde_json::{Map, Value, json};
use wf_receiver::{Seen, Verdict};

use crate::output::{BUFFER, Output};

/// Writes down every line: its verdict to stdout, its text to the record.
pub(crate) struct Journal {
    output: Output,
    stdout: BufWriter<Stdout>,
    record: Option<BufWriter<File>>,
    lines: u64,
    totals: BTreeMap<&'static str, Total>,
}

#[derive(Clone, Copy, Default)]
struct Total {
    accepted: u64,
    rejected: u64,
}

impl Journal {
    pub(crate) fn new(output: Output, record: Option<File>) -> Self {
        Self {
            output,
            stdout: BufWriter::with_capacity(BUFFER, stdout()),
            record: record.map(|file| BufWriter::with_capacity(BUFFER, file)),
            lines: 0,
            totals: BTreeMap::new(),
        }
    }

    /// Writes one line down, and with the last of a batch all that is buffered.
    pub(crate) fn write(&mut self, seen: &Seen<'_>) -> io::Result<()> {
        self.lines += 1;
        let is_accepted = seen.verdict() == Verdict::Accept;
        if seen.verdict() != Verdict::Ignore {
            let total = self.totals.entry(seen.kind().as_str()).or_default();
            total.accepted += u64::from(is_accepted);
            total.rejected += u64::from(!is_accepted);
        }
        // The record first: what is in the totals must be there even if stdout is closed.
        if let Some(record) = self.record.as_mut().filter(|_| is_accepted) {
            record.write_all(seen.text().as_bytes())?;
            record.write_all(b"\n")?;
        }
        if seen.ends_batch() {
            self.record.as_mut().map_or(Ok(()), Write::flush)?;
        }
        match self.output {
            Output::Text => self.write_text(seen)?,
            Output::Json => writeln!(self.stdout, "{}", self.json(seen))?,
        }
        if seen.ends_batch() { self.stdout.flush() } else { Ok(()) }
    }

    /// Gives what came so far, by kind.
    pub(crate) fn counts(&self) -> String {
        let mut text = String::new();
        for (kind, total) in &self.totals {
            let separator = if text.is_empty() { "" } else { " · " };
            let _ = write!(text, "{separator}{kind} {}", total.accepted);
            if total.rejected > 0 {
                let _ = write!(text, " (rejected {})", total.rejected);
            }
        }
        text
    }

    /// Writes the totals and all that is buffered.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        match self.output {
            Output::Text if self.totals.is_empty() => writeln!(self.stdout, "totals: nothing came")?,
            Output::Text => writeln!(self.stdout, "totals: {}", self.counts())?,
            Output::Json => {
                let total = |total: &Total| json!({"accepted": total.accepted, "rejected": total.rejected});
                let totals: Map<_, _> =
                    self.totals.iter().map(|(kind, counts)| ((*kind).to_owned(), total(counts))).collect();
                writeln!(self.stdout, "{}", json!({ "totals": totals }))?;
            }
        }
        self.stdout.flush()
    }

    fn write_text(&mut self, seen: &Seen<'_>) -> io::Result<()> {
        write!(self.stdout, "{} {}", seen.verdict(), seen.kind())?;
        if let Some(code) = seen.code() {
            write!(self.stdout, " {code}")?;
        }
        if let Some(column) = seen.column() {
            write!(self.stdout, " column {column}")?;
        }
        if let Some(reason) = seen.reason() {
            write!(self.stdout, " ({reason})")?;
        }
        writeln!(self.stdout, ": {}", seen.text().trim_end())
    }

    fn json(&self, seen: &Seen<'_>) -> Value {
        json!({
            "line": self.lines,
            "verdict": seen.verdict().to_string(),
            "kind": seen.kind().as_str(),
            "canonical": seen.canonical(),
            "code": seen.code(),
            "reason": seen.reason(),
            "column": seen.column(),
            "text": seen.text(),
        })
    }
}
