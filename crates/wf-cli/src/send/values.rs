use wf_sdk::{Centroid, Granularity};

/// Reads `key=value`; the value may hold further equals signs.
pub(crate) fn parse_pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("not of the form KEY=VALUE".to_owned()),
    }
}

/// Reads `30x20`, twenty values around 30, or one value.
pub(crate) fn parse_centroid(text: &str) -> Result<Centroid, String> {
    let (mean, count) = text.split_once('x').unwrap_or((text, "1"));
    match (mean.parse::<f64>(), count.parse::<i64>()) {
        (Ok(mean), Ok(count)) => Ok(Centroid::new(mean, count)),
        _ => Err("neither a number nor MEANxCOUNT, such as 30x20".to_owned()),
    }
}

pub(crate) fn parse_granularity(text: &str) -> Result<Granularity, String> {
    match text {
        "m" => Ok(Granularity::Minute),
        "h" => Ok(Granularity::Hour),
        "d" => Ok(Granularity::Day),
        _ => Err("a granularity is m, h or d".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use wf_sdk::Centroid;

    use super::{parse_centroid, parse_pair};

    #[track_caller]
    fn check(text: &str, expected: Option<(f64, i64)>) {
        assert_eq!(parse_centroid(text).ok(), expected.map(Centroid::from), "{text}");
    }

    #[test]
    fn centroids_are_means_with_counts() {
        check("30x20", Some((30.0, 20)));
        check("5.1x10", Some((5.1, 10)));
        check("-7.5", Some((-7.5, 1)));
        check("1e3x2", Some((1000.0, 2)));
        for text in ["", "x", "x2", "3x", "3x1.5", "three", "--url"] {
            check(text, None);
        }
    }

    #[test]
    fn pairs_split_at_the_first_equals_sign() {
        assert_eq!(parse_pair("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert_eq!(parse_pair("a="), Ok(("a".to_owned(), String::new())));
        assert!(parse_pair("=b").is_err() && parse_pair("ab").is_err());
    }
}
