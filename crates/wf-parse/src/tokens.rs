//! The tokenizer that every format but span logs shares.
//!
//! Design: one pass, no lookahead but one token; a token borrows from the line unless a quote in it was escaped. Quoting
//! is forgotten afterwards, as in the receiver: `"1700000000"` is a timestamp and `"#"` marks a centroid.

use std::borrow::Cow;

use crate::find;
use crate::java;
use crate::problem::{Code, Fault, shown};

/// One token and the byte at which it starts (its quote, if quoted).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'a> {
    /// As it stands between its quotes.
    raw: &'a str,
    /// What is to be replaced in it by the quote.
    escape: Option<&'static str>,
    pub(crate) at: usize,
}

impl<'a> Token<'a> {
    #[inline]
    pub(crate) fn text(&self) -> Cow<'a, str> {
        match self.escape {
            None => Cow::Borrowed(self.raw),
            Some(escape) => Cow::Owned(self.raw.replace(escape, &escape[1..])),
        }
    }

    /// Whether it is this mark, which has no quote in it.
    #[inline]
    pub(crate) fn is(&self, mark: &str) -> bool {
        self.raw == mark
    }
}

/// Splits a line into tokens, keeping the one that was only looked at.
#[derive(Clone, Debug)]
pub(crate) struct Tokens<'a> {
    line: &'a str,
    at: usize,
    peeked: Option<Token<'a>>,
}

impl<'a> Tokens<'a> {
    pub(crate) const fn new(line: &'a str) -> Self {
        Self::from(line, 0)
    }

    /// Splits what follows a place.
    pub(crate) const fn from(line: &'a str, at: usize) -> Self {
        Self { line, at, peeked: None }
    }

    /// Where what was not looked at yet begins.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// Where the line ends, for problems about something missing.
    pub(crate) const fn end(&self) -> usize {
        self.line.len()
    }

    #[inline]
    pub(crate) fn peek(&mut self) -> Result<Option<Token<'a>>, Box<Fault>> {
        if self.peeked.is_none() {
            self.peeked = self.advance()?;
        }
        Ok(self.peeked)
    }

    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<Token<'a>>, Box<Fault>> {
        match self.peeked.take() {
            Some(token) => Ok(Some(token)),
            None => self.advance(),
        }
    }

    /// Takes the token `=` if it comes next.
    #[inline]
    pub(crate) fn equals(&mut self) -> Result<bool, Box<Fault>> {
        if self.peeked.is_none() && self.line.as_bytes().get(self.at) == Some(&b'=') {
            self.at += 1;
            return Ok(true);
        }
        Ok(self.next()?.is_some_and(|token| token.is("=")))
    }

    #[inline]
    fn advance(&mut self) -> Result<Option<Token<'a>>, Box<Fault>> {
        let bytes = self.line.as_bytes();
        // Mostly there is nothing to skip, or one blank.
        let mut at = self.at + usize::from(bytes.get(self.at) == Some(&b' '));
        if !matches!(bytes.get(at), Some(b'!'..=b'~')) {
            at = self.line.len() - self.line[at..].trim_start_matches(java::is_whitespace).len();
        }
        self.at = at;
        let Some(&first) = bytes.get(at) else { return Ok(None) };
        let (raw, escape) = match first {
            b'"' => self.quoted("\\\"")?,
            b'\'' => self.quoted("\\'")?,
            b'=' | b'#' => {
                self.at += 1;
                (&self.line[at..=at], None)
            }
            _ => {
                let rest = &self.line[at..];
                let end = find::first(rest.as_bytes(), [b' ', b'\t', b'=']).unwrap_or(rest.len());
                self.at += end;
                (&rest[..end], None)
            }
        };
        Ok(Some(Token { raw, escape, at }))
    }

    /// Reads to the next same quote that no backslash precedes; the only escape is backslash and that quote.
    #[inline]
    fn quoted(&mut self, escape: &'static str) -> Result<(&'a str, Option<&'static str>), Box<Fault>> {
        let (body, quote) = (&self.line[self.at + 1..], escape.as_bytes()[1]);
        let mut escaped = None;
        let mut from = 0;
        while let Some(place) = find::first(&body.as_bytes()[from..], [quote]) {
            let end = from + place;
            if end == 0 || body.as_bytes()[end - 1] != b'\\' {
                self.at += end + 2;
                return Ok((&body[..end], escaped));
            }
            escaped = Some(escape);
            from = end + 1;
        }
        Err(unclosed(body, escape, escaped.is_some(), self.at))
    }
}

