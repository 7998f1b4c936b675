//! The judge: what a sender says became of its points, against what arrived, id by id.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};

use wf_parse::{Format, Limits, Parser, Verdict};

use crate::seeds;

/// Keeps, per id, what the API answered, and judges a sender's totals by what a receiver saw.
///
/// Ids are the numbers `0..n`, written as [`Oracle::id`] writes them. Recording takes `&self`, so any number of
/// threads may share one oracle; it costs one byte per id.
///
/// ```
/// use wf_testkit::{Class, Oracle, Seen, Totals};
///
/// let oracle = Oracle::new(Class::Additive, 3, 1);
/// oracle.accepted(0);
/// oracle.accepted(1);
/// oracle.refused(2);
/// let mut seen = Seen::new(3);
/// seen.add(&Oracle::id(0), 1);
/// oracle.assert(&Totals { accepted: 2, refused: 1, delivered: 1, dropped: 1, ..Totals::default() }, &seen);
/// ```
pub struct Oracle {
    class: Class,
    seed: u64,
    answers: Vec<AtomicU8>,
}

impl Oracle {
    /// An oracle for the ids `0..ids`; `seed` is named when it finds something.
    #[must_use]
    pub fn new(class: Class, ids: usize, seed: u64) -> Self {
        Self { class, seed, answers: (0..ids).map(|_| AtomicU8::new(NOT_OFFERED)).collect() }
    }

    /// The text of an id: `i` and the number in decimal digits.
    #[must_use]
    pub fn id(n: u64) -> String {
        format!("i{n}")
    }

