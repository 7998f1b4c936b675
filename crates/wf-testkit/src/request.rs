//! An HTTP request as it came over the wire.

/// One HTTP request that a script read; the body is as sent (still compressed), without chunk framing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The method, as in `POST`.
    pub method: String,
    /// The target, as in `/report?f=wavefront`.
    pub target: String,
    /// Names in lower case, and values, in the order they came.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The first value of the header `name`, which is given in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Takes one request from the front of `bytes`.
    ///
    /// Says how many bytes it took, or `None` while it is incomplete.
    pub(crate) fn take(bytes: &[u8]) -> Option<(Self, usize)> {
        let head_end = find(bytes, b"\r\n\r\n")? + 4;
        let head = String::from_utf8_lossy(&bytes[..head_end]);
        let mut lines = head.split("\r\n");
        let mut words = lines.next().unwrap_or_default().split(' ');
        let mut request = Self {
            method: words.next().unwrap_or_default().to_owned(),
            target: words.next().unwrap_or_default().to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        for (key, value) in lines.filter_map(|line| line.split_once(':')) {
            request.headers.push((key.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let rest = &bytes[head_end..];
        let (body, used) = if request.header("transfer-encoding") == Some("chunked") {
            unchunk(rest)?
        } else {
            let length = request.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
            (rest.get(..length)?.to_vec(), length)
        };
        request.body = body;
        Some((request, head_end + used))
    }
}

/// The body and how many bytes its chunks took, or `None` while the last chunk is missing.
fn unchunk(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let line = at + find(bytes.get(at..)?, b"\r\n")?;
        let size = std::str::from_utf8(&bytes[at..line]).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        at = line + 2;
        if size == 0 {
            // Trailers, if any, end with an empty line.
            let end = if bytes.get(at..)?.starts_with(b"\r\n") {
                at + 2
            } else {
                at + find(bytes.get(at..)?, b"\r\n\r\n")? + 4
            };
            return Some((body, end));
        }
        body.extend_from_slice(bytes.get(at..at.checked_add(size)?)?);
        at += size + 2;
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &str, body: &str, left: &str) {
        let (request, used) = Request::take(bytes.as_bytes()).expect("complete");
        assert_eq!(String::from_utf8(request.body).unwrap(), body);
        assert_eq!(&bytes[used..], left);
        for cut in 0..used {
            assert_eq!(Request::take(&bytes.as_bytes()[..cut]), None, "cut at {cut}");
        }
    }

    #[test]
    fn requests_end_where_their_framing_says() {
        check("GET / HTTP/1.1\r\n\r\n", "", "");
        check("POST /r HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcPOST", "abc", "POST");
        check(
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\nG",
            "abc0123456789",
            "G",
        );
        check("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nt: 1\r\n\r\n", "a", "");
    }

    #[test]
    fn the_head_is_taken_apart() {
        let (request, _) =
            Request::take(b"PUT /a?b=c HTTP/1.1\r\nHost:  h:1 \r\nX-A: 1\r\nx-a: 2\r\n\r\n").unwrap();
        assert_eq!((request.method.as_str(), request.target.as_str()), ("PUT", "/a?b=c"));
        assert_eq!((request.header("host"), request.header("x-a")), (Some("h:1"), Some("1")));
        assert_eq!(request.header("none"), None);
    }
}
