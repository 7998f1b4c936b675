use core::fmt;
use core::ops::{BitOr, BitOrAssign};

/// What had to be changed so that the receiver accepts the line, as a set of bits.
///
/// Four bits say where (`NAME`, `SOURCE`, `TAG_KEY`, `TAG_VALUE`), four say what else is worth knowing. Quoting and
/// escaping are no changes: the receiver undoes them. Always empty under
/// [`Strictness::Reject`](crate::Strictness::Reject), unless the point's [`Series`](crate::Series) was made without.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Changed(u8);

impl Changed {
    /// Nothing: the receiver sees what the caller gave.
    pub const NONE: Self = Self(0);
    /// The name was trimmed, or characters in it were replaced.
    pub const NAME: Self = Self(1);
    /// The source, or a host of an event, was changed.
    pub const SOURCE: Self = Self(1 << 1);
    /// The key of a tag or annotation was trimmed, or characters in it were replaced.
    pub const TAG_KEY: Self = Self(1 << 2);
    /// The value of a tag or annotation, a tag of an event or source, or a source's description was changed.
    pub const TAG_VALUE: Self = Self(1 << 3);
    /// A duplicate tag or annotation was left out.
    pub const TAG_DROPPED: Self = Self(1 << 4);
    /// A tag value was cut at its limit.
    pub const TRUNCATED: Self = Self(1 << 5);
    /// Control characters in a name of a span or event or in a text were replaced: a line feed by the two characters `\n`,
    /// any other but tab by a space.
    pub const CONTROL: Self = Self(1 << 6);
    /// Backslashes at the end of a name of a span or event or of a text were removed: none can stand before the closing
    /// quote.
    pub const BACKSLASH: Self = Self(1 << 7);

    /// Tells whether nothing was changed.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Tells whether every bit of `other` is set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Changed {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Changed {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl fmt::Debug for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut set = f.debug_set();
        for (bit, name) in NAMES {
            if self.contains(bit) {
                set.entry(&format_args!("{name}"));
            }
        }
        set.finish()
    }
}

const NAMES: [(Changed, &str); 8] = [
    (Changed::NAME, "name"),
    (Changed::SOURCE, "source"),
    (Changed::TAG_KEY, "tag_key"),
    (Changed::TAG_VALUE, "tag_value"),
    (Changed::TAG_DROPPED, "tag_dropped"),
    (Changed::TRUNCATED, "truncated"),
    (Changed::CONTROL, "control"),
    (Changed::BACKSLASH, "backslash"),
];
