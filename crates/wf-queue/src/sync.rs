//! `core`'s atomics and `alloc`'s `Arc`, or loom's when the model checker drives.

#[cfg(not(wf_loom))]
pub(crate) use alloc::sync::Arc;
#[cfg(not(wf_loom))]
pub(crate) use core::sync::atomic::{AtomicU64, Ordering};

#[cfg(wf_loom)]
pub(crate) use loom::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
