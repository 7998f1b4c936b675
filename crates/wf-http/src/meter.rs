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

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, duplex},
        time::{Instant, advance, timeout},
    };

    use super::{Meter, Metered};
    use crate::Timeouts;

    #[tokio::test]
    async fn after_a_seal_no_byte_leaves() {
        let meter = Arc::new(Meter::new());
        let (near, mut far) = duplex(64);
        let mut stream = Metered::new(near, Arc::clone(&meter));
        stream.write_all(b"abc").await.unwrap();
        assert_eq!(meter.seal(), 3);
        assert!(timeout(Duration::from_millis(20), stream.write_all(b"def")).await.is_err(), "stays pending");
        drop(stream);
        let mut left = String::new();
        far.read_to_string(&mut left).await.unwrap();
        assert_eq!(left, "abc");
    }

    #[tokio::test(start_paused = true)]
    async fn each_limit_counts_from_the_last_byte_written_until_an_answer_begins() {
        const WRITE: Duration = Duration::from_secs(7);
        const ANSWER: Duration = Duration::from_secs(3);
        const PAUSE: Duration = Duration::from_secs(1);
        let timeouts = Timeouts { write: WRITE, answer: ANSWER, ..Timeouts::DEFAULT };
        let meter = Arc::new(Meter::new());
        let (near, mut far) = duplex(64);
        let mut stream = Metered::new(near, Arc::clone(&meter));
        let start = Instant::now();
        meter.restart();
        assert_eq!(meter.limit(4, &timeouts), Some(start + WRITE));

        advance(PAUSE).await;
        stream.write_all(b"ab").await.unwrap();
        assert_eq!(meter.limit(4, &timeouts), Some(start + PAUSE + WRITE));

        advance(PAUSE).await;
        stream.write_all(b"cd").await.unwrap();
        assert_eq!(meter.limit(4, &timeouts), Some(start + PAUSE * 2 + ANSWER));

        far.write_all(b"H").await.unwrap();
        stream.read_u8().await.unwrap();
        assert_eq!(meter.limit(4, &timeouts), None);

        meter.restart();
        assert_eq!(meter.limit(4, &timeouts), Some(start + PAUSE * 2 + WRITE));
    }
}
