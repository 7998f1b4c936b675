use std::{
    fmt,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::LineKind;

/// Whole records of one kind, for one attempt.
///
/// A record is one point: one line with its final newline, or the several lines of one distribution. Cloning and
/// splitting share the bytes and copy nothing.
#[derive(Clone)]
pub struct Batch {
    kind: LineKind,
    records: Arc<Records>,
    range: Range<usize>,
    written: Arc<AtomicBool>,
}

impl Batch {
    /// Creates a batch of every record in `records`.
    ///
    /// ```
    /// use wf_transport::{Batch, LineKind, Records};
    ///
    /// let batch = Batch::new(LineKind::Point, Records::from_iter(["a 1 source=h\n", "b 2 source=h\n"]));
    /// assert_eq!(batch.points(), 2);
    /// assert_eq!(batch.bytes(), b"a 1 source=h\nb 2 source=h\n");
    /// ```
    #[must_use]
    pub fn new(kind: LineKind, records: Records) -> Self {
        let range = 0..records.len();
        Self { kind, records: Arc::new(records), range, written: Arc::default() }
    }

    /// Returns the kind that every record has.
    #[must_use]
    pub const fn kind(&self) -> LineKind {
        self.kind
    }

    /// Returns the number of points: of records, whatever their number of lines.
    #[must_use]
    pub fn points(&self) -> usize {
        self.range.len()
    }

    /// Returns the records one after the other: whole lines, each with its newline.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.records.bytes[self.records.start(self.range.start)..self.records.start(self.range.end)]
    }

    /// Returns the records, in the order in which they were accepted.
    #[must_use]
    pub fn records(&self) -> RecordsIter<'_> {
        RecordsIter { records: &self.records, range: self.range.clone() }
    }

    /// Marks the moment before the first byte can leave.
    ///
    /// A transport calls this once its connection stands and before it writes.
    pub fn written(&self) {
        self.written.store(true, Ordering::Release);
    }

    /// Tells whether [`written`](Self::written) was called in this attempt.
    #[must_use]
    pub fn was_written(&self) -> bool {
        self.written.load(Ordering::Acquire)
    }

    /// Returns the same records for another attempt, not yet written.
    #[must_use]
    pub fn again(&self) -> Self {
        Self { written: Arc::default(), ..self.clone() }
    }

    /// Splits the batch in two halves, the earlier records first; the second half is `None` when there is but one
    /// record.
    ///
    /// ```
    /// use wf_transport::{Batch, LineKind, Records};
    ///
    /// let batch = Batch::new(LineKind::Point, Records::from_iter(["a\n", "b\n", "c\n"]));
    /// let (first, second) = batch.split();
    /// assert_eq!(first.bytes(), b"a\nb\n");
    /// assert_eq!(second.unwrap().bytes(), b"c\n");
    /// ```
    #[must_use]
    pub fn split(&self) -> (Self, Option<Self>) {
        if self.points() < 2 {
            return (self.again(), None);
        }
        let middle = self.range.start + self.points().div_ceil(2);
        let first = Self { range: self.range.start..middle, ..self.again() };
        let second = Self { range: middle..self.range.end, ..self.again() };
        (first, Some(second))
    }

    /// Returns the emptied store of the records for the next batch, if nobody else holds it any more.
    #[must_use]
    pub fn recycle(self) -> Option<Records> {
        let mut records = Arc::into_inner(self.records)?;
        records.clear();
        Some(records)
    }
}

/// The bytes, so that an HTTP body can borrow the batch instead of copying it.
impl AsRef<[u8]> for Batch {
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

// The text stays out: what a user measures is not for logs.
impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("kind", &self.kind)
            .field("points", &self.points())
            .field("bytes", &self.bytes().len())
            .field("written", &self.was_written())
            .finish()
    }
}

/// A growing store of records: their bytes in one piece, and where each ends.
#[derive(Clone, Default)]
pub struct Records {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Records {
    /// Creates an empty store.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: Vec::new(), ends: Vec::new() }
    }

    /// Appends one record.
    pub fn push(&mut self, record: &[u8]) {
        self.bytes.extend_from_slice(record);
        self.ends.push(self.bytes.len());
    }

    /// Removes every record and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Returns the number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Tells whether there is no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Returns the number of bytes of all records.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    fn start(&self, record: usize) -> usize {
        if record == 0 { 0 } else { self.ends[record - 1] }
    }
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").field("len", &self.len()).field("byte_len", &self.byte_len()).finish()
    }
}

impl<R: AsRef<[u8]>> FromIterator<R> for Records {
    fn from_iter<I: IntoIterator<Item = R>>(iter: I) -> Self {
        let mut records = Self::new();
        for record in iter {
            records.push(record.as_ref());
        }
        records
    }
}

/// An iterator over the records of a [`Batch`].
#[derive(Clone, Debug)]
pub struct RecordsIter<'a> {
    records: &'a Records,
    range: Range<usize>,
}

impl<'a> Iterator for RecordsIter<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let record = self.range.next()?;
        Some(&self.records.bytes[self.records.start(record)..self.records.ends[record]])
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.range.size_hint()
    }
}

impl ExactSizeIterator for RecordsIter<'_> {}

#[cfg(test)]
mod tests {
    use super::Batch;
    use crate::LineKind;

    fn batch(records: &[&str]) -> Batch {
        Batch::new(LineKind::Point, records.iter().collect())
    }

    #[track_caller]
    fn check_split(records: &[&str], first: &str, second: Option<&str>) {
        let (a, b) = batch(records).split();
        assert_eq!(a.bytes(), first.as_bytes());
        assert_eq!(b.as_ref().map(Batch::bytes), second.map(str::as_bytes));
    }

    #[test]
    fn split_never_loses_or_repeats_a_record() {
        check_split(&[], "", None);
        check_split(&["a\n"], "a\n", None);
        check_split(&["a\n", "b\n"], "a\n", Some("b\n"));
        check_split(&["a\n", "b\n", "c\n"], "a\nb\n", Some("c\n"));
    }

    #[test]
    fn split_of_a_split_counts_its_own_records() {
        let whole = batch(&["a\n", "bb\n", "ccc\n", "d\n"]);
        let second = whole.split().1.unwrap();
        let records: Vec<&[u8]> = second.records().collect();
        assert_eq!(records, [b"ccc\n".as_slice(), b"d\n"]);
        assert_eq!(second.split().1.unwrap().bytes(), b"d\n");
    }

    #[test]
    fn another_attempt_starts_unwritten() {
        let first = batch(&["a\n"]);
        first.written();
        let same = first.clone();
        assert!(same.was_written(), "a clone belongs to the same attempt");
        assert!(!first.again().was_written());
    }

    #[test]
    fn recycles_only_when_nobody_else_holds_the_records() {
        let first = batch(&["a\n"]);
        let held = first.clone();
        assert!(first.recycle().is_none());
        assert!(held.recycle().is_some_and(|records| records.is_empty()));
    }

    #[test]
    fn debug_shows_no_text() {
        assert!(!format!("{:?}", batch(&["secret\n"])).contains("secret"));
    }
}
