use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, Uri,
    header::{CONTENT_ENCODING, RETRY_AFTER},
};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};
use wf_transport::{Batch, Cause, Outcome};

use crate::{
    client::Shared,
    connection::{Answer, Connection, Failure},
    gzip::gzip,
    retry_after,
    timeouts::later,
};

/// One port and path of a host, with the one connection that is kept open to it.
///
/// Dropping it closes the connection.
pub struct Endpoint {
    client: Arc<Shared>,
    address: Uri,
    target: Uri,
    headers: HeaderMap,
    gzip_level: u8,
    kept: Mutex<Option<Connection>>,
}

impl Endpoint {
    pub(crate) const fn new(
        client: Arc<Shared>,
        address: Uri,
        target: Uri,
        headers: HeaderMap,
        gzip_level: u8,
    ) -> Self {
        Self { client, address, target, headers, gzip_level, kept: Mutex::new(None) }
    }

    /// Sends `batch` as one POST, tries once, and says what became of it.
    ///
    /// The kept connection is used if it is still good, else a new one is opened. [`Batch::written`] is called when the
    /// connection stands and before the first byte of the request can leave. An answer's body is read up to 64 KiB and
    /// thrown away; it is never decompressed.
    ///
    /// Meant for one call at a time; a second one at the same time opens a connection of its own.
    ///
    /// # Panics
    ///
    /// If it is polled outside a tokio runtime with I/O and time enabled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection that it used. The endpoint stays good.
    pub async fn post(&self, batch: &Batch) -> Outcome {
        let deadline = later(Instant::now(), self.client.timeouts.attempt);
        // Compressing takes a while, so it is done before the connection is looked at.
        let request = self.request(batch);
        let mut connection = match timeout_at(deadline, self.connection()).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(cause)) => return Outcome::Unsent(cause),
            Err(_) => return Outcome::Unsent(Cause::Deadline),
        };
        batch.written();
        let Answer { response, complete } =
            match connection.send(request, &self.client.timeouts, deadline).await {
                Ok(answer) => answer,
                Err(Failure::Unsent(cause)) => return Outcome::Unsent(cause),
                Err(Failure::Unknown(cause)) => return Outcome::Unknown(cause),
            };
        let outcome = Outcome::Answered {
            status: response.status().as_u16(),
            retry_after: wait(response.headers()),
            partial: false,
        };
        let drained = timeout_at(deadline, drain(response.into_body())).await.unwrap_or(false);
        if complete && drained {
            self.keep(connection);
        }
        outcome
    }

    async fn connection(&self) -> Result<Connection, Cause> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut connection) = kept {
            if connection.ready(&self.client.timeouts).await {
                return Ok(connection);
            }
        }
        let mut connection = self.client.connector.open(&self.address).await?;
        // Some servers close on the spot, as when they are full.
        if connection.ready(&self.client.timeouts).await { Ok(connection) } else { Err(Cause::Closed) }
    }

    fn keep(&self, mut connection: Connection) {
        connection.rest();
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
    }

    fn request(&self, batch: &Batch) -> Request<Full<Bytes>> {
        let zipped = gzip(batch, self.gzip_level);
        let mut headers = self.headers.clone();
        if zipped.is_some() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let body = zipped.unwrap_or_else(|| Bytes::from_owner(batch.clone()));
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.target.clone();
        *request.headers_mut() = headers;
        request
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("address", &self.address)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

fn wait(headers: &HeaderMap) -> Option<Duration> {
    retry_after(headers.get(RETRY_AFTER)?.to_str().ok()?, SystemTime::now())
}

/// Reads the body to its end; tells whether it had one within bounds.
async fn drain(mut body: Incoming) -> bool {
    let mut left = MAX_BODY;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return false };
        let bytes = frame.data_ref().map_or(0, Bytes::len);
        let Some(rest) = left.checked_sub(bytes) else { return false };
        left = rest;
    }
    true
}

const MAX_BODY: usize = 64 << 10;
