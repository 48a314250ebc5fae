//! The model under [loom](https://docs.rs/loom): a second opinion on the results of the search, and a first one on weak
//! memory.
//!
//! loom 0.7.2 is an ordinary library here, without `--cfg loom`. Each actor is one of its threads, each word
//! that actors share one of its atomics; `cowrace-thread-engine` does the rest.
//!
//! # Memory
//!
//! [`Memory::Sc`] makes every access a read-modify-write. loom then has sequential consistency, and its search finds
//! the other order of every two accesses of a word. Plain loads and stores would be cheaper, but loom forgets earlier
//! loads of other threads when a thread loads a word and then stores it, and misses executions that reverse them
//! (tokio-rs/loom issues 166 and 392). That is the pattern of every PTE under its lock.
//!
//! [`Memory::C11`] keeps loads and stores, with the orderings that the kernel's primitives have on an architecture, as
//! closely as C11 can express them: a fully ordered atomic has a sequentially consistent fence on each side, since loom
//! treats sequentially consistent accesses as acquire and release; `smp_rmb` and `smp_wmb` are acquire and release
//! fences, which are a little stronger. On x86 plain loads acquire and plain stores release. C11 has no address
//! dependencies; where the model says that an address was loaded, an acquire fence precedes the access. User accesses
//! and life words read the newest value. So a violation is a reason to investigate, and its absence proves nothing:
//! loom misses outcomes, and even a search that has run to its end is [not called complete](Loom::run).
//!
//! # Limits
//!
//! loom has five threads, and one of them only starts the others: four actors. It counts branches, and an execution may
//! have no more than [`BRANCHES`]. For a program that does not fit, the opinion has no answer but a reason. loom's own
//! limits on permutations and time are not used: loom checks them only now and then, and reports success when one is
//! exceeded.

mod atomic;
mod driver;

pub use driver::{ACTORS, BRANCHES, Loom, Memory};
