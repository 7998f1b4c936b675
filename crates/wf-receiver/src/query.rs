//! What a request says outside its body.

use http::request::Parts;
use wf_parse::Format;

/// The format that the query names.
pub(crate) fn format(head: &Parts) -> Format {
    Format::from_query(first(head.uri.query(), &["f"]).unwrap_or_default())
}

/// The token of a request, found in the order in which a proxy looks for it: the query, as it stands, wins.
pub(crate) fn token(head: &Parts) -> Option<&str> {
    let header = |name: &str| {
        let value = head.headers.get(name)?.to_str().ok()?;
        Some(value.strip_prefix("Bearer ").unwrap_or(value).trim())
    };
    first(head.uri.query(), &["t", "token", "api_key"])
        .or_else(|| header("x-auth-token"))
        .or_else(|| header("authorization"))
}

/// The value of the first parameter in a query that has one of these names.
fn first<'a>(query: Option<&'a str>, names: &[&str]) -> Option<&'a str> {
    let mut pairs = query?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| names.contains(key)).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[track_caller]
    fn check(target: &str, headers: &[(&str, &str)], expected: Option<&str>) {
        let mut request = Request::builder().uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        assert_eq!(token(&request.body(()).unwrap().into_parts().0), expected, "{target} {headers:?}");
    }

    #[test]
    fn a_token_is_looked_for_as_a_proxy_does() {
        check("/", &[], None);
        check("/", &[("authorization", "Bearer a")], Some("a"));
        check("/", &[("authorization", "a")], Some("a"));
        check("/", &[("authorization", "bearer a")], Some("bearer a"));
        check("/", &[("x-auth-token", "a"), ("authorization", "Bearer b")], Some("a"));
        check("/?f=x&t=a", &[("x-auth-token", "b")], Some("a"));
        check("/?api_key=a&t=b&token=c", &[], Some("a"));
        check("/?token=", &[("x-auth-token", "a")], Some(""));
        check("/?tt=a&t", &[], None);
    }

    #[test]
    fn f_is_found_among_other_parameters() {
        for (query, f) in [
            ("", None),
            ("f=trace", Some("trace")),
            ("a=b&f=histogram&c", Some("histogram")),
            ("ff=trace", None),
            ("f=a&f=b", Some("a")),
            ("f", None),
        ] {
            assert_eq!(first(Some(query), &["f"]), f, "{query}");
        }
    }
}
