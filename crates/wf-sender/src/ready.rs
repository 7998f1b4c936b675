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

    use super::{check, kind};

    #[test]
    fn only_whole_single_lines_pass() {
        assert_eq!(check("m 1\tsource=h"), Ok(()));
        assert_eq!(check(" \t"), Err(FormatError::Blank(Field::Line)));
        for control in ['\n', '\r', '\0', '\u{4}', '\u{7f}', '\u{85}'] {
            assert_eq!(check(&format!("m 1{control}source=h")), Err(FormatError::Characters(Field::Line)));
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
