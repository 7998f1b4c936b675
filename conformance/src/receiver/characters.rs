//! Every character of Unicode at every kind of place.

use wf_parse::Format;

/// Lines with all characters, or with evenly many of them if that makes more than `most` lines.
pub(crate) fn lines(most: usize) -> impl Iterator<Item = (Format, String)> {
    let all = usize::try_from(u32::from(char::MAX)).unwrap_or(usize::MAX) * PLACES.len();
    // An odd step, or some places would see even characters only.
    let step = (all / most.max(1)) | 1;
    let characters = ('\0'..=char::MAX).flat_map(|c| PLACES.map(|(format, line)| (format, c, line)));
    characters.step_by(step).map(|(format, c, line)| (format, line.replace('C', &c.to_string())))
}

/// Where `C` stands for the character.
const PLACES: [(Format, &str); 14] = [
    (Format::Auto, "C foo 1 C source=h C"),
    (Format::Auto, "fCo 1 source=h"),
    (Format::Auto, "foo C source=h"),
    (Format::Auto, "foo \"1C\" source=h"),
    (Format::Auto, "foo 1 C source=h"),
    (Format::Auto, "foo 1 C=v source=h"),
    (Format::Auto, "foo 1 k=C"),
    (Format::Auto, "foo 1 source=C"),
    (Format::Auto, "!M #C 1 foo source=h"),
    (Format::Trace, "C source=h traceId=C-1-1-1-1 spanId=s C=v 1700000000000 C"),
    (Format::Trace, "op source=h traceId=1-1-1-1-1 spanId=s k=C 1700000000000 1"),
    (Format::Auto, "@Event C 2 \"C\" k=v"),
    (Format::Auto, "@SourceTag action=addC source=C tag"),
    (Format::SpanLogs, "C{\"traceId\":\"C\",\"spanId\":\"\\C\",\"logs\":[]C}C"),
];
