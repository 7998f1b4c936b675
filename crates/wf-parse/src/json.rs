//! What Java reads in JSON and `serde_json` does not: halves of surrogate pairs, and numbers beyond a double.

/// Replaces them by what comes closest: `?`, as Java writes a half out, and the largest powers of ten. `None` if there is
/// nothing to replace.
pub(crate) fn readable(json: &str) -> Option<String> {
    let mut out = String::new();
    let mut done = 0;
    let mut at = 0;
    let mut in_text = false;
    while let Some(&byte) = json.as_bytes().get(at) {
        let (len, instead) = match byte {
            b'"' => {
                in_text = !in_text;
                (1, None)
            }
            b'\\' if in_text => escape(&json[at..]),
            b'-' | b'0'..=b'9' if !in_text => number(&json[at..]),
            _ => (1, None),
        };
        if let Some(instead) = instead {
            out.push_str(&json[done..at]);
            out.push_str(instead);
            done = at + len;
        }
        at += len;
    }
    (done > 0).then(|| out + &json[done..])
}

/// The bytes of an escape that `text` begins with, and what to write if it is half of a pair.
fn escape(text: &str) -> (usize, Option<&'static str>) {
    let unit = |at: usize| {
        let hex = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(hex, 16).ok().filter(|_| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    match (unit(0), unit(6)) {
        (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => (12, None),
        (Some(0xd800..0xe000), _) => (6, Some("?")),
        (Some(_), _) => (6, None),
        // A backslash before anything else is two bytes, or one before a character of more, which is an error anyway.
        (None, _) => (if text.is_char_boundary(2) { 2 } else { 1 }, None),
    }
}

fn number(text: &str) -> (usize, Option<&'static str>) {
    let len = text
        .bytes()
        .take_while(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
        .count();
    let instead = match text[..len].parse::<f64>() {
        Ok(f64::INFINITY) => Some("1e308"),
        Ok(f64::NEG_INFINITY) => Some("-1e308"),
        _ => None,
    };
    // What Rust takes and JSON does not is left to be refused.
    let text = text[..len].trim_start_matches('-');
    let whole = text.bytes().take_while(u8::is_ascii_digit).count();
    let is_whole = whole == 1 || whole > 1 && !text.starts_with('0');
    let is_json = is_whole && ![".e", ".E"].iter().any(|bare| text.contains(bare)) && !text.ends_with('.');
    (len, instead.filter(|_| is_json))
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[track_caller]
    fn check(json: &str, expected: Option<&str>) {
        assert_eq!(readable(json).as_deref(), expected, "{json}");
    }

    #[test]
    fn halves_of_pairs_become_question_marks() {
        check(r#"{"a":"\ud83d\ude00"}"#, None);
        check(r#"{"a":"\ud83dx\ude00"}"#, Some(r#"{"a":"?x?"}"#));
        check(r#"["\uD83D\uD83D\uDE00"]"#, Some(r#"["?\uD83D\uDE00"]"#));
        check(r#"["\\ud83d", "\"\ud83d\""]"#, Some(r#"["\\ud83d", "\"?\""]"#));
        check(r#"\ud83d"#, None);
        check("[\"\\é\\", None);
        check(r#"["\ud8"#, None);
        check(r#"["\u+123"]"#, None);
    }

    #[test]
    fn numbers_beyond_a_double_become_large() {
        check("[1e308,1e400,-1e400,\"1e400\"]", Some("[1e308,1e308,-1e308,\"1e400\"]"));
        for json in ["1.e400", "01e400", "1e400e", "-", "1e-400", "--1e400"] {
            check(json, None);
        }
        let long = "1".repeat(400);
        check(&long, Some("1e308"));
    }
}
