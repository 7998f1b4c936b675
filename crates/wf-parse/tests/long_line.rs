//! One line of 100 MiB gets a verdict like any other.

use wf_parse::{Code, Format, Parser, Verdict};

const LENGTH: usize = 100 << 20;

/// Parses `start`, as many `piece`s as fill the line, and `end`.
#[track_caller]
fn check(start: &str, piece: &str, end: &str, expected: Code) {
    let line = [start, &piece.repeat(LENGTH / piece.len()), end].concat();
    let parser = Parser::new().now_millis(1_700_000_000_000).remote_host("REMOTE");
    let parsed = parser.parse(Format::Auto, &line);
    assert_eq!(parsed.verdict(), Verdict::Reject);
    let problem = parsed.problem().unwrap();
    assert_eq!(problem.code(), expected, "{problem}");
    // A reason is for people: it quotes a part of the line, never the whole of it.
    assert!(problem.to_string().chars().count() < 300, "{problem}");
}

#[test]
fn a_line_of_100_mib_is_refused_for_its_name() {
    check("", "n", " 1 source=h", Code::MetricLength);
}

#[test]
fn a_line_of_100_mib_is_refused_for_its_value() {
    check("foo 1 source=h k=\"", "\\\"", "\"", Code::TagLength);
}

#[test]
fn a_line_of_100_mib_is_refused_for_its_digits() {
    check("foo 1", "7", "x source=h", Code::Syntax);
}

#[test]
fn a_line_of_100_mib_is_refused_for_a_quote_that_stays_open() {
    check("foo 1 source=h k=\"", "'😀", "", Code::Syntax);
}
