use std::time::{Duration, SystemTime};

/// Reads the value of a `Retry-After` header: a number of seconds or an HTTP date, in either case at most 300 s.
///
/// A date in the past is no wait. Whatever else stands there (a sign, a fraction, an exponent, words) is `None`, which
/// leaves the wait to the sender's own backoff. `now` is the wall clock, needed for dates only.
///
/// Source: RFC 9110, 10.2.3; the bound is ours.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// let now = SystemTime::UNIX_EPOCH;
/// assert_eq!(wf_http::retry_after("2", now), Some(Duration::from_secs(2)));
/// assert_eq!(wf_http::retry_after("Thu, 01 Jan 1970 00:00:09 GMT", now), Some(Duration::from_secs(9)));
/// assert_eq!(wf_http::retry_after("-1", now), None);
/// ```
#[must_use]
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim_matches([' ', '\t']);
    let wait = if value.is_empty() {
        return None;
    } else if value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number holds are still a number, and above the bound.
        Duration::from_secs(value.parse().unwrap_or(u64::MAX))
    } else {
        let date = httpdate::parse_http_date(value).ok()?;
        date.duration_since(now).unwrap_or_default()
    };
    Some(wait.min(MAX))
}

const MAX: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::retry_after;

    // Sun, 06 Nov 1994 08:49:37 GMT, the date in RFC 9110's own examples.
    const NOW: u64 = 784_111_777;

    #[track_caller]
    fn check(value: &str, seconds: Option<u64>) {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
        assert_eq!(retry_after(value, now), seconds.map(Duration::from_secs), "{value:?}");
    }

    #[test]
    fn seconds() {
        check("0", Some(0));
        check("2", Some(2));
        check(" 2\t", Some(2));
        check("007", Some(7));
        check("300", Some(300));
        check("301", Some(300));
        check("18446744073709551615", Some(300));
        check("99999999999999999999999", Some(300));
    }

    #[test]
    fn dates() {
        check("Sun, 06 Nov 1994 08:49:37 GMT", Some(0));
        check("Sun, 06 Nov 1994 08:49:39 GMT", Some(2));
        check("Sunday, 06-Nov-94 08:49:39 GMT", Some(2));
        check("Sun Nov  6 08:49:39 1994", Some(2));
        check("Sun, 06 Nov 1994 08:00:00 GMT", Some(0));
        check("Thu, 01 Jan 1970 00:00:00 GMT", Some(0));
        check("Fri, 31 Dec 9999 23:59:59 GMT", Some(300));
    }

    #[test]
    fn garbage_is_no_wait_of_its_own() {
        for value in [
            "",
            " ",
            "-1",
            "+1",
            "2.5",
            "1e99",
            "inf",
            "NaN",
            "0x10",
            "soon",
            "2 s",
            "2, 3",
            "٢",
            "Sun, 06 Nov 1994",
        ] {
            check(value, None);
        }
    }
}
