//! Counts the bytes that cross the stream under hyper, and lets an early answer be read.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

use crate::{Timeouts, timeouts::later};

/// The bytes of one request and its answer so far.
pub(crate) struct Meter(Mutex<Count>);

struct Count {
    written: usize,
    read: usize,
    wrote_at: Instant,
}

impl Meter {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Count { written: 0, read: 0, wrote_at: Instant::now() }))
    }

    /// Starts to count for the next request.
    pub(crate) fn restart(&self) {
        *self.count() = Count { written: 0, read: 0, wrote_at: Instant::now() };
    }

    /// Returns how many bytes the stream has taken.
    ///
    /// At 0 not one byte of the request left. Below the length of its body the peer cannot have all of it.
    pub(crate) fn written(&self) -> usize {
        self.count().written
    }

    /// Returns when silence becomes a failure: of a peer that takes no byte of a request with a body of `body` bytes,
    /// or that answers none. Once an answer has begun, only the limit of the whole attempt is left.
    pub(crate) fn limit(&self, body: usize, timeouts: &Timeouts) -> Option<Instant> {
        let count = self.count();
        let wait = if count.written < body { timeouts.write } else { timeouts.answer };
        (count.read == 0).then(|| later(count.wrote_at, wait))
    }

    fn count(&self) -> MutexGuard<'_, Count> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream that reports to a [`Meter`].
///
/// A server that refuses a request early (413, 401) answers, and closes while the rest is still being written. The
/// write then fails, but the answer lies in the receive buffer. So a failed write stays pending and its error comes out
/// of the read side, after whatever can still be read.
pub(crate) struct Metered<T> {
    stream: T,
    meter: Arc<Meter>,
    failed: Option<io::Error>,
}

impl<T> Metered<T> {
    pub(crate) const fn new(stream: T, meter: Arc<Meter>) -> Self {
        Self { stream, meter, failed: None }
    }

    fn write<R>(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(&mut T, &mut Context<'_>) -> Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        if self.failed.is_some() {
            return Poll::Pending;
        }
        match ready!(write(&mut self.stream, cx)) {
            Ok(done) => Poll::Ready(Ok(done)),
            Err(error) => {
                self.failed = Some(error);
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    fn wrote(&self, result: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(bytes)) = result {
            let mut count = self.meter.count();
            count.written += bytes;
            count.wrote_at = Instant::now();
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Metered<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let bytes = buf.filled().len() - before;
        self.meter.count().read += bytes;
        Poll::Ready(match self.failed.take() {
            Some(error) if bytes == 0 => Err(error),
            failed => {
                self.failed = failed;
                Ok(())
            }
        })
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Metered<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = self.write(cx, |stream, cx| Pin::new(stream).poll_write(cx, buf));
        self.wrote(&result);
        result
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = self.write(cx, |stream, cx| Pin::new(stream).poll_write_vectored(cx, bufs));
        self.wrote(&result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write(cx, |stream, cx| Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
