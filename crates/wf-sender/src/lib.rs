//! The Wavefront sending engine: lanes, batches, retries and a ledger that balances.
#![forbid(unsafe_code)]
