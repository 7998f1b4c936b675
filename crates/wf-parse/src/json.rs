//! What Java reads in JSON otherwise than `serde_json`: halves of surrogate pairs, numbers of any size, and nesting.

use std::fmt::Write;

use serde_json::Value;

use crate::problem::{Code, Fault};

/// The levels that the receiver's reader goes down to, and the digits of a number that it puts up with.
const DEEPEST: usize = 1000;
const LONGEST: usize = 1000;

/// Levels are left out from here on: `serde_json` stops at 128, and nothing in span logs that says anything stands deeper than
/// five.
const SHALLOW: usize = 100;

/// Replaces in the first value of a text what `serde_json` does not read as Java does: half of a surrogate pair by `?`, as
/// Java writes it out; digits of other scripts in escapes; an integer beyond 64 bits by its lowest ones; a number beyond a
/// double by the largest power of ten; and what is nested deep by nothing. `None` if there is nothing to replace.
///
/// Looks at tokens alone: text that is no JSON stays so.
///
/// # Errors
///
/// Nesting and numbers that the receiver refuses.
pub(crate) fn readable(json: &str) -> Result<Option<String>, Box<Fault>> {
    if !check(json)? {
        return Ok(None);
    }
    let mut out = String::new();
    let mut done = 0;
    let mut depth = 0_usize;
    let mut tokens = Tokens { json, at: 0, in_text: false };
    while let Some((at, token)) = tokens.next() {
        let instead = match token {
            Token::Open => {
                depth += 1;
                if depth > SHALLOW {
                    let value = first_value(&json[at..]);
                    // Nobody else would look at its syntax.
                    if !is_json(value) {
                        return Ok(None);
                    }
                    tokens.at = at + value.len();
                    depth -= 1;
                    Some("[]".to_owned())
                } else {
                    None
                }
            }
            Token::Close => {
                depth = depth.saturating_sub(1);
                None
            }
            Token::Escape(true) => escape(&json[at..]).1,
            Token::Number(number) => number.instead(),
            Token::Escape(false) | Token::Quote => None,
        };
        if let Some(instead) = instead {
            out.push_str(&json[done..at]);
            out.push_str(&instead);
            done = tokens.at;
        }
        if depth == 0 && matches!(token, Token::Close) {
            break;
        }
    }
    Ok((done > 0).then(|| out + &json[done..]))
}

/// Goes down a hundred levels at a time.
fn is_json(value: &str) -> bool {
    match readable(value) {
        Ok(Some(readable)) => serde_json::from_str::<Value>(&readable).is_ok(),
        Ok(None) => serde_json::from_str::<Value>(value).is_ok(),
        Err(_) => false,
    }
}

/// The object or array that `json` begins with, or all of it if there is no end.
fn first_value(json: &str) -> &str {
    let mut depth = 0_usize;
    let mut tokens = Tokens { json, at: 0, in_text: false };
    while let Some((_, token)) = tokens.next() {
        match token {
            Token::Open => depth += 1,
            Token::Close if depth <= 1 => return &json[..tokens.at],
            Token::Close => depth -= 1,
            Token::Escape(_) | Token::Number(_) | Token::Quote => {}
        }
    }
    json
}

/// Refuses what the receiver refuses in the first value; tells whether something may have to be replaced there.
fn check(json: &str) -> Result<bool, Box<Fault>> {
    let mut depth = 0_usize;
    let mut is_odd = false;
    let mut tokens = Tokens { json, at: 0, in_text: false };
    while let Some((at, token)) = tokens.next() {
        match token {
            Token::Open => {
                depth += 1;
                if depth > DEEPEST {
                    let reason = format!("the JSON is nested more than {DEEPEST} levels deep");
                    return Err(Fault::new(Code::Syntax, at, reason));
                }
                is_odd |= depth > SHALLOW;
            }
            Token::Close => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    break;
                }
            }
            Token::Number(number) if number.digits() > LONGEST => {
                return Err(Fault::new(
                    Code::Syntax,
                    at,
                    format!("the number has more than {LONGEST} digits"),
                ));
            }
            Token::Number(number) => is_odd |= number.instead().is_some(),
            Token::Escape(it_is) => is_odd |= it_is,
            Token::Quote => {}
        }
    }
    Ok(is_odd)
}

struct Tokens<'a> {
    json: &'a str,
    at: usize,
    in_text: bool,
}

#[derive(Clone, Copy)]
enum Token<'a> {
    /// Of an object or array.
    Open,
    Close,
    /// Whether something else has to be written for it.
    Escape(bool),
    Number(Number<'a>),
    Quote,
}

