//! A request's body: read, bounded, inflated.

use std::io::{self, Read};

use bytes::Bytes;
use flate2::read::GzDecoder;
use http_body_util::BodyExt;
use hyper::body::Incoming;

/// The largest body after inflating, in bytes: the proxy's own limit.
pub(crate) const MAX_BODY: usize = 16 * 1024 * 1024;

/// How much of a body beyond the limit is read and thrown away, so that the client is still there to read the 413.
const MAX_WASTE: usize = 4 * MAX_BODY;

/// A body that was read to its end.
pub(crate) struct Body {
    /// Bytes as they came over the wire, without framing.
    pub(crate) wire_bytes: usize,
    pub(crate) content: Result<Bytes, Unreadable>,
}

/// Why a body has no text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    TooLarge,
    BadGzip(String),
}

impl Body {
    /// Reads to the end of `incoming`.
    ///
    /// # Errors
    ///
    /// The connection's own, if it ends before the body does.
    pub(crate) async fn read(mut incoming: Incoming, gzip: bool) -> Result<Self, hyper::Error> {
        let mut bytes = Vec::new();
        let mut wire_bytes = 0;
        while let Some(frame) = incoming.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            wire_bytes += data.len();
            if wire_bytes <= MAX_BODY {
                bytes.extend_from_slice(&data);
            } else if wire_bytes > MAX_WASTE {
                break;
            }
        }
        let content = if wire_bytes > MAX_BODY {
            Err(Unreadable::TooLarge)
        } else if gzip && !bytes.is_empty() {
            inflate(&bytes, MAX_BODY)
        } else {
            Ok(bytes.into())
        };
        Ok(Self { wire_bytes, content })
    }
}

/// Inflates at most `limit` bytes; what follows the first gzip member is ignored, as the proxy ignores it.
fn inflate(bytes: &[u8], limit: usize) -> Result<Bytes, Unreadable> {
    let mut inflated = Vec::new();
    let mut reader = GzDecoder::new(bytes).take(limit as u64 + 1);
    reader.read_to_end(&mut inflated).map_err(|error: io::Error| Unreadable::BadGzip(error.to_string()))?;
    if inflated.len() > limit { Err(Unreadable::TooLarge) } else { Ok(inflated.into()) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn inflates_up_to_the_limit() {
        assert_eq!(inflate(&gzip(b"0123456789"), 10).unwrap(), "0123456789");
        assert_eq!(inflate(&gzip(b"0123456789a"), 10), Err(Unreadable::TooLarge));
    }

    #[test]
    fn a_bomb_is_not_inflated_beyond_the_limit() {
        let bomb = gzip(&vec![0; 1 << 20]);
        assert!(bomb.len() < 100_000);
        assert_eq!(inflate(&bomb, 1000), Err(Unreadable::TooLarge));
    }

    #[test]
    fn what_is_no_gzip_or_cut_short_is_bad() {
        let whole = gzip(b"some text that is long enough to be cut");
        for bytes in [&b"plain"[..], &whole[..whole.len() - 1], &whole[..12], &[0x1f, 0x8b]] {
            assert!(matches!(inflate(bytes, 1000), Err(Unreadable::BadGzip(_))), "{bytes:?}");
        }
    }
}
