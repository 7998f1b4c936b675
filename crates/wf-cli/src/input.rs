//! Lines of files and of stdin, in constant memory.

use std::{
    fmt,
    fs::File,
    io::{self, BufRead, BufReader, Read, stdin},
    path::{Path, PathBuf},
};

/// Where lines come from.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    Stdin,
    File(PathBuf),
}

impl Input {
    /// Gives the inputs that the arguments name: stdin if they name none, or as `-`.
    pub(crate) fn all(files: &[PathBuf]) -> Vec<Self> {
        if files.is_empty() {
            return vec![Self::Stdin];
        }
        let input = |file: &PathBuf| {
            if file.as_path() == Path::new("-") { Self::Stdin } else { Self::File(file.clone()) }
        };
        files.iter().map(input).collect()
    }

    pub(crate) fn open(&self) -> io::Result<Lines> {
        let reader: Box<dyn Read> = match self {
            Self::Stdin => Box::new(stdin()),
            Self::File(path) => Box::new(File::open(path)?),
        };
        Ok(Lines::new(BufReader::with_capacity(CHUNK, reader)))
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => f.write_str("stdin"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Cuts what is read into lines, none of which may fill the memory.
pub(crate) struct Lines {
    reader: BufReader<Box<dyn Read>>,
    buffer: Vec<u8>,
    number: u64,
}

/// One line without its line break.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    Text(&'a str),
    NotUtf8,
    /// Longer than [`Lines::MAX`]; skipped to its end.
    TooLong,
}

impl Lines {
    /// The longest line in bytes, as large as the largest body a receiver takes.
    pub(crate) const MAX: usize = 16 << 20;

    fn new(reader: BufReader<Box<dyn Read>>) -> Self {
        Self { reader, buffer: Vec::new(), number: 0 }
    }

    /// Reads the next line, with its number from 1 on; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<(u64, Line<'_>)>> {
        self.buffer.clear();
        self.buffer.shrink_to(CHUNK);
        let most = Self::MAX as u64 + 2;
        if self.reader.by_ref().take(most).read_until(b'\n', &mut self.buffer)? == 0 {
            return Ok(None);
        }
        let is_whole = self.buffer.ends_with(b"\n");
        if !is_whole && self.buffer.len() as u64 == most {
            self.reader.skip_until(b'\n')?;
        }
        self.number += 1;
        let line = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = match std::str::from_utf8(line) {
            _ if line.len() > Self::MAX => Line::TooLong,
            Ok(line) => Line::Text(line),
            Err(_) => Line::NotUtf8,
        };
        Ok(Some((self.number, line)))
    }

    /// Whether the next line has to be waited for, as far as is known: the time to write out what is buffered.
    pub(crate) fn is_drained(&self) -> bool {
        !self.reader.buffer().contains(&b'\n')
    }

    /// The line read last, with its line break: what [`Line::NotUtf8`] stands for.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer
    }
}

const CHUNK: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor, Read};

    use super::{Line, Lines};

    #[track_caller]
    fn check(bytes: &[u8], expected: &[Line<'_>]) {
        for capacity in 1..=bytes.len().clamp(1, 8) {
            let bytes: Box<dyn Read> = Box::new(Cursor::new(bytes.to_vec()));
            let mut lines = Lines::new(BufReader::with_capacity(capacity, bytes));
            for (at, line) in expected.iter().enumerate() {
                let next = lines.next().unwrap();
                assert_eq!(next.as_ref(), Some(&(at as u64 + 1, copy(line))), "capacity {capacity}");
            }
            assert!(lines.next().unwrap().is_none());
            assert!(lines.next().unwrap().is_none());
        }
    }

    fn copy<'a>(line: &Line<'a>) -> Line<'a> {
        match line {
            Line::Text(text) => Line::Text(text),
            Line::NotUtf8 => Line::NotUtf8,
            Line::TooLong => Line::TooLong,
        }
    }

    #[test]
    fn lines_end_at_line_feeds_and_at_the_end() {
        check(b"", &[]);
        check(b"\n", &[Line::Text("")]);
        check(b"a\nb", &[Line::Text("a"), Line::Text("b")]);
        check(b"a\r\n\r\n\xffb\nc\n", &[Line::Text("a"), Line::Text(""), Line::NotUtf8, Line::Text("c")]);
    }

    #[test]
    fn a_line_beyond_the_limit_is_skipped_alone() {
        let long = vec![b'x'; Lines::MAX + 1];
        let bytes = [b"a\n", &long[..], b"\n", &long[1..], b"\nb"].concat();
        let bytes: Box<dyn Read> = Box::new(Cursor::new(bytes));
        let mut lines = Lines::new(BufReader::new(bytes));
        assert_eq!(lines.next().unwrap(), Some((1, Line::Text("a"))));
        assert_eq!(lines.next().unwrap(), Some((2, Line::TooLong)));
        assert!(matches!(lines.next().unwrap(), Some((3, Line::Text(text))) if text.len() == Lines::MAX));
        assert_eq!(lines.next().unwrap(), Some((4, Line::Text("b"))));
        assert!(lines.buffer.capacity() < Lines::MAX, "a long line's memory is given back");
    }
}