impl<'a> Tokens<'a> {
    /// The next token and where it begins. Most of what is none of them is passed over.
    fn next(&mut self) -> Option<(usize, Token<'a>)> {
        let bytes = self.json.as_bytes();
        let in_text = self.in_text;
        let is_plain = |byte: &u8| match byte {
            b'"' => false,
            b'\\' => !in_text,
            b'{' | b'}' | b'[' | b']' | b'-' | b'0'..=b'9' => in_text,
            _ => true,
        };
        let at = self.at + bytes[self.at..].iter().take_while(|byte| is_plain(byte)).count();
        let (len, token) = match *bytes.get(at)? {
            b'"' => {
                self.in_text = !in_text;
                (1, Token::Quote)
            }
            b'\\' => {
                let (len, instead) = escape(&self.json[at..]);
                (len, Token::Escape(instead.is_some()))
            }
            b'{' | b'[' => (1, Token::Open),
            b'}' | b']' => (1, Token::Close),
            _ => {
                let number = Number::first(&self.json[at..]);
                (number.0.len(), Token::Number(number))
            }
        };
        self.at = at + len;
        Some((at, token))
    }
}

/// The bytes of an escape that `text` begins with, and what to write for it if that is not what stands there.
fn escape(text: &str) -> (usize, Option<String>) {
    let Some(first) = Unit::first(text) else {
        // A backslash before anything else is two bytes, or one before a character of more, which is an error anyway.
        return (if text.is_char_boundary(2) { 2 } else { 1 }, None);
    };
    if first.is_plain && !matches!(first.value, 0xd800..0xe000) {
        return (first.len, None);
    }
    let mut units = vec![first];
    // Where the first is half of a pair, the second may be the other half.
    if matches!(first.value, 0xd800..0xdc00) && first.rest.is_none() {
        let second = Unit::first(&text[first.len..]);
        units.extend(second.filter(|second| matches!(second.value, 0xdc00..0xe000)));
    }
    let len = units.iter().map(|unit| unit.len).sum();
    let values = units.iter().flat_map(|unit| [Some(unit.value), unit.rest]).flatten();
    let mut instead = String::new();
    let mut is_plain = units.iter().all(|unit| unit.is_plain);
    for value in char::decode_utf16(values) {
        if let Ok(value) = value {
            for unit in value.encode_utf16(&mut [0; 2]) {
                let _ = write!(instead, "\\u{unit:04x}");
            }
        } else {
            is_plain = false;
            instead.push('?');
        }
    }
    (len, (!is_plain).then_some(instead))
}

/// A UTF-16 unit as an escape gives it.
#[derive(Clone, Copy)]
struct Unit {
    value: u16,
    /// Bytes of the escape.
    len: usize,
    /// All digits are ASCII.
    is_plain: bool,
    /// What is left of a last digit that is two units.
    rest: Option<u16>,
}

impl Unit {
    /// The receiver's reader looks at the lower half of a digit's unit only, so that `٣` (U+0663) is a `c`.
    fn first(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("\\u")?;
        let mut unit = Self { value: 0, len: 2, is_plain: true, rest: None };
        let mut left = 4;
        for c in digits.chars() {
            for &half in c.encode_utf16(&mut [0; 2]).iter() {
                if left == 0 {
                    unit.rest = Some(half);
                    break;
                }
                let digit = char::from(half.to_le_bytes()[0]).to_digit(16)?;
                unit.value = unit.value << 4 | u16::try_from(digit).ok()?;
                left -= 1;
            }
            unit.len += c.len_utf8();
            unit.is_plain &= c.is_ascii();
            if left == 0 {
                return Some(unit);
            }
        }
        None
    }
}

/// What may be a number: only signs, digits, a point and an exponent.
#[derive(Clone, Copy)]
struct Number<'a>(&'a str);

impl<'a> Number<'a> {
    fn first(text: &'a str) -> Self {
        let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        Self(&text[..text.bytes().take_while(|byte| is_part(byte)).count()])
    }

    /// The digits that the receiver counts; a zero before the point only if an exponent follows the fraction.
    fn digits(self) -> usize {
        let number = self.0.strip_prefix('-').unwrap_or(self.0);
        let has_both = number.contains('.') && number.contains(['e', 'E']);
        let counted = if has_both { number } else { number.strip_prefix('0').unwrap_or(number) };
        counted.bytes().filter(u8::is_ascii_digit).count()
    }

