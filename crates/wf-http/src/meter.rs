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
    sealed: bool,
}

impl Meter {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Count { written: 0, read: 0, wrote_at: Instant::now(), sealed: false }))
    }

    /// Starts to count for the next request.
    pub(crate) fn restart(&self) {
        let mut count = self.count();
        (count.written, count.read, count.wrote_at) = (0, 0, Instant::now());
    }

    /// Returns how many bytes the stream has taken. Below the length of its body the peer cannot have all of a request.
    pub(crate) fn written(&self) -> usize {
        self.count().written
    }

    /// Forbids every further write and returns how many bytes the stream has taken: at 0 not one byte of the request
    /// left, nor ever will.
    pub(crate) fn seal(&self) -> usize {
        let mut count = self.count();
        count.sealed = true;
        count.written
    }

    /// Returns when silence becomes a failure: of a peer that takes no byte of a request with a body of `body` bytes,
    /// or that answers none. Once an answer has begun, only the limit of the whole attempt is left.
    pub(crate) fn limit(&self, body: usize, timeouts: &Timeouts) -> Option<Instant> {
        let count = self.count();
        let wait = if count.written < body { timeouts.write } else { timeouts.answer };
        (count.read == 0).then(|| later(count.wrote_at, wait))
    }

    /// Writes under the lock: a seal comes before a write or after it was counted.
    fn write(&self, write: impl FnOnce() -> Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        let mut count = self.count();
        if count.sealed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let bytes = ready!(write())?;
        count.written += bytes;
        count.wrote_at = Instant::now();
        Poll::Ready(Ok(bytes))
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

    /// Keeps the error of a write back.
    fn unless_failed<R>(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut T>, &mut Context<'_>, &Meter) -> Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>>
    where
        T: Unpin,
    {
        if self.failed.is_some() {
            return Poll::Pending;
        }
        match ready!(write(Pin::new(&mut self.stream), cx, &self.meter)) {
            Ok(done) => Poll::Ready(Ok(done)),
            Err(error) => {
                self.failed = Some(error);
                // The read side has something to say now.
                cx.waker().wake_by_ref();
                Poll::Pending
            }
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
        self.unless_failed(cx, |stream, cx, meter| meter.write(|| stream.poll_write(cx, buf)))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.unless_failed(cx, |stream, cx, meter| meter.write(|| stream.poll_write_vectored(cx, bufs)))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.unless_failed(cx, |stream, cx, _| stream.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