    /// The number of an id that [`Oracle::id`] wrote.
    #[must_use]
    pub fn number(id: &str) -> Option<u64> {
        let digits = id.strip_prefix('i')?;
        // Only the canonical text, or two texts would count as one id.
        let canonical =
            digits.bytes().all(|it| it.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
        if canonical { digits.parse().ok() } else { None }
    }

    /// Records that the API accepted the point.
    ///
    /// # Panics
    ///
    /// Panics if the id is out of range or has an answer already.
    #[track_caller]
    pub fn accepted(&self, id: u64) {
        self.record(id, ACCEPTED);
    }

    /// Records that the API refused the point.
    ///
    /// # Panics
    ///
    /// Panics if the id is out of range or has an answer already.
    #[track_caller]
    pub fn refused(&self, id: u64) {
        self.record(id, REFUSED);
    }

    /// Records [`Oracle::accepted`] or [`Oracle::refused`], and says which.
    ///
    /// # Panics
    ///
    /// Panics if the id is out of range or has an answer already.
    #[track_caller]
    pub fn record_result<T, E>(&self, id: u64, result: &Result<T, E>) -> bool {
        self.record(id, if result.is_ok() { ACCEPTED } else { REFUSED });
        result.is_ok()
    }

    /// How many points were accepted so far.
    #[must_use]
    pub fn accepted_count(&self) -> u64 {
        self.count(ACCEPTED)
    }

    /// How many points were refused so far.
    #[must_use]
    pub fn refused_count(&self) -> u64 {
        self.count(REFUSED)
    }

    /// Judges the invariants L, O and D for a sender at rest.
    ///
    /// - **L**: accepted and refused are what the API answered, and accepted = delivered + dropped + unconfirmed +
    ///   pending.
    /// - **O**: no id was seen that was refused or never offered; at least `delivered` ids were seen; at least
    ///   `dropped` accepted ids were not. (Both bounds are exact where nothing is unconfirmed or pending: the
    ///   totals do not say which id is which.)
    /// - **D**, for [`Class::Additive`]: no id was seen twice.
    ///
    /// # Panics
    ///
    /// Panics with every violation found, the first ids that show it, the seed, and the command that repeats it.
    #[track_caller]
    pub fn assert(&self, totals: &Totals, seen: &Seen) {
        if let Err(faults) = self.judge(totals, seen) {
            panic!("{faults}\nseed {}; repeat with: {}", self.seed, seeds::repeat_command(self.seed));
        }
    }

    /// As [`Oracle::assert`], and judges the sum of values that arrived: it must be that of the ids seen, each as
    /// often as it was seen.
    ///
    /// With D this gives sum(delivered) ≤ sum(seen) ≤ sum(accepted), and that no value changed on the way. Use whole
    /// numbers: they add up exactly below 2^53.
    ///
    /// # Panics
    ///
    /// As [`Oracle::assert`].
    #[track_caller]
    pub fn assert_sum(&self, totals: &Totals, seen: &Seen, sum: f64, value_of: impl Fn(u64) -> f64) {
        self.assert(totals, seen);
        let expected: f64 = seen.iter().map(|(id, times)| value_of(id) * f64::from(times)).sum();
        assert!(
            sum == expected,
            "D: the values that arrived add up to {sum}, those of the ids seen to {expected}; seed {}; repeat with: {}",
            self.seed,
            seeds::repeat_command(self.seed)
        );
    }

    /// As [`Oracle::assert`], without the panic.
    ///
    /// # Errors
    ///
    /// The violations, one a line.
    pub fn judge(&self, totals: &Totals, seen: &Seen) -> Result<(), String> {
        let mut faults = Vec::new();
        let (accepted, refused) = (self.accepted_count(), self.refused_count());
        if (totals.accepted, totals.refused) != (accepted, refused) {
            faults.push(format!(
                "L: the API accepted {accepted} and refused {refused}, the sender says {} and {}",
                totals.accepted, totals.refused
            ));
        }
        let booked = totals.delivered + totals.dropped + totals.unconfirmed + totals.pending;
        if totals.accepted != booked {
            faults.push(format!("L: accepted {} but booked {booked}: {totals:?}", totals.accepted));
        }

        let mut seen_ids = 0;
        let [mut strange, mut twice, mut unseen] = [Ids::default(), Ids::default(), Ids::default()];
        for (id, answer) in self.answers.iter().enumerate() {
            let (id, times) = (id as u64, seen.times(id as u64));
            match (answer.load(Ordering::Relaxed), times) {
                (ACCEPTED, 0) => unseen.add(id),
                (ACCEPTED, _) => seen_ids += 1,
                (_, 1..) => strange.add(id),
                _ => {}
            }
            if times > 1 {
                twice.add(id);
            }
        }
        for (id, _) in seen.iter().skip_while(|(id, _)| *id < self.answers.len() as u64) {
            strange.add(id);
        }
        if strange.count > 0 {
            faults.push(format!("O: seen but never accepted: {strange}"));
        }
        if seen.strangers > 0 {
            let (n, first) = (seen.strangers, &seen.first_strangers);
            faults.push(format!("O: seen but no id of this test: {n} ({})", first.join(", ")));
        }
        if seen_ids < totals.delivered {
            let delivered = totals.delivered;
            faults.push(format!("O: delivered {delivered} but seen {seen_ids}; not seen: {unseen}"));
        }
        if unseen.count < totals.dropped {
            let dropped = totals.dropped;
            faults.push(format!(
                "O: dropped {dropped} but only {} were not seen, so dropped ones arrived",
                unseen.count
            ));
        }
        if self.class == Class::Additive && twice.count > 0 {
            faults.push(format!("D: seen more than once: {twice}"));
        }
        if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
    }

    #[track_caller]
    fn record(&self, id: u64, answer: u8) {
        let cell = &self.answers[usize::try_from(id).unwrap_or(usize::MAX)];
        let before = cell.swap(answer, Ordering::Relaxed);
        assert_eq!(before, NOT_OFFERED, "id {id} was offered twice");
    }

    fn count(&self, answer: u8) -> u64 {
        self.answers.iter().filter(|it| it.load(Ordering::Relaxed) == answer).count() as u64
    }
}

impl fmt::Debug for Oracle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Oracle")
            .field("class", &self.class)
            .field("seed", &self.seed)
            .field("ids", &self.answers.len())
            .finish_non_exhaustive()
    }
}

