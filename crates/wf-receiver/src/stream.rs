//! The raw TCP side: lines in, nothing out.

use std::net::IpAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wf_parse::Format;

use crate::batch::filled;
use crate::door::Door;
use crate::socket::Stream;
use crate::store::{Origin, Store, Way};

/// Reads lines until the client ends, whole ones as they come.
///
/// Then the connection is closed: a client that shuts down its writing half learns from the end of the other half that
/// every line before it was processed.
pub(crate) async fn read(ahead: Vec<u8>, mut stream: Stream, client: IpAddr, store: &Store, door: Door) {
    let mut lines = Lines { pending: ahead, max: door.max_line(), skipping: false };
    let mut fresh = lines.pending.len();
    // Plain text has no place for a token, so where one is wanted nothing is taken.
    let authorized = store.admits(None);
    store.change(|state| {
        state.counts.streams += 1;
        state.counts.unauthorized += u64::from(!authorized);
    });
    loop {
        let (text, too_long) = lines.take();
        store.change(|state| {
            state.counts.body_bytes += fresh as u64;
            state.counts.text_bytes += fresh as u64;
            state.counts.too_long += too_long;
            if !authorized {
                state.counts.unread += filled(&text) as u64;
            }
        });
        if authorized {
            // A stream is not answered, so there is nobody to tell what became of a line.
            let _ = store.take(Origin { way: Way::Stream, door, client }, Format::Auto, &text);
        }
        // Read in large pieces: a batch is counted under one lock.
        lines.pending.reserve(CHUNK);
        match stream.read_buf(&mut lines.pending).await {
            Ok(n @ 1..) => fresh = n,
            _ => break,
        }
    }
    if lines.skipping || !lines.pending.is_empty() {
        store.change(|state| state.counts.unterminated += 1);
    }
    // Within TLS, an end that is not announced is an error.
    let _ = stream.shutdown().await;
}

const CHUNK: usize = 64 * 1024;

/// Cuts a stream into lines.
struct Lines {
    /// What came and is not a whole line yet.
    pending: Vec<u8>,
    max: usize,
    /// Within a line that is too long, whose beginning has been thrown away.
    skipping: bool,
}

impl Lines {
    /// The whole lines so far, and how many were too long; lines are cut where Java would decode them, as UTF-8.
    fn take(&mut self) -> (String, u64) {
        let (mut text, mut too_long) = (String::new(), 0);
        let whole = self.pending.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        for line in self.pending[..whole].split_inclusive(|byte| *byte == b'\n') {
            let content = line.strip_suffix(b"\n").unwrap_or(line);
            let content = content.strip_suffix(b"\r").unwrap_or(content);
            if self.skipping || content.len() > self.max {
                self.skipping = false;
                too_long += 1;
            } else {
                text.push_str(&String::from_utf8_lossy(content));
                text.push('\n');
            }
        }
        self.pending.drain(..whole);
        // One more than allowed may still be the carriage return before a line feed.
        if self.skipping || self.pending.len() > self.max + 1 {
            self.skipping = true;
            self.pending.clear();
        }
        (text, too_long)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `stream` in pieces of every size and gives what came of it: lines, too long ones, whether one is open.
    #[track_caller]
    fn check(stream: &str, expected: &str, too_long: u64, open: bool) {
        for size in 1..=stream.len().max(1) {
            let mut lines = Lines { pending: Vec::new(), max: 4, skipping: false };
            let (mut text, mut count) = (String::new(), 0);
            for piece in stream.as_bytes().chunks(size) {
                lines.pending.extend_from_slice(piece);
                let (more, long) = lines.take();
                text += &more;
                count += long;
                assert!(lines.pending.len() <= 5, "memory is bounded");
            }
            let is_open = lines.skipping || !lines.pending.is_empty();
            assert_eq!((text.as_str(), count, is_open), (expected, too_long, open), "in pieces of {size}");
        }
    }

    #[test]
    fn lines_are_cut_at_line_feeds() {
        check("", "", 0, false);
        check("a\nbc\n", "a\nbc\n", 0, false);
        check("a\r\n\n\r\nb\n", "a\n\n\nb\n", 0, false);
        check("a\nb", "a\n", 0, true);
        check("é∆\n", "", 1, false);
        check("∆\n", "∆\n", 0, false);
    }

    #[test]
    fn long_lines_are_thrown_away_and_nothing_else() {
        check("abcd\n", "abcd\n", 0, false);
        check("abcd\r\n", "abcd\n", 0, false);
        check("abcde\n", "", 1, false);
        check("a\nabcdefghijkl\nb\n", "a\nb\n", 1, false);
        check("abcdefgh\nijklmnop\nb\n", "b\n", 2, false);
        check("a\nabcdefghijkl", "a\n", 0, true);
    }
}