#[cold]
fn unclosed(body: &str, escape: &str, escaped: bool, at: usize) -> Box<Fault> {
    let quote = &escape[1..];
    let hint = if escaped {
        format!("; a backslash before {quote} keeps the quote open, so quoted text cannot end in a backslash")
    } else {
        String::new()
    };
    Fault::new(Code::Syntax, at, format!("the quote before {} is never closed{hint}", shown(body)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(line: &str) -> Option<Vec<String>> {
        let mut tokens = Tokens::new(line);
        let mut out = Vec::new();
        loop {
            match tokens.next() {
                Ok(Some(token)) => out.push(token.text().into_owned()),
                Ok(None) => return Some(out),
                Err(_) => return None,
            }
        }
    }

    #[track_caller]
    fn check(line: &str, expected: &[&str]) {
        assert_eq!(all(line).unwrap(), expected, "{line}");
    }

    #[test]
    fn bare_and_quoted() {
        check("foo 1 k=v", &["foo", "1", "k", "=", "v"]);
        check(r#"k="a"k2="b""#, &["k", "=", "a", "k2", "=", "b"]);
        check("k\t=\tv", &["k", "=", "v"]);
        check("#20 30 # 1", &["#", "20", "30", "#", "1"]);
        check("k=#ff", &["k", "=", "#", "ff"]);
        check("it's a#b", &["it's", "a#b"]);
        check("a\rb \u{2003}c\u{2003}d", &["a\rb", "c\u{2003}d"]);
        check("\u{a0}x", &["\u{a0}x"]);
        check("", &[]);
    }

    #[test]
    fn the_only_escape_is_backslash_quote() {
        check(r#""a\"b""#, &[r#"a"b"#]);
        check(r#""a\\b\n""#, &[r"a\\b\n"]);
        check(r#""a\\"b""#, &[r#"a\"b"#]);
        check(r"'it\'s'", &["it's"]);
        check(r#"'say "hi"'"#, &[r#"say "hi""#]);
        check(r#""""#, &[""]);
    }

    #[test]
    fn an_open_quote_is_a_fault() {
        for line in [r#"""#, r#""C:\""#, r#"k="a\\""#, "'", r#"a "b"#] {
            assert_eq!(all(line), None, "{line}");
        }
    }

    /// The same rules over a vector of characters, one at a time.
    fn naive(line: &str) -> Option<Vec<String>> {
        let chars: Vec<char> = line.chars().collect();
        let mut tokens = Vec::new();
        let mut i = 0;
        loop {
            while i < chars.len() && java::is_whitespace(chars[i]) {
                i += 1;
            }
            if i == chars.len() {
                return Some(tokens);
            }
            let mut token = String::new();
            let first = chars[i];
            if first == '"' || first == '\'' {
                i += 1;
                loop {
                    let c = *chars.get(i)?;
                    i += 1;
                    if c == first {
                        break;
                    }
                    if c == '\\' && chars.get(i) == Some(&first) {
                        token.push(first);
                        i += 1;
                    } else {
                        token.push(c);
                    }
                }
            } else if first == '=' || first == '#' {
                token.push(first);
                i += 1;
            } else {
                while i < chars.len() && !matches!(chars[i], ' ' | '\t' | '=') {
                    token.push(chars[i]);
                    i += 1;
                }
            }
            tokens.push(token);
        }
    }

    proptest! {
        #[test]
        fn equals_naive_twin_on_hostile_lines(line in r#"["'\\=# \tab\r\u{a0}\u{2003}é😀]{0,40}"#) {
            prop_assert_eq!(all(&line), naive(&line));
        }

        #[test]
        fn equals_naive_twin_on_any_text(line in any::<String>()) {
            prop_assert_eq!(all(&line), naive(&line));
        }
    }
}
