/// The lengths and counts beyond which the receiver refuses a line.
///
/// Lengths are UTF-16 code units, as Java counts them: an emoji is two. Start from a constant and change a field:
///
/// ```
/// use wf_parse::Limits;
///
/// let mut limits = Limits::PROXY;
/// limits.point_tags = 20;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest metric or delta counter name.
    pub metric_name: usize,
    /// The longest histogram name.
    pub histogram_name: usize,
    /// The longest source of a point, distribution or span.
    pub source: usize,
    /// The most point tags, source not counted.
    pub point_tags: usize,
    /// The longest point tag key.
    pub point_tag_key: usize,
    /// The longest point tag value. Key and value together may not exceed 254 whatever stands here.
    pub point_tag_value: usize,
    /// The most centroids of a distribution line.
    pub centroids: usize,
    /// The longest span name.
    pub span_name: usize,
    /// The most span tags; source, span id and trace id are not counted, parents and application tags are.
    pub span_tags: usize,
    /// The longest span tag key.
    pub span_tag_key: usize,
    /// The longest span tag value; a longer one is cut, not refused.
    pub span_tag_value: usize,
}

impl Limits {
    /// What a proxy enforces until its back end tells it otherwise: the built-in `ValidationConfiguration`.
    pub const PROXY: Self = Self {
        metric_name: 1023,
        histogram_name: 1023,
        source: 1023,
        point_tags: 100,
        point_tag_key: 253,
        point_tag_value: 255,
        centroids: usize::MAX,
        span_name: 128,
        span_tags: 20,
        span_tag_key: 128,
        span_tag_value: 128,
    };

    /// What the documents promise a customer, and a real tenant enforces.
    pub const TENANT: Self = Self {
        metric_name: 256,
        histogram_name: 256,
        source: 128,
        point_tags: 20,
        point_tag_key: 64,
        point_tag_value: 255,
        centroids: 100,
        span_name: 128,
        span_tags: 50,
        span_tag_key: 128,
        span_tag_value: 128,
    };

    /// The stricter of [`PROXY`](Self::PROXY) and [`TENANT`](Self::TENANT) in each field: what passes here passes both.
    pub const DEFAULT: Self = Self { span_tags: Self::PROXY.span_tags, ..Self::TENANT };
}

impl Default for Limits {
    /// [`Limits::DEFAULT`].
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_is_the_stricter_of_both() {
        let (proxy, tenant) = (Limits::PROXY, Limits::TENANT);
        let strict = Limits {
            metric_name: proxy.metric_name.min(tenant.metric_name),
            histogram_name: proxy.histogram_name.min(tenant.histogram_name),
            source: proxy.source.min(tenant.source),
            point_tags: proxy.point_tags.min(tenant.point_tags),
            point_tag_key: proxy.point_tag_key.min(tenant.point_tag_key),
            point_tag_value: proxy.point_tag_value.min(tenant.point_tag_value),
            centroids: proxy.centroids.min(tenant.centroids),
            span_name: proxy.span_name.min(tenant.span_name),
            span_tags: proxy.span_tags.min(tenant.span_tags),
            span_tag_key: proxy.span_tag_key.min(tenant.span_tag_key),
            span_tag_value: proxy.span_tag_value.min(tenant.span_tag_value),
        };
        assert_eq!(Limits::DEFAULT, strict);
        assert_eq!(Limits::default(), strict);
    }
}