/// Whether a point may arrive twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the two retry classes of the policy")]
pub enum Class {
    /// At most once: delta counters, distributions, events.
    Additive,
    /// At least once if delivered: points with a timestamp, spans, source tags.
    Replaceable,
}

/// A sender's own totals, in points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the cells of the ledger's two equations")]
pub struct Totals {
    /// Taken by the API.
    pub accepted: u64,
    /// Refused by the API, for whatever reason.
    pub refused: u64,
    /// Acknowledged.
    pub delivered: u64,
    /// Lost for sure, for whatever reason.
    pub dropped: u64,
    /// Perhaps arrived, for whatever reason.
    pub unconfirmed: u64,
    /// Not decided yet.
    pub pending: u64,
}

/// How often a receiver saw each id: one byte per id, so counts stop at 255.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    times: Vec<u8>,
    strangers: u64,
    first_strangers: Vec<String>,
}

impl Seen {
    /// Nothing seen, with room for the ids `0..ids`; higher ones make it grow, up to four times as many.
    #[must_use]
    pub fn new(ids: usize) -> Self {
        Self { times: vec![0; ids], ..Self::default() }
    }

    /// What a receiver's map of ids says.
    #[must_use]
    pub fn from_counts<K: AsRef<str>>(ids: usize, counts: impl IntoIterator<Item = (K, u32)>) -> Self {
        let mut seen = Self::new(ids);
        for (id, times) in counts {
            seen.add(id.as_ref(), times);
        }
        seen
    }

    /// Adds `times` sightings of an id; a text that [`Oracle::id`] does not write is kept as a stranger.
    pub fn add(&mut self, id: &str, times: u32) {
        let room = self.times.len().saturating_mul(4).max(1024);
        match Oracle::number(id).and_then(|n| usize::try_from(n).ok()).filter(|n| *n < room) {
            Some(n) => {
                if n >= self.times.len() {
                    self.times.resize(n + 1, 0);
                }
                let times = u8::try_from(times).unwrap_or(u8::MAX);
                self.times[n] = self.times[n].saturating_add(times);
            }
            None => {
                self.strangers += 1;
                if self.first_strangers.len() < SHOWN {
                    self.first_strangers.push(id.to_owned());
                }
            }
        }
    }

    /// Adds the ids of the lines in a body (not compressed) that came with `f={f}`, one sighting per accepted line.
    ///
    /// For peers that only keep bytes: `wf-parse` says which lines a receiver would accept and what tag `id` they have.
    /// Lines without one count for nothing. A distribution counts once per granularity, so send it with one.
    pub fn add_body(&mut self, f: &str, body: &[u8]) {
        let parser = Parser::new().limits(Limits::PROXY).http(true);
        let text = String::from_utf8_lossy(body);
        for line in text.split('\n') {
            let parsed = parser.parse(Format::from_query(f), line);
            if parsed.verdict() == Verdict::Accept {
                if let Some(id) = parsed.tag("id") {
                    self.add(id, 1);
                }
            }
        }
    }

    /// As [`Seen::add_body`], for the bytes of a raw TCP connection: without the line that lacks its end, which a
    /// receiver throws away.
    pub fn add_stream(&mut self, bytes: &[u8]) {
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        self.add_body("", &bytes[..whole]);
    }

    /// How often an id was seen.
    #[must_use]
    pub fn times(&self, id: u64) -> u32 {
        usize::try_from(id).ok().and_then(|id| self.times.get(id)).map_or(0, |it| u32::from(*it))
    }

    /// How many different ids were seen.
    #[must_use]
    pub fn distinct(&self) -> u64 {
        self.iter().count() as u64
    }

