//! A gate that a test opens while a script waits before it.

use std::fmt;
use std::sync::Arc;

use tokio::sync::Semaphore;

/// A place where scripts wait until the test lets them pass; clones are the same gate.
///
/// Starts shut. It remembers passes that were granted before anyone waited.
#[derive(Clone)]
pub struct Gate {
    passes: Arc<Semaphore>,
}

impl Gate {
    /// A gate that is shut.
    #[must_use]
    pub fn new() -> Self {
        Self { passes: Arc::new(Semaphore::new(0)) }
    }

    /// Lets `n` waiters pass, now or later.
    pub fn pass(&self, n: usize) {
        self.passes.add_permits(n);
    }

    /// Lets everyone pass from now on.
    pub fn open(&self) {
        self.passes.close();
    }

    pub(crate) async fn wait(&self) {
        // An error means closed, and a closed semaphore is an open gate.
        if let Ok(permit) = self.passes.acquire().await {
            permit.forget();
        }
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("open", &self.passes.is_closed())
            .field("passes", &self.passes.available_permits())
            .finish()
    }
}
