//! A thread with its own runtime that stops when its owner goes.

use std::future::Future;
use std::thread::{self, JoinHandle};

use tokio::runtime;
use tokio::sync::oneshot;

/// Runs one future on a named thread; dropping it stops the future and waits for the thread.
#[derive(Debug)]
pub(crate) struct Server {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts `serve` and hands back what `serve` gives first, through the channel it is passed.
    pub(crate) fn start<T, F, Fut>(name: &str, serve: F) -> (Self, T)
    where
        T: Send + 'static,
        F: FnOnce(std::sync::mpsc::Sender<T>) -> Fut + Send + 'static,
        Fut: Future<Output = ()>,
    {
        let (stop, stopped) = oneshot::channel::<()>();
        let (ready, started) = std::sync::mpsc::channel();
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
                runtime.block_on(async move {
                    tokio::select! {
                        _ = stopped => {}
                        () = serve(ready) => {}
                    }
                });
                runtime.shutdown_background();
            })
            .expect("thread");
        let first = started.recv().expect("the server did not start");
        (Self { stop: Some(stop), thread: Some(thread) }, first)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the server has been printed; a second one here would abort a failing test.
            let _ = thread.join();
        }
    }
}
