//! userfaultfd write-protection.

use cowrace_machine::Prim;
use cowrace_mm::Cpu;
use cowrace_mm::era::{Safeguard, UffdMmget, UffdUnprotect};
use cowrace_mm::fault::do_user_addr_fault;
use cowrace_mm::pgtable::UFFD_WP;
use cowrace_mm::userfaultfd::userfaultfd_writeprotect;

use super::arms::{Told, behaviours, case};
use super::bench::{A, Ran, State, buf, clear, exiting, set, writable};

behaviours![
    an_mm_without_users_is_walked_unless_a_user_is_taken,
    unprotecting_takes_the_write_bit_or_gives_it_back,
    what_is_protected_is_flushed,
    what_is_unprotected_is_flushed,
    a_fault_does_not_sleep_for_what_is_not_protected_any_more,
];

fn protected() -> State {
    buf("anon uffd_wp wrprotected").but(|memory| set(memory, A.pte(0), UFFD_WP))
}

async fn protect(cpu: &Cpu) {
    userfaultfd_writeprotect(cpu, A, 0, true).await;
}

async fn unprotect(cpu: &Cpu) {
    userfaultfd_writeprotect(cpu, A, 0, false).await;
}

fn an_mm_without_users_is_walked_unless_a_user_is_taken() -> Told {
    let left = exiting("anon uffd_wp").but(|memory| memory.set(A.mm_users(), 0));
    case("v6.12", left, protect, |ran| ran.count(Prim::PtepModifyProtStart))
        .arms(&[(UffdMmget::No, 1), (UffdMmget::Yes, 0)])
}

fn unprotecting_takes_the_write_bit_or_gives_it_back() -> Told {
    case("v6.12", buf("anon uffd_wp"), unprotect, |ran| writable(ran.pte()))
        .arms(&[(UffdUnprotect::ClearsWrite, false), (UffdUnprotect::TryWritable, true)])
}

fn flushes(ran: &Ran<()>) -> usize {
    ran.count(Prim::FlushTlb)
}

fn what_is_protected_is_flushed() -> Told {
    case("v6.12", buf("anon uffd_wp"), protect, flushes).safeguard(Safeguard::UffdWpFlush, 1, 0)
}

fn what_is_unprotected_is_flushed() -> Told {
    case("v6.12", protected(), unprotect, flushes).safeguard(Safeguard::UffdUnprotectFlush, 1, 0)
}

/// The protection is removed, and waiting faults are woken, before the fault has read how often they were woken.
fn a_fault_does_not_sleep_for_what_is_not_protected_any_more() -> Told {
    let unprotected = protected().meanwhile(Prim::ReadOnce, 0, |memory| clear(memory, A.pte(0), UFFD_WP));
    let store = async |cpu: &Cpu| {
        let _ = do_user_addr_fault(cpu, A, 0, true).await;
    };
    case("v6.12", unprotected.may_sleep(), store, |ran| ran.sleeps()).safeguard(
        Safeguard::UffdMustWait,
        false,
        true,
    )
}
