//! The seam between the model and the engines.
//!
//! The model is written as `async fn` over a [`Cpu`]. Every access to shared memory is one
//! `.await`: the future hands out one [`Request`] and waits for its [`Answer`]. A future touches no
//! memory itself, so whatever answers requests is an engine: one that explores, one that replays, one
//! that forwards to another checker's atomics.
//!
//! ```
//! use cowrace_machine::{Addr, Cpu, Memory, Obj, Op, Prim, Seat};
//!
//! let counter = Addr::new(Obj::boot(2), 0);
//! let mut seat = Seat::new(0, |cpu: Cpu| Box::pin(async move {
//!     cpu.load(counter, Prim::ReadOnce).await;
//!     cpu.store(counter, 7, Prim::WriteOnce).await;
//! }));
//! let mut memory = Memory::new();
//! memory.create(counter.obj());
//! while let Some(request) = seat.poll() {
//!     let done = memory.execute(&request);
//!     seat.answer(done.answer);
//! }
//! assert_eq!(memory.get(counter), 7);
//! ```
//!
//! The crate models what hardware provides: words, locks built from bits of words, page tables as an MMU sees them, and
//! per-CPU TLBs. It knows nothing about Linux except the names of primitives, which requests carry so that an engine
//! with weak memory can look up the ordering of each.

mod addr;
mod cpu;
mod footprint;
pub mod frame;
mod limits;
mod memory;
pub mod mmu;
mod narrate;
mod ordering;
mod prim;
mod program;
mod request;
mod resident;
mod seat;

pub use addr::{Addr, Arena, Dep, Obj, Place, Value};
pub use cpu::{Ask, Cpu, InFlight};
pub use footprint::{Access, Footprint, Kind};
pub use frame::{Encode, Round, Tail, Words};
pub use limits::Limits;
pub use memory::{
    ALIVE, ALL_COUNTS, DRAIN_ORDER, Done, Effect, FLUSH_ORDER, FOR_GOOD, Fault, Memory, Undo, is_order,
};
pub use narrate::{Narrate, Narration, Numbers};
pub use ordering::{Arch, Ordering};
pub use prim::Prim;
pub use program::{Actor, ActorSet, Check, Point, Program, Window};
pub use request::{Acquire, Answer, Cond, Op, Request, Used, UserAccess};
pub use resident::resident_memory;
pub use seat::{Mark, Placed, Seat};