    /// The ids that were seen and how often, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u32)> + '_ {
        let all = self.times.iter().enumerate();
        all.filter(|(_, times)| **times > 0).map(|(id, times)| (id as u64, u32::from(*times)))
    }
}

/// How many ids there are and the first of them.
#[derive(Default)]
struct Ids {
    count: u64,
    first: Vec<u64>,
}

impl Ids {
    fn add(&mut self, id: u64) {
        self.count += 1;
        if self.first.len() < SHOWN {
            self.first.push(id);
        }
    }
}

impl fmt::Display for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ids, first {:?}", self.count, self.first)
    }
}

/// How many ids a message names.
const SHOWN: usize = 5;

const NOT_OFFERED: u8 = 0;
const ACCEPTED: u8 = 1;
const REFUSED: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    /// Ids 0..4 accepted, 4 refused, 5 never offered.
    fn oracle(class: Class) -> Oracle {
        let oracle = Oracle::new(class, 6, 42);
        (0..4).for_each(|id| oracle.accepted(id));
        oracle.refused(4);
        oracle
    }

    fn totals(delivered: u64, dropped: u64, unconfirmed: u64, pending: u64) -> Totals {
        Totals { accepted: 4, refused: 1, delivered, dropped, unconfirmed, pending }
    }

    #[track_caller]
    fn check(class: Class, totals: Totals, seen: &[(u64, u32)], fault: &str) {
        let seen = Seen::from_counts(6, seen.iter().map(|(id, times)| (Oracle::id(*id), *times)));
        assert_eq!(oracle(class).judge(&totals, &seen).err().unwrap_or_default(), fault);
    }

    #[test]
    fn honest_books_pass() {
        use Class::{Additive, Replaceable};
        let all = [(0, 1), (1, 1), (2, 1), (3, 1)];
        check(Additive, totals(4, 0, 0, 0), &all, "");
        check(Additive, totals(2, 2, 0, 0), &all[..2], "");
        check(Additive, totals(2, 1, 1, 0), &all[..2], "");
        check(Additive, totals(2, 1, 1, 0), &all[..3], "");
        check(Additive, totals(0, 0, 4, 0), &all, "");
        check(Additive, totals(0, 0, 0, 4), &all[..1], "");
        check(Additive, totals(0, 4, 0, 0), &[], "");
        check(Replaceable, totals(4, 0, 0, 0), &[(0, 1), (1, 7), (2, 1), (3, 300)], "");
    }

    #[test]
    fn every_lie_is_named() {
        use Class::{Additive, Replaceable};
        let all = [(0, 1), (1, 1), (2, 1), (3, 1)];
        check(
            Additive,
            totals(3, 0, 0, 0),
            &all,
            "L: accepted 4 but booked 3: Totals { accepted: 4, refused: 1, delivered: 3, dropped: 0, unconfirmed: 0, pending: 0 }",
        );
        check(
            Additive,
            Totals { refused: 0, ..totals(4, 0, 0, 0) },
            &all,
            "L: the API accepted 4 and refused 1, the sender says 4 and 0",
        );
        check(
            Replaceable,
            totals(4, 0, 0, 0),
            &all[1..],
            "O: delivered 4 but seen 3; not seen: 1 ids, first [0]",
        );
        check(
            Replaceable,
            totals(3, 1, 0, 0),
            &all,
            "O: dropped 1 but only 0 were not seen, so dropped ones arrived",
        );
        check(
            Replaceable,
            totals(0, 0, 4, 0),
            &[(4, 1), (5, 1), (6, 1)],
            "O: seen but never accepted: 3 ids, first [4, 5, 6]",
        );
        check(
            Additive,
            totals(4, 0, 0, 0),
            &[(0, 1), (1, 2), (2, 1), (3, 3)],
            "D: seen more than once: 2 ids, first [1, 3]",
        );
    }

    #[test]
    fn strange_ids_are_named() {
        let seen = Seen::from_counts(6, [("x", 1), ("i01", 1), ("i999999999999", 1)]);
        let fault = oracle(Class::Additive).judge(&totals(0, 4, 0, 0), &seen).unwrap_err();
        assert_eq!(fault, "O: seen but no id of this test: 3 (x, i01, i999999999999)");
    }

    #[test]
    fn the_panic_names_seed_and_command() {
        let lie = || oracle(Class::Additive).assert(&totals(4, 0, 0, 0), &Seen::new(6));
        let panic = std::panic::catch_unwind(lie).unwrap_err();
        let text = panic.downcast_ref::<String>().unwrap();
        assert!(
            text.contains("first [0, 1, 2, 3]\nseed 42; repeat with: WF_SEED=42 cargo test -p wf-testkit"),
            "{text}"
        );
    }

    #[test]
    fn ids_are_read_from_bytes() {
        let mut seen = Seen::new(4);
        seen.add_body(
            "wavefront",
            b"cpu 1 source=h id=i1\nno id 1\ncpu 1 source=h\nb:d 1 source=h id=i2\ncpu 1 source=h id=i3",
        );
        assert_eq!(seen.iter().collect::<Vec<_>>(), [(1, 1), (3, 1)]);
        seen.add_stream(b"cpu 1 source=h id=i1\n!M #1 1 x source=h id=i2\ncpu 1 source=h id=i3");
        assert_eq!(seen.iter().collect::<Vec<_>>(), [(1, 2), (2, 1), (3, 1)]);
        seen.add_stream(b"cpu 1 source=h id=i1");
        assert_eq!(seen.times(1), 2);
    }

    #[test]
    fn sums_must_match_what_was_seen() {
        let seen = Seen::from_counts(6, [("i1", 1), ("i3", 1)]);
        let judge =
            |sum| oracle(Class::Additive).assert_sum(&totals(2, 2, 0, 0), &seen, sum, |id| id as f64 * 10.0);
        judge(40.0);
        assert!(std::panic::catch_unwind(|| judge(50.0)).is_err());
    }

    #[test]
    fn ids_come_back_and_only_in_their_own_text() {
        for n in [0, 1, 9, 10, 1_000_000, u64::MAX] {
            assert_eq!(Oracle::number(&Oracle::id(n)), Some(n));
        }
        for text in ["", "i", "7", "i-1", "i+1", "i01", "i00", "i1 ", "i18446744073709551616"] {
            assert_eq!(Oracle::number(text), None, "{text}");
        }
    }

    #[test]
    fn an_answer_is_final() {
        assert!(std::panic::catch_unwind(|| oracle(Class::Additive).refused(0)).is_err());
        assert!(std::panic::catch_unwind(|| oracle(Class::Additive).accepted(6)).is_err());
    }

    #[test]
    fn results_are_recorded_by_threads() {
        let oracle = Oracle::new(Class::Additive, 1000, 0);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let oracle = &oracle;
                scope.spawn(move || {
                    for id in (thread..1000).step_by(4) {
                        let result = if id % 10 == 0 { Err(()) } else { Ok(()) };
                        assert_eq!(oracle.record_result(id, &result), result.is_ok());
                    }
                });
            }
        });
        assert_eq!((oracle.accepted_count(), oracle.refused_count()), (900, 100));
    }

    #[test]
    fn a_million_ids_are_cheap() {
        let n = 1_000_000;
        let oracle = Oracle::new(Class::Additive, n, 0);
        let mut seen = Seen::new(n);
        for id in 0..n as u64 {
            oracle.accepted(id);
            seen.add(&Oracle::id(id), 1);
        }
        oracle.assert(&Totals { accepted: n as u64, delivered: n as u64, ..Totals::default() }, &seen);
        assert_eq!((oracle.answers.len(), seen.times.len()), (n, n), "one byte per id");
    }
}
