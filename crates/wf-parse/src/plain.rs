//! The shape that nearly all metrics have, read in one go: names and tags without escapes, one blank between tokens, a
//! source, no tag twice. A property test holds it against the tokenizer, which reads everything else.

use std::borrow::Cow;

use crate::find;
use crate::number;
use crate::problem::At;
use crate::tags::{self, FEW_TAGS, Tag};

/// What a plain line says, each text with its place.
#[derive(Debug, PartialEq)]
pub(crate) struct Plain<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: f64,
    pub(crate) value_at: At,
    /// As written.
    pub(crate) time: Option<(f64, At)>,
    pub(crate) source: &'a str,
    pub(crate) source_at: At,
    /// In the receiver's order.
    pub(crate) tags: Vec<Tag<'a>>,
}

impl<'a> Plain<'a> {
    /// Reads a line if it is plain; `None` says nothing about others.
    pub(crate) fn read(line: &'a str) -> Option<Self> {
        let mut cursor = Cursor { line, at: 0 };
        let name = cursor.token()?;
        let value_at = cursor.blank()?;
        let value = number::parse_double(cursor.token()?)?;
        let mut at = cursor.blank()?;
        let mut key = cursor.token()?;
        let mut time = None;
        // What begins otherwise may be a digit of another script.
        if !key.as_bytes().first()?.is_ascii() {
            return None;
        }
        if key.as_bytes().first()?.is_ascii_digit() {
            time = Some((number::parse_double(key)?, At(at)));
            at = cursor.blank()?;
            key = cursor.token()?;
        }
        let mut source = None;
        let mut tags: Vec<Tag<'a>> = Vec::with_capacity(FEW_TAGS);
        loop {
            let value = cursor.equals()?;
            match key {
                "source" if source.is_none() => source = Some((value, At(at))),
                "source" | "host" | "tag" => return None,
                _ if tags.len() == FEW_TAGS || tags.iter().any(|tag| tag.key == key) => return None,
                _ => tags.push(Tag { key: Cow::Borrowed(key), value: Cow::Borrowed(value), at: At(at) }),
            }
            if cursor.at == line.len() {
                break;
            }
            at = cursor.blank()?;
            key = cursor.token()?;
        }
        let (source, source_at) = source?;
        let most = tags.len() + 1;
        tags::sort(&mut tags, tags::buckets(tags::FIRST_BUCKETS, most));
        Some(Self { name, value, value_at: At(value_at), time, source, source_at, tags })
    }
}

struct Cursor<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Takes a token that begins here, in double quotes or none.
    #[inline]
    fn token(&mut self) -> Option<&'a str> {
        let rest = self.line.get(self.at..)?;
        match rest.as_bytes().first()? {
            b'"' => {
                let body = rest.get(1..)?;
                let len = find::first(body.as_bytes(), [b'"'])?;
                let text = body.get(..len)?;
                self.at += len + 2;
                (!text.ends_with('\\')).then_some(text)
            }
            b'\'' | b'=' | b'#' => None,
            b'!'..=b'~' => {
                let len = find::first(rest.as_bytes(), [b' ', b'\t', b'=']).unwrap_or(rest.len());
                self.at += len;
                rest.get(..len)
            }
            _ => None,
        }
    }

    /// Takes one blank, and tells where what follows it begins.
    #[inline]
    fn blank(&mut self) -> Option<usize> {
        self.take(b' ').then_some(self.at)
    }

    /// Takes `=` and a token.
    #[inline]
    fn equals(&mut self) -> Option<&'a str> {
        if self.take(b'=') { self.token() } else { None }
    }

    #[inline]
    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.line.as_bytes().get(self.at) == Some(&byte);
        self.at += usize::from(is_there);
        is_there
    }
}
