/// Memory that a line can be appended to.
///
/// Implemented for `&mut [u8]` (which shrinks to what is left, as with `std::io::Write`), and by feature for `Vec<u8>`
/// (`std`), `BytesMut` (`bytes`) and `SmallVec` (`smallvec`). A growing buffer allocates only when its capacity does
/// not suffice: the room asked for first is 256 bytes for a point, more for a histogram or span, and four times as much
/// if that was too little.
pub trait Buffer {
    /// Appends room for a line and returns it: `size` bytes where the buffer can grow, otherwise all that is left.
    fn room(&mut self, size: usize) -> &mut [u8];

    /// Keeps the first `line` of the `room` bytes handed out last, gives back the others and returns those kept.
    fn keep(&mut self, room: usize, line: usize) -> &[u8];
}

impl Buffer for &mut [u8] {
    fn room(&mut self, _size: usize) -> &mut [u8] {
        self
    }

    fn keep(&mut self, _room: usize, line: usize) -> &[u8] {
        let all = core::mem::take(self);
        let (line, rest) = all.split_at_mut(line.min(all.len()));
        *self = rest;
        line
    }
}

#[cfg(any(feature = "std", feature = "bytes", feature = "smallvec"))]
macro_rules! growing {
    ($type:ty $(, $($generics:tt)+)?) => {
        impl$(<$($generics)+>)? Buffer for $type {
            #[inline]
            fn room(&mut self, size: usize) -> &mut [u8] {
                let start = self.len();
                self.resize(start.saturating_add(size), 0);
                self.get_mut(start..).unwrap_or_default()
            }

            #[inline]
            fn keep(&mut self, room: usize, line: usize) -> &[u8] {
                let start = self.len().saturating_sub(room);
                self.truncate(start.saturating_add(line));
                self.get(start..).unwrap_or_default()
            }
        }
    };
}

#[cfg(feature = "std")]
growing!(std::vec::Vec<u8>);
#[cfg(feature = "bytes")]
growing!(bytes::BytesMut);
#[cfg(feature = "smallvec")]
growing!(smallvec::SmallVec<A>, A: smallvec::Array<Item = u8>);
