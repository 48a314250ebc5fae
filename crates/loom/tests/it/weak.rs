//! What C11 memory adds: the litmus tests for which the kernel has barriers.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use cowrace_loom::{Loom, Memory};
use cowrace_machine::{Actor, Addr, Arch, Cpu, Memory as Words, Numbers, Obj, Place, Prim, Program};
use cowrace_report::{Class, Finding};

const DATA: Addr = Addr::new(Obj::boot(2), 0);
const FLAG: Addr = Addr::new(Obj::boot(2), 1);
const OTHER: Addr = Addr::new(Obj::boot(2), 2);
const SEEN: [Addr; 2] = [Addr::new(Obj::boot(3), 0), Addr::new(Obj::boot(3), 1)];

type Run = Pin<Box<dyn Future<Output = ()>>>;

/// A program of two actors that is bad if they have seen `bad`.
fn program(
    one: impl Fn(Cpu) -> Run + Send + Sync + 'static,
    two: impl Fn(Cpu) -> Run + Send + Sync + 'static,
    bad: [u64; 2],
) -> Arc<Program> {
    let mut memory = Words::new();
    memory.create(Obj::boot(2));
    memory.create(Obj::boot(3));
    Arc::new(Program {
        memory,
        actors: vec![Actor::new("one", one), Actor::new("two", two)],
        barriers: Vec::new(),
        forgetful: false,
        windows: Vec::new(),
        check: Box::new(move |memory| {
            (SEEN.map(|word| memory.get(word)) == bad)
                .then(|| Finding { class: Class::Assertion, detail: format!("{bad:?}").into() })
        }),
        narrate: Box::new(Numbers),
        fingerprint: 0,
    })
}

fn is_bad(program: &Arc<Program>, memory: Memory) -> bool {
    let opinion = Loom::new(Arc::clone(program)).memory(memory).run();
    assert_eq!(opinion.reason, None);
    opinion.finding.is_some()
}

/// Stores what was seen in words that only this actor uses.
async fn note(cpu: &Cpu, nth: usize, value: u64) {
    cpu.store(SEEN[nth], value, Prim::WriteOnce).await;
}

async fn maybe(cpu: &Cpu, barrier: Option<Prim>) {
    if let Some(barrier) = barrier {
        cpu.fence(barrier).await;
    }
}

/// Message passing: data, then a flag; the reader sees the flag and not the data.
fn message(write: Option<Prim>, read: Option<Prim>) -> Arc<Program> {
    program(
        move |cpu| {
            Box::pin(async move {
                cpu.store(DATA, 1, Prim::WriteOnce).await;
                maybe(&cpu, write).await;
                cpu.store(FLAG, 1, Prim::WriteOnce).await;
            })
        },
        move |cpu| {
            Box::pin(async move {
                let flag = cpu.load(FLAG, Prim::ReadOnce).await.bits;
                maybe(&cpu, read).await;
                let data = cpu.load(DATA, Prim::ReadOnce).await.bits;
                note(&cpu, 0, flag).await;
                note(&cpu, 1, data).await;
            })
        },
        [1, 0],
    )
}

const WEAK: Memory = Memory::C11(Arch::Generic);

#[test]
fn message_passing_needs_both_barriers() {
    let (wmb, rmb) = (Some(Prim::SmpWmb), Some(Prim::SmpRmb));
    assert!(is_bad(&message(None, None), WEAK));
    assert!(is_bad(&message(wmb, None), WEAK));
    assert!(is_bad(&message(None, rmb), WEAK));
    assert!(!is_bad(&message(wmb, rmb), WEAK));
    assert!(!is_bad(&message(Some(Prim::SmpMb), Some(Prim::SmpMb)), WEAK));
    assert!(!is_bad(&message(None, None), Memory::Sc));
    assert!(!is_bad(&message(None, None), Memory::C11(Arch::X86)), "x86 keeps loads and stores in order");
}

/// Store buffering: each writes its word and reads the other's.
fn buffering(barrier: Option<Prim>) -> Arc<Program> {
    let actor = move |nth: usize, mine: Addr, theirs: Addr| {
        move |cpu: Cpu| -> Run {
            Box::pin(async move {
                cpu.store(mine, 1, Prim::WriteOnce).await;
                maybe(&cpu, barrier).await;
                let seen = cpu.load(theirs, Prim::ReadOnce).await.bits;
                note(&cpu, nth, seen).await;
            })
        }
    };
    program(actor(0, DATA, OTHER), actor(1, OTHER, DATA), [0, 0])
}

#[test]
fn store_buffering_needs_the_full_barrier() {
    assert!(is_bad(&buffering(None), WEAK));
    assert!(is_bad(&buffering(Some(Prim::SmpWmb)), WEAK));
    assert!(!is_bad(&buffering(Some(Prim::SmpMb)), WEAK));
    assert!(!is_bad(&buffering(None), Memory::Sc));
    assert!(is_bad(&buffering(None), Memory::C11(Arch::X86)), "except a store and a later load");
}

/// A pointer is published after `smp_wmb`; the reader follows it, with or without declaring the address dependency.
fn publication(says_so: bool) -> Arc<Program> {
    program(
        |cpu| {
            Box::pin(async move {
                cpu.store(DATA, 1, Prim::WriteOnce).await;
                cpu.fence(Prim::SmpWmb).await;
                cpu.store(FLAG, 1, Prim::WriteOnce).await;
            })
        },
        move |cpu| {
            Box::pin(async move {
                let pointer = cpu.load(FLAG, Prim::ReadOnce).await;
                let place = if says_so { Place { addr: DATA, dep: pointer.dep } } else { DATA.into() };
                let data = cpu.load(place, Prim::ReadOnce).await.bits;
                note(&cpu, 0, pointer.bits).await;
                note(&cpu, 1, data).await;
            })
        },
        [1, 0],
    )
}

#[test]
fn an_address_that_was_loaded_orders_the_access() {
    assert!(!is_bad(&publication(true), WEAK));
    assert!(is_bad(&publication(false), WEAK));
}

#[test]
fn architectures_differ_in_what_their_atomics_order() {
    // `page_ref_add` between the stores: a locked instruction on x86, relaxed on arm64.
    let message = program(
        |cpu| {
            Box::pin(async move {
                cpu.store(DATA, 1, Prim::WriteOnce).await;
                cpu.fetch_add(FLAG, 1, Prim::PageRefAdd).await;
            })
        },
        |cpu| {
            Box::pin(async move {
                let flag = cpu.load(FLAG, Prim::ReadOnce).await.bits;
                cpu.fence(Prim::SmpRmb).await;
                let data = cpu.load(DATA, Prim::ReadOnce).await.bits;
                note(&cpu, 0, flag).await;
                note(&cpu, 1, data).await;
            })
        },
        [1, 0],
    );
    assert!(!is_bad(&message, Memory::C11(Arch::X86)));
    assert!(is_bad(&message, Memory::C11(Arch::Arm64)));
}
