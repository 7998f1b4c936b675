use std::borrow::Cow;
use std::fmt::{self, Write as _};

use crate::limits::Limits;
use crate::number;
use crate::point::{self, Name};
use crate::problem::{At, Code, Fault, shown};
use crate::tags::{self, Tag};
use crate::text;
use crate::time;
use crate::tokens::Tokens;

/// A distribution: `!M|!H|!D [<timestamp>] #<count> <mean> … <name> [<key>=<value> …]`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Histogram<'a> {
    /// The bin the distribution belongs to.
    pub granularity: Granularity,
    /// Milliseconds since the epoch, floored to the start of the bin (UTC).
    pub timestamp_millis: i64,
    /// The centroids as written; none merged.
    pub centroids: Vec<Centroid>,
    /// The name.
    pub name: Cow<'a, str>,
    /// The source: tag `source` or `host`, the client's host, or `unknown`.
    pub source: Cow<'a, str>,
    /// The point tags without the source, in the receiver's order (that of a Java `HashMap`).
    pub tags: Vec<Tag<'a>>,
    time_at: At,
    centroids_at: At,
    name_at: At,
    source_at: At,
}

/// A mean and how many values stand for it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Centroid {
    /// The number of values; the receiver takes zero and negative ones too.
    pub count: i32,
    /// The mean of the values; the receiver takes NaN.
    pub mean: f64,
}

/// The length of a distribution's bin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Granularity {
    /// `!M`.
    Minute,
    /// `!H`.
    Hour,
    /// `!D`, from midnight UTC.
    Day,
}

impl Granularity {
    /// The marker at the front of the line.
    #[must_use]
    pub const fn marker(self) -> &'static str {
        match self {
            Self::Minute => "!M",
            Self::Hour => "!H",
            Self::Day => "!D",
        }
    }

    /// The length of the bin in milliseconds.
    #[must_use]
    pub const fn millis(self) -> i64 {
        match self {
            Self::Minute => 60_000,
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
        }
    }
}

impl fmt::Display for Granularity {
    /// Writes the word: `minute`, `hour`, `day`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        })
    }
}

impl<'a> Histogram<'a> {
    pub(crate) fn decode(line: &'a str, now: i64) -> Result<Self, Box<Fault>> {
        let mut tokens = Tokens::new(line);
        let marker = tokens.next()?;
        let granularity = match &*marker.map_or(Cow::Borrowed(""), |token| token.text()) {
            "!M" => Granularity::Minute,
            "!H" => Granularity::Hour,
            "!D" => Granularity::Day,
            other => {
                let reason = format!("a distribution starts with !M, !H or !D, not with {}", shown(other));
                return Err(Fault::new(Code::Syntax, marker.map_or(0, |token| token.at), reason));
            }
        };
        let written = time::optional(&mut tokens)?;
        let centroids_at = At(tokens.peek()?.map_or(line.len(), |token| token.at));
        let centroids = centroids(&mut tokens)?;
        let Some(name) = tokens.next()? else {
            return Err(Fault::new(
                Code::Syntax,
                tokens.end(),
                "the name is missing; it follows the last centroid",
            ));
        };
        tags::refuse_as_name(&name, &mut tokens)?;
        let tags = tags::pairs(&mut tokens)?;
        let (source, source_at, mut tags) = point::take_source(tags, &[]);
        // The decoder hands on a deep copy, whose map begins as small as it can.
        let buckets = tags::buckets(1, tags.len());
        tags::sort(&mut tags, buckets);
        let millis = written.map_or(now, time::Written::millis);
        Ok(Self {
            granularity,
            timestamp_millis: millis - millis % granularity.millis(),
            centroids,
            name: name.text(),
            source,
            tags,
            time_at: At(written.map_or(0, |written| written.at)),
            centroids_at,
            name_at: At(name.at),
            source_at,
        })
    }

    pub(crate) fn check(&self, limits: &Limits, now: i64) -> Result<(), Box<Fault>> {
        if self.centroids.len() > limits.centroids {
            let (count, most) = (self.centroids.len(), limits.centroids);
            let reason = format!("{count} centroids are too many; at most {most} are allowed");
            return Err(Fault::new(Code::Syntax, self.centroids_at.0, reason));
        }
        time::check_point(self.timestamp_millis, now, self.time_at.0)?;
        let name = Name {
            text: &self.name,
            what: "the histogram name",
            names: "histogram names",
            limit: limits.histogram_name,
            too_long: Code::HistogramLength,
            at: self.name_at,
        };
        point::check(&name, &self.source, self.source_at, &self.tags, limits)?;
        if self.centroids.iter().all(|centroid| centroid.count == 0) {
            let reason = "all counts are zero; a distribution needs at least one value";
            return Err(Fault::new(Code::EmptyHistogram, self.centroids_at.0, reason));
        }
        Ok(())
    }

    pub(crate) fn push_canonical(&self, out: &mut String) {
        out.push_str(self.granularity.marker());
        out.push(' ');
        out.push_str(&(self.timestamp_millis / 1000).to_string());
        let mut rest = self.centroids.iter().peekable();
        while let Some(first) = rest.next() {
            // The receiver adds up neighbours of equal mean in 32 bits, and lets them wrap.
            let mut count = first.count;
            while let Some(next) = rest.next_if(|next| next.mean == first.mean) {
                count = count.wrapping_add(next.count);
            }
            let _ = write!(out, " #{count} ");
            number::push_double(first.mean, out);
        }
        out.push(' ');
        text::push_quoted(&self.name, out);
        out.push_str(" source=");
        text::push_quoted(&self.source, out);
        tags::push_all(&self.tags, out);
    }

    pub(crate) fn into_owned(self) -> Histogram<'static> {
        Histogram {
            granularity: self.granularity,
            timestamp_millis: self.timestamp_millis,
            centroids: self.centroids,
            name: self.name.into_owned().into(),
            source: self.source.into_owned().into(),
            tags: self.tags.into_iter().map(Tag::into_owned).collect(),
            time_at: self.time_at,
            centroids_at: self.centroids_at,
            name_at: self.name_at,
            source_at: self.source_at,
        }
    }
}

fn centroids(tokens: &mut Tokens<'_>) -> Result<Vec<Centroid>, Box<Fault>> {
    let mut centroids = Vec::new();
    while let Some(mark) = tokens.peek()? {
        let at = mark.at;
        if !mark.is("#") {
            break;
        }
        tokens.next()?;
        let Some(count) = tokens.next()? else {
            return Err(Fault::new(Code::Syntax, at, "this centroid has no count; write #COUNT MEAN"));
        };
        let Some(number) = number::parse_int(&count.text()) else {
            let reason = format!("the count {} is not a whole number of 32 bits", shown(&count.text()));
            return Err(Fault::new(Code::Syntax, count.at, reason));
        };
        let Some(mean) = tokens.next()? else {
            return Err(Fault::new(
                Code::Syntax,
                tokens.end(),
                "the last centroid has no mean; write #COUNT MEAN",
            ));
        };
        let Some(value) = number::parse_double(&mean.text()) else {
            let reason = format!("the mean {} is not a number", shown(&mean.text()));
            return Err(Fault::new(Code::Syntax, mean.at, reason));
        };
        centroids.push(Centroid { count: number, mean: value });
    }
    if centroids.is_empty() {
        let at = tokens.peek()?.map_or(0, |token| token.at);
        let reason = "a distribution needs at least one centroid, #COUNT MEAN, before its name";
        return Err(Fault::new(Code::Syntax, at, reason));
    }
    Ok(centroids)
}
