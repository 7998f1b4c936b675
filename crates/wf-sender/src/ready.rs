//! Lines that somebody else wrote.

use wf_format::{Field, FormatError};
use wf_transport::LineKind;

/// Refuses what could not be one line of the stream: nothing, or a control character other than tab.
pub(crate) fn check(line: &str) -> Result<(), FormatError> {
    if line.trim().is_empty() {
        return Err(FormatError::Blank(Field::Line));
    }
    if line.chars().any(|character| character.is_control() && character != '\t') {
        return Err(FormatError::Characters(Field::Line));
    }
    Ok(())
}

/// Refuses a record of one or more ready lines unless each could be a line.
pub(crate) fn check_lines(lines: &str) -> Result<(), FormatError> {
    let lines = lines.strip_suffix('\n').unwrap_or(lines);
    lines.split('\n').try_for_each(check)
}

/// Returns the kind of a line that is said to be of `kind`: the name decides what is a delta counter.
pub(crate) fn kind(kind: LineKind, line: &str) -> LineKind {
    let name = line.trim_start();
    let name = name.strip_prefix(['"', '\'']).unwrap_or(name);
    match kind {
        LineKind::Point if name.starts_with(['\u{2206}', '\u{394}']) => LineKind::Delta,
        kind => kind,
    }
}

#[cfg(test)]
mod tests {
    use wf_format::{Field, FormatError};
    use wf_transport::LineKind;

    use super::{check, check_lines, kind};

    #[test]
    fn only_whole_single_lines_pass() {
        assert_eq!(check("m 1\tsource=h"), Ok(()));
        assert_eq!(check(" \t"), Err(FormatError::Blank(Field::Line)));
        for control in ['\n', '\r', '\0', '\u{4}', '\u{7f}', '\u{85}'] {
            assert_eq!(check(&format!("m 1{control}source=h")), Err(FormatError::Characters(Field::Line)));
        }
    }

    #[test]
    fn a_record_may_have_several_lines() {
        assert_eq!(check_lines("!M #1 2 h\n!H #1 2 h\n"), Ok(()));
        for bad in ["", "\n", "a 1\n\n", "a 1\n \nb 2", "a 1\r\n"] {
            assert!(check_lines(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_name_decides_what_is_a_delta() {
        for line in ["∆d 1", "Δd 1", "\"∆d\" 1", " '∆d' 1"] {
            assert_eq!(kind(LineKind::Point, line), LineKind::Delta, "{line}");
        }
        assert_eq!(kind(LineKind::Point, "m 1 k=∆"), LineKind::Point);
        assert_eq!(kind(LineKind::Span, "∆s traceId=1"), LineKind::Span, "a span's name is only a name");
    }
}
