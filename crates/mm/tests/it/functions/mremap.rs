//! mremap: what moves, and what it flushes.

use cowrace_machine::{Prim, mmu};
use cowrace_mm::Cpu;
use cowrace_mm::era::{MremapBatch, MremapUffdWp, MremapVmas, Safeguard};
use cowrace_mm::mremap::mremap;
use cowrace_mm::objects::{MmStruct, vm};
use cowrace_mm::pgtable::{Pmd, Pte, UFFD_WP};
use cowrace_mm::world::{Errno, Va};

use super::arms::{Told, behaviours, case};
use super::bench::{A, Ran, State, clear, run, set, state_of, writable};

behaviours![
    ptes_of_a_folio_are_moved_together,
    several_vmas_are_moved_one_by_one_or_not_at_all,
    what_userfaultfd_protects_is_not_protected_elsewhere,
    a_page_that_is_moved_leaves_the_tlbs,
];

/// The range that is moved, and where it goes. Pages follow their ranges.
const FROM: Va = 0;
const TO: Va = 3;

fn buf(state: &str) -> State {
    state_of(&format!(
        "race state\nmm A {{ buf: {state}; dst: thp_none }}\n\nt @A\n====\nr = buf[0]\ns = dst[1]\nmremap(buf, dst)\n\nalways r == 0\n"
    ))
}

async fn moves(cpu: &Cpu) -> Result<(), Errno> {
    mremap(cpu, A, FROM, TO).await
}

fn pte(ran: &Ran<Result<(), Errno>>, va: Va) -> Pte {
    Pte::from(ran.memory.get(A.pte(va)))
}

fn ptes_of_a_folio_are_moved_together() -> Told {
    use Prim::{PtepGetAndClear, SetPteAt};
    let steps = |ran: &Ran<_>| ran.order(&[PtepGetAndClear, SetPteAt]);
    let one_by_one = vec![PtepGetAndClear, SetPteAt, PtepGetAndClear, SetPteAt];
    let together = vec![PtepGetAndClear, PtepGetAndClear, SetPteAt, SetPteAt];
    let alike = case("v6.18", buf("thp_pte"), moves, steps).arms(&[
        (MremapBatch::No, one_by_one),
        (MremapBatch::Any, together.clone()),
        (MremapBatch::SameWrite, together),
    ]);
    let state = buf("thp_pte").but(|memory| clear(memory, A.pte(FROM + 2), mmu::WRITE));
    let unlike = case("v6.18", state, moves, |ran| writable(pte(ran, TO + 2))).arms(&[
        (MremapBatch::No, false),
        (MremapBatch::Any, true),
        (MremapBatch::SameWrite, false),
    ]);
    [alike, unlike].concat()
}

fn several_vmas_are_moved_one_by_one_or_not_at_all() -> Told {
    let state = buf("thp_pte").but(|memory| set(memory, A.vm_flags(FROM + 2), vm::DONTCOPY));
    case("v6.18", state, moves, |ran| (ran.result().is_ok(), pte(ran, TO + 2).present()))
        .arms(&[(MremapVmas::One, (false, false)), (MremapVmas::Each, (true, true))])
}

fn what_userfaultfd_protects_is_not_protected_elsewhere() -> Told {
    let state = buf("thp_pte").but(|memory| {
        set(memory, A.pte(FROM + 1), UFFD_WP);
        for page in [FROM + 1, FROM + 2] {
            set(memory, A.vm_flags(page), vm::UFFD_WP);
        }
    });
    case("v6.18", state, moves, |ran| pte(ran, TO + 1).uffd_wp())
        .arms(&[(MremapUffdWp::Kept, true), (MremapUffdWp::Cleared, false)])
}

fn a_page_that_is_moved_leaves_the_tlbs() -> Told {
    case("v6.18", buf("thp_pte"), moves, |ran| ran.count(Prim::FlushTlb) > 0).safeguard(
        Safeguard::MremapFlush,
        true,
        false,
    )
}

/// A PMD goes as a whole, with what it says, and the range is empty and without a VMA then.
#[test]
fn a_huge_page_is_moved_as_a_whole() {
    let era = cowrace_mm::Era::preset("v6.18").expect("a preset");
    let ran = run(&buf("thp"), &era, moves);
    let mm: MmStruct = A;
    assert!(matches!(Pte::from(ran.memory.get(mm.pmd(TO))).pmd(), Pmd::Huge(_)));
    assert!(writable(Pte::from(ran.memory.get(mm.pmd(TO)))));
    assert_eq!(Pte::from(ran.memory.get(mm.pmd(FROM))).pmd(), Pmd::None);
    assert_eq!(
        (ran.memory.get(mm.vm_flags(FROM + 1)), ran.memory.get(mm.vm_flags(TO + 1)) & vm::EXISTS),
        (0, vm::EXISTS)
    );
}
