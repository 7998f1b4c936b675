//! How often each id of one kind was seen.

use std::collections::HashMap;

use wf_parse::Granularity;

use crate::counts::{GRANULARITIES, granularity_index};

/// Counts by id. Kinds other than the distribution use the first of the three places only.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    times: HashMap<Box<str>, Times>,
    anonymous: Times,
}

/// Lines per granularity.
type Times = [u32; GRANULARITIES];

impl Ids {
    /// Counts a line; says whether it was counted under its id.
    pub(crate) fn add(&mut self, id: Option<&str>, granularity: Option<Granularity>, room: usize) -> bool {
        let place = granularity.map_or(0, granularity_index);
        let times = match id {
            // Looked up before it is inserted: a text that is there already costs no allocation.
            Some(id) if self.times.contains_key(id) => self.times.get_mut(id),
            Some(id) if self.times.len() < room => Some(self.times.entry(id.into()).or_default()),
            _ => None,
        };
        let named = times.is_some();
        let cell = &mut times.unwrap_or(&mut self.anonymous)[place];
        *cell = cell.saturating_add(1);
        named
    }

    pub(crate) fn times(&self, id: &str) -> u32 {
        self.times.get(id).map_or(0, complete)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        self.times.iter().map(|(id, times)| (&**id, complete(times)))
    }

    /// How many records came, named or not.
    pub(crate) fn total(&self) -> u64 {
        self.iter().map(|(_, times)| u64::from(times)).sum::<u64>() + u64::from(complete(&self.anonymous))
    }
}

/// How often a record came with every granularity that it ever showed.
fn complete(times: &Times) -> u32 {
    times.iter().copied().filter(|it| *it > 0).min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &[Option<Granularity>], expected: u32) {
        let mut ids = Ids::default();
        for granularity in lines {
            assert!(ids.add(Some("a"), *granularity, 10));
            assert!(!ids.add(None, *granularity, 10));
        }
        assert_eq!(ids.times("a"), expected);
        assert_eq!(ids.total(), 2 * u64::from(expected));
    }

    #[test]
    fn a_distribution_counts_when_every_granularity_it_showed_came() {
        let [minute, hour, day] = [Granularity::Minute, Granularity::Hour, Granularity::Day].map(Some);
        check(&[], 0);
        check(&[minute], 1);
        check(&[minute, minute], 2);
        check(&[minute, hour, day], 1);
        check(&[minute, hour, minute], 1);
        check(&[hour, minute, minute, hour], 2);
        check(&[day, day, day], 3);
    }

    #[test]
    fn other_kinds_count_lines() {
        check(&[None, None, None], 3);
    }

    #[test]
    fn ids_beyond_the_room_are_counted_without_their_name() {
        let mut ids = Ids::default();
        assert!(ids.add(Some("a"), None, 1));
        assert!(!ids.add(Some("b"), None, 1));
        assert!(ids.add(Some("a"), None, 1));
        assert_eq!((ids.times("a"), ids.times("b"), ids.total()), (2, 0, 3));
    }
}
