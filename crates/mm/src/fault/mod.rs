//! Page faults: on memory that is not populated yet, on swapped memory, and write faults on memory that may be shared.
//!
//! Follows `mm/memory.c`, function by function, v5.7 to v6.15; where kernels differ, the rule of the era is read at the
//! place where their code differs. Left out: everything above the PTE level, shared and PFN mappings, KSM, NUMA
//! hinting, migration and device entries, memcg, MMU notifiers, allocation failure.

mod copy;
mod handle;
mod missing;
mod swap;
mod unshare;
mod vm_fault;
pub mod wp;

pub use copy::copy_user_highpage;
pub(crate) use handle::set_access_flags;
pub use handle::{do_user_addr_fault, handle_mm_fault};
pub(crate) use swap::do_swap_page;
pub use unshare::must_unshare;
pub use vm_fault::{FaultFlag, FaultResult, VmFault};
