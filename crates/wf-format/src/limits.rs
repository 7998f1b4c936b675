/// How long and how many the parts of a point may be.
///
/// Lengths are counted as the receiver counts them, in UTF-16 code units (an emoji is two). A value over its limit is
/// cut at a character boundary; anything else over its limit is an error.
///
/// ```
/// use wf_format::{Format, Limits};
///
/// let mut limits = Limits::DEFAULT;
/// limits.tags = 50;
/// let format = Format::DEFAULT.limits(limits);
/// # let _ = format;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Limits {
    /// The length of a metric's or histogram's name: 256, proxy 1023.
    pub name: u16,
    /// The length of a source: 128, proxy 1023.
    pub source: u16,
    /// The point tags of a point: 20, proxy 100.
    pub tags: u16,
    /// The length of a point tag's key: 64, proxy 253.
    pub tag_key: u16,
    /// The length of a point tag's value: 255.
    pub tag_value: u16,
    /// The length of a point tag's key and value together: 254 everywhere.
    pub tag_pair: u16,
    /// The length of a span's name: 128.
    pub span_name: u16,
    /// The tags of a span, its parents and follows-from references included: 20, tenant 50.
    pub span_tags: u16,
    /// The length of a span tag's key: 128.
    pub span_tag_key: u16,
    /// The length of a span tag's value: 128.
    pub span_tag_value: u16,
    /// The centroids of a histogram: 100.
    pub centroids: u16,
}

impl Limits {
    /// The smaller of [`TENANT`](Self::TENANT) and [`PROXY`](Self::PROXY) in every field, so that a line passes both.
    pub const DEFAULT: Self = Self { span_tags: 20, ..Self::TENANT };

    /// What the documents say a tenant enforces unless it was changed for them.
    pub const TENANT: Self = Self {
        name: 256,
        source: 128,
        tags: 20,
        tag_key: 64,
        tag_value: 255,
        tag_pair: 254,
        span_name: 128,
        span_tags: 50,
        span_tag_key: 128,
        span_tag_value: 128,
        centroids: 100,
    };

    /// What a Wavefront proxy enforces before its back end has told it otherwise.
    pub const PROXY: Self =
        Self { name: 1023, source: 1023, tags: 100, tag_key: 253, span_tags: 20, ..Self::TENANT };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The most bytes a line may have, its line feed included: what a proxy's metric port reads by default.
pub const MAX_LINE_LEN: usize = 32_768;