    fn instead(self) -> Option<String> {
        // Shorter ones are neither.
        const SHORT: usize = 5;
        if self.0.len() < SHORT || !self.is_json() {
            return None;
        }
        let (is_negative, digits) = self.0.strip_prefix('-').map_or((false, self.0), |digits| (true, digits));
        if digits.bytes().all(|byte| byte.is_ascii_digit()) {
            if self.0.parse::<i64>().is_ok() {
                return None;
            }
            let digit = |bits: i64, byte: u8| bits.wrapping_mul(10).wrapping_add(i64::from(byte - b'0'));
            let bits = digits.bytes().fold(0, digit);
            return Some((if is_negative { bits.wrapping_neg() } else { bits }).to_string());
        }
        match self.0.parse() {
            Ok(f64::INFINITY) => Some("1e308".to_owned()),
            Ok(f64::NEG_INFINITY) => Some("-1e308".to_owned()),
            _ => None,
        }
    }

    /// What Rust takes and JSON does not is left to be refused.
    fn is_json(self) -> bool {
        let number = self.0.strip_prefix('-').unwrap_or(self.0);
        let whole = number.bytes().take_while(u8::is_ascii_digit).count();
        let is_whole = whole == 1 || whole > 1 && !number.starts_with('0');
        is_whole && ![".e", ".E"].iter().any(|bare| number.contains(bare)) && !number.ends_with('.')
    }
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[track_caller]
    fn check(json: &str, expected: Option<&str>) {
        assert_eq!(readable(json).unwrap().as_deref(), expected, "{json}");
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
    fn the_lower_byte_of_a_digit_counts() {
        check(r#"["\u00٣1"]"#, Some(r#"["\u00c1"]"#));
        check(r#"["\ud83d\ude0İ"]"#, Some(r#"["\ud83d\ude00"]"#));
        check(r#"["\ud8٣d"]"#, Some(r#"["?"]"#));
        check(r#"["\u003𝟗"]"#, Some(r#"["\u0035?"]"#));
        check(r#"["\ud83𝟗"]"#, Some(r#"["\ud835\udfd7"]"#));
        check(r#"["\ud83d\ude0𝟗"]"#, Some(r#"["\ud83d\ude05?"]"#));
        check(r#"["\ude0𝟗"]"#, Some(r#"["??"]"#));
        check(r#"["\u00é1"]"#, None);
        check(r#"["\u😀00"]"#, None);
    }

    #[test]
    fn numbers_beyond_a_double_become_large() {
        check("[1e308,1e400,-1e400,\"1e400\"]", Some("[1e308,1e308,-1e308,\"1e400\"]"));
        for json in ["1.e400", "01e400", "1e400e", "-", "1e-400", "--1e400"] {
            check(json, None);
        }
    }

    #[test]
    fn integers_beyond_64_bits_keep_their_lowest() {
        check("[9223372036854775807,-9223372036854775808]", None);
        check("[9223372036854775808]", Some("[-9223372036854775808]"));
        check("[-9223372036854775809]", Some("[9223372036854775807]"));
        check("[18446744073709551616]", Some("[0]"));
        check("[018446744073709551616]", None);
    }

    #[test]
    fn deep_values_are_left_out_but_must_be_json() {
        let deep =
            |levels: usize, inside: &str| format!("{}{inside}{}", "[".repeat(levels), "]".repeat(levels));
        check(&deep(100, "1"), None);
        check(&deep(101, "1"), Some(&deep(101, "")));
        check(&deep(1000, "1"), Some(&deep(101, "")));
        check(&format!("[{},1e400]", deep(998, "{\"a\":1}")), Some(&format!("[{},1e308]", deep(100, ""))));
        check(&deep(200, "1,"), None);
        check(&deep(999, "1,"), None);
        assert!(readable(&deep(1001, "")).is_err());
        // What follows the first value is not read.
        check(&format!("{{}}{}", deep(1001, "")), None);
    }

    #[test]
    fn numbers_are_a_thousand_digits_long_at_most() {
        assert!(readable(&"1".repeat(1000)).is_ok());
        assert!(readable(&"1".repeat(1001)).is_err());
        assert!(readable(&format!("{}e1", "1".repeat(1000))).is_err());
        assert!(readable(&format!("-{}.5e1", "1".repeat(998))).is_ok());
        assert!(readable(&format!("-0.{}", "1".repeat(1000))).is_ok());
        assert!(readable(&format!("0e{}", "1".repeat(1001))).is_err());
        assert!(readable(&format!("0.1e{}", "1".repeat(999))).is_err());
    }
}
