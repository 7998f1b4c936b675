//! The command line.

xflags::xflags! {
    /// Project tasks.
    cmd xtask {
        /// Measures ours beside its peers; see docs/performance.md.
        cmd bench {
            /// Measures this group only: format, parse, queue, send, e2e, memory. Or one that is not among them: growth
            /// (more and more producers, into docs), instructions (counted, held against the committed file), sweep (the
            /// parser on hostile lines from 1 KiB to 1 MiB).
            optional group: String
            /// Commits the counts, of instructions only.
            optional --bless
            /// Prints one JSON document in place of the table, of what is measured.
            optional --json
        }
        /// Checks everything that a change must pass; 35 minutes at most on two cores.
        cmd ci {
            /// Runs only the steps whose name contains this.
            optional step: String
        }
        /// Holds lines and clients against another SDK's, and lines against the real receiver's decoders.
        cmd conformance {
            /// The Python SDK, which is installed under `target`; skipped where Python is not.
            cmd python {
                /// How many points of each kind are made; 10,000 by default.
                optional --points points: usize
            }
            /// The shortest text of doubles, from an oracle.
            cmd numbers {
                /// How many doubles; a million by default.
                optional --count count: u64
                /// Where the generator begins; 1 by default.
                optional --seed seed: u64
            }
            /// The real receiver's decoders, which Maven brings; skipped where Java or Maven is not.
            cmd receiver {
                /// How many encoded lines of each kind, and how many others, are compared, at least; 50,000 by
                /// default.
                optional --lines lines: usize
                /// Where the generator begins; 1 by default.
                optional --seed seed: u64
            }
        }
        /// Runs the longer versions of the same checks: more seeds, more models, every feature set.
        cmd deep {
            /// Runs only the steps whose name contains this.
            optional step: String
        }
        /// Replays the seeds of all fuzz targets, then fuzzes each.
        cmd fuzz {
            /// How long each target runs; 10 by default.
            optional seconds: u32
            /// Tries so many inputs a target instead, without a sanitizer; for a long run.
            optional --executions executions: u64
            /// Fuzzes this target only.
            optional --target target: String
        }
        /// Checks the queue under every interleaving.
        cmd loom {}
        /// Interprets the queue's tests under both borrow models.
        cmd miri {
            /// How many schedules are tried; 4 by default.
            optional seeds: u32
        }
        /// Puts known bugs into copies of the queue, one at a time: its tests, loom or Miri must catch each.
        cmd queue-mutants {
            /// Tries only bugs whose name contains this.
            optional name: String
            /// Tries one bug in eight, and none that only Miri sees.
            optional --sample
        }
        /// Holds manifests, sources and documents against the house rules.
        cmd tidy {}
    }
}
