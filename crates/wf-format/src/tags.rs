use core::fmt;

use crate::error::FormatError;

/// A collection of tags, each a key and a value.
///
/// Implemented for slices and arrays of pairs, references, and with feature `std` for `Vec`, `BTreeMap`, `HashMap` and
/// `Box`. An iterator goes through [`tags_from`].
pub trait Tags {
    /// Calls `each` with every tag in order until it fails, and returns its failure.
    ///
    /// # Errors
    ///
    /// Whatever `each` returns.
    fn try_for_each(&self, each: &mut Each<'_>) -> Result<(), FormatError>;
}

/// What [`Tags`] hand their keys and values to.
pub type Each<'a> = dyn FnMut(&str, &str) -> Result<(), FormatError> + 'a;

/// No tags.
impl Tags for () {
    #[inline]
    fn try_for_each(&self, _: &mut Each<'_>) -> Result<(), FormatError> {
        Ok(())
    }
}

impl<K: AsRef<str>, V: AsRef<str>> Tags for [(K, V)] {
    #[inline]
    fn try_for_each(&self, each: &mut Each<'_>) -> Result<(), FormatError> {
        self.iter().try_for_each(|(key, value)| each(key.as_ref(), value.as_ref()))
    }
}

impl<K: AsRef<str>, V: AsRef<str>, const N: usize> Tags for [(K, V); N] {
    #[inline]
    fn try_for_each(&self, each: &mut Each<'_>) -> Result<(), FormatError> {
        self.as_slice().try_for_each(each)
    }
}

impl<T: Tags + ?Sized> Tags for &T {
    #[inline]
    fn try_for_each(&self, each: &mut Each<'_>) -> Result<(), FormatError> {
        (**self).try_for_each(each)
    }
}

#[cfg(feature = "std")]
mod std_impls {
    use std::boxed::Box;
    use std::collections::{BTreeMap, HashMap};
    use std::vec::Vec;

    use super::{Each, Tags};
    use crate::error::FormatError;

    impl<K: AsRef<str>, V: AsRef<str>> Tags for Vec<(K, V)> {
        #[inline]
        fn try_for_each(&self, each: &mut Each<'_>) -> Result<(), FormatError> {
            self.as_slice().try_for_each(each)
        }
    }

    impl<K: AsRef<str>, V: AsRef<str>> Tags for BTreeMap<K, V> {
        #[inline]
        fn try_for_each(&self, each: &mut Each<'_>) -> Result<(), FormatError> {
            self.iter().try_for_each(|(key, value)| each(key.as_ref(), value.as_ref()))
        }
    }

    /// In the map's order, which differs from run to run.
    impl<K: AsRef<str>, V: AsRef<str>, S> Tags for HashMap<K, V, S> {
        #[inline]
        fn try_for_each(&self, each: &mut Each<'_>) -> Result<(), FormatError> {
            self.iter().try_for_each(|(key, value)| each(key.as_ref(), value.as_ref()))
        }
    }

    impl<T: Tags + ?Sized> Tags for Box<T> {
        #[inline]
        fn try_for_each(&self, each: &mut Each<'_>) -> Result<(), FormatError> {
            (**self).try_for_each(each)
        }
    }
}

/// Makes [`Tags`] of an iterator over pairs, which is cloned for each line.
///
/// ```
/// use wf_format::{Metric, tags_from};
///
/// let labels = ["a=1", "b=2"];
/// let tags = tags_from(labels.iter().filter_map(|label| label.split_once('=')));
/// let mut buf = [0; 64];
/// let encoded = Metric::new("cpu", 1.0).source("web-1").tags(&tags).encode(&mut buf)?;
/// assert_eq!(encoded.line, b"\"cpu\" 1.0 source=\"web-1\" \"a\"=\"1\" \"b\"=\"2\"\n");
/// # Ok::<(), wf_format::FormatError>(())
/// ```
pub fn tags_from<I, K, V>(pairs: I) -> TagsFrom<I::IntoIter>
where
    I: IntoIterator<Item = (K, V), IntoIter: Clone>,
    K: AsRef<str>,
    V: AsRef<str>,
{
    TagsFrom(pairs.into_iter())
}

/// The tags of an iterator, made by [`tags_from`].
#[derive(Clone, Copy)]
pub struct TagsFrom<I>(I);

impl<I, K, V> Tags for TagsFrom<I>
where
    I: Iterator<Item = (K, V)> + Clone,
    K: AsRef<str>,
    V: AsRef<str>,
{
    #[inline]
    fn try_for_each(&self, each: &mut Each<'_>) -> Result<(), FormatError> {
        self.0.clone().try_for_each(|(key, value)| each(key.as_ref(), value.as_ref()))
    }
}

impl<I> fmt::Debug for TagsFrom<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TagsFrom").finish_non_exhaustive()
    }
}
