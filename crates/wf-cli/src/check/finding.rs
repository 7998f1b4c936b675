use std::fmt::Write as _;

use serde_json::{Value, json};
use wf_parse::{Kind, Parsed, Verdict};

use crate::input::{Input, Lines};

/// The verdict about one line, in the words of the output.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) verdict: Verdict,
    kind: Kind,
    canonical: Option<String>,
    code: Option<String>,
    reason: Option<String>,
    column: Option<usize>,
}

impl Finding {
    pub(super) fn of(parsed: &Parsed<'_>) -> Self {
        let problem = parsed.problem();
        let canonical = parsed.canonical().filter(|_| parsed.kind() != Kind::SpanLogs).map(|mut lines| {
            // Several operations on source tags are as many lines.
            if parsed.kind() == Kind::SourceTag {
                lines.truncate(lines.find('\n').unwrap_or(lines.len()));
            }
            lines
        });
        let code = match parsed.verdict() {
            // Span logs are thrown away under no code; one word for both says why.
            Verdict::Discard => Some("WF-404".to_owned()),
            _ => problem.map(|problem| problem.code().to_string()),
        };
        Self {
            verdict: parsed.verdict(),
            kind: parsed.kind(),
            canonical,
            code,
            reason: problem.map(ToString::to_string),
            column: problem.map(wf_parse::Problem::column),
        }
    }

    pub(super) fn too_long() -> Self {
        Self {
            verdict: Verdict::Reject,
            kind: Kind::Unknown,
            canonical: None,
            code: None,
            reason: Some(format!("the line is longer than {} bytes, more than any port takes", Lines::MAX)),
            column: None,
        }
    }

    pub(super) fn json(&self, number: u64) -> Value {
        json!({
            "line": number,
            "verdict": self.verdict.to_string(),
            "kind": self.kind.as_str(),
            "canonical": self.canonical,
            "code": self.code,
            "reason": self.reason,
            "column": self.column,
        })
    }

    /// Draws the line with a caret under the problem, and says what was expected and what to write instead.
    pub(super) fn text(&self, input: &Input, number: u64, line: &str) -> String {
        let place = self.column.map_or_else(String::new, |column| format!(":{column}"));
        let code = self.code.as_ref().map_or_else(String::new, |code| format!(" {code}"));
        let mut text = format!("{input}:{number}{place}: {} {}{code}\n", self.verdict, self.kind);
        if let Some(column) = self.column {
            let (shown, caret) = excerpt(line, column);
            let _ = write!(text, "  | {shown}\n  | {:caret$}^\n", "");
        }
        if let Some(reason) = &self.reason {
            let reason: String = reason.chars().map(printable).collect();
            let _ = writeln!(text, "  = {reason}");
        }
        text
    }
}

/// Cuts what surrounds the column (from 1 on) out of a long line; gives it with the number of characters before the
/// column.
fn excerpt(line: &str, column: usize) -> (String, usize) {
    let at = column.saturating_sub(1);
    let from = at.saturating_sub(AROUND);
    let mut rest = line.chars().skip(from);
    let mut shown: String = rest.by_ref().take(at - from + AROUND).map(printable).collect();
    if rest.next().is_some() {
        shown.push('…');
    }
    if from > 0 { (format!("…{shown}"), at - from + 1) } else { (shown, at) }
}

/// One character for each, none of which moves the cursor or steers the terminal.
const fn printable(character: char) -> char {
    match character {
        '\t' => ' ',
        '\0'..' ' | '\x7F'..'\u{A0}' => char::REPLACEMENT_CHARACTER,
        other => other,
    }
}

/// Characters shown before and after the column.
const AROUND: usize = 60;

#[cfg(test)]
mod tests {
    use super::excerpt;

    #[track_caller]
    fn check(line: &str, column: usize, shown: &str, caret: usize) {
        assert_eq!(excerpt(line, column), (shown.to_owned(), caret));
    }

    #[test]
    fn the_caret_stands_under_the_column() {
        check("", 1, "", 0);
        check("a\tb\x1B[1m", 3, "a b\u{FFFD}[1m", 2);
        check("∆a", 3, "∆a", 2);
        let (x60, x61) = ("x".repeat(60), "x".repeat(61));
        check(&format!("{x61}y"), 62, &format!("…{x60}y"), 61);
        check(&format!("{x61}y{x60}"), 62, &format!("…{x60}y{}…", "x".repeat(59)), 61);
    }
}
