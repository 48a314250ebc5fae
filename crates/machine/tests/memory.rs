//! What each request does to memory, and that it can be undone.

use std::panic::Location;

use cowrace_machine::{
    Addr, Answer, Cond, Dep, Fault, Kind, Memory, Obj, Op, Prim, Request, Used, UserAccess, mmu,
};
use proptest::prelude::*;

const WORD: Addr = Addr::new(Obj::boot(2), 0);
const PTE: Addr = Addr::new(Obj::boot(2), 1);
const TLB: Obj = Obj::boot(3);
const PAGE: Obj = Obj::boot(4);

#[track_caller]
fn request(op: Op) -> Request {
    Request {
        op,
        prim: Prim::Ghost,
        function: "test",
        site: Location::caller(),
        address: Dep::default(),
        data: Dep::default(),
        speculative: false,
    }
}

fn memory() -> Memory {
    let mut memory = Memory::new();
    for nth in 2..5 {
        memory.create(Obj::boot(nth));
    }
    memory
}

fn user(store: Option<u64>) -> Request {
    below(None, store)
}

fn below(directory: Option<Addr>, store: Option<u64>) -> Request {
    let tlb = Addr::new(TLB, 0);
    request(Op::User(UserAccess { tlb, pte: PTE, directory, page: 0, word: 0, store }))
}

fn rw(page: Obj) -> u64 {
    mmu::PRESENT | mmu::WRITE | mmu::pfn_bits(page)
}

#[test]
fn a_stale_entry_writes_to_the_old_page() {
    let mut memory = memory();
    memory.set(PTE, rw(PAGE));
    assert!(memory.execute(&user(Some(7))).answer.ok);
    // Write-protected without a flush: the store still succeeds.
    memory.set(PTE, mmu::PRESENT | mmu::pfn_bits(PAGE));
    let done = memory.execute(&user(Some(8)));
    assert!(done.answer.ok);
    assert_eq!(memory.get(mmu::data(PAGE, 0)), 8);
    assert!(done.footprint.accesses().iter().all(|a| a.addr != PTE), "a hit does not read the PTE");
    // After the flush it faults.
    memory.execute(&request(Op::FlushTlb { tlb: TLB, entries: 1 }));
    assert!(!memory.execute(&user(Some(9))).answer.ok);
}

/// Until the TLB is flushed an access goes to the page, whatever the directory says; a walk goes no further than to it.
#[test]
fn a_walk_ends_where_the_table_was_taken_away() {
    let (mut memory, directory) = (memory(), Some(WORD));
    memory.set(PTE, rw(PAGE));
    memory.set(WORD, 1);
    assert!(memory.execute(&below(directory, Some(7))).answer.ok);
    memory.set(WORD, 0);
    assert!(memory.execute(&below(directory, Some(8))).answer.ok);
    memory.execute(&request(Op::FlushTlb { tlb: TLB, entries: 1 }));
    let done = memory.execute(&below(directory, Some(9)));
    assert_eq!((done.answer.value, done.answer.ok), (mmu::NO_TABLE, false));
    assert!(done.footprint.accesses().iter().all(|a| a.addr != PTE));
    assert_eq!((memory.get(mmu::data(PAGE, 0)), memory.get(Addr::new(TLB, 0))), (8, 0));
}

#[test]
fn a_clean_entry_walks_before_it_writes() {
    let mut memory = memory();
    memory.set(PTE, rw(PAGE));
    memory.execute(&user(None));
    memory.set(PTE, mmu::PRESENT | mmu::pfn_bits(PAGE));
    // The entry is writable but not dirty, so the walker reads the PTE again and refuses.
    assert!(!memory.execute(&user(Some(1))).answer.ok);
}

#[test]
fn a_walk_sets_accessed_and_dirty() {
    let mut memory = memory();
    memory.set(PTE, rw(PAGE));
    memory.execute(&user(None));
    assert_eq!(memory.get(PTE), rw(PAGE) | mmu::ACCESSED);
    memory.execute(&user(Some(1)));
    assert_eq!(memory.get(PTE), rw(PAGE) | mmu::ACCESSED | mmu::DIRTY);
}

#[test]
fn freed_memory_faults_unless_looked_up_speculatively() {
    let mut memory = memory();
    memory.execute(&request(Op::Free { obj: PAGE }));
    let load = request(Op::Load { addr: Addr::new(PAGE, 1), mask: u64::MAX });
    assert_eq!(memory.execute(&load).fault, Some(Fault::Dead(PAGE)));
    let lookup = Request {
        speculative: true,
        ..request(Op::AddUnless { addr: Addr::new(PAGE, 1), value: 1, unless: 0 })
    };
    let done = memory.execute(&lookup);
    assert_eq!((done.fault, done.answer.ok), (None, false));
    assert_eq!(memory.execute(&request(Op::Free { obj: PAGE })).fault, Some(Fault::Twice(PAGE)));
}

#[test]
fn a_failed_conditional_operation_is_a_read() {
    let mut memory = memory();
    memory.set(WORD, 1);
    for op in [
        Op::CmpXchg { addr: WORD, old: 5, new: 6 },
        Op::AddUnless { addr: WORD, value: 1, unless: 1 },
        Op::Trylock { addr: WORD, bit: 1 },
    ] {
        let done = memory.execute(&request(op));
        assert!(!done.answer.ok);
        assert!(done.footprint.accesses().iter().all(|a| a.kind == Kind::Read), "{op:?}");
    }
}

#[test]
fn locks_wait_and_complain() {
    let mut memory = memory();
    let lock = Op::Lock { addr: WORD, bit: 2 };
    memory.execute(&request(lock));
    assert!(!memory.ready(&lock));
    assert!(memory.ready(&Op::Lock { addr: WORD, bit: 4 }), "another bit of the word is another lock");
    memory.execute(&request(Op::Unlock { addr: WORD, bit: 2 }));
    assert!(memory.ready(&lock));
    assert_eq!(memory.execute(&request(Op::Unlock { addr: WORD, bit: 2 })).fault, Some(Fault::NotHeld(WORD)));
}

#[test]
fn readers_share_and_writers_do_not() {
    let mut memory = memory();
    let (read, write) = (Op::ReadLock { addr: PTE }, Op::WriteLock { addr: PTE });
    memory.execute(&request(read));
    assert!(memory.ready(&read) && !memory.ready(&write));
    memory.execute(&request(Op::ReadUnlock { addr: PTE }));
    memory.execute(&request(write));
    assert!(!memory.ready(&read));
    memory.execute(&request(Op::Downgrade { addr: PTE }));
    assert!(memory.ready(&read) && !memory.ready(&write));
    memory.execute(&request(Op::ReadUnlock { addr: PTE }));
    assert_eq!(memory.get(PTE), 0);
}

#[test]
fn a_count_below_zero_is_a_fault() {
    let mut memory = memory();
    let sub = request(Op::SubAndTest { addr: WORD, value: 1 });
    assert_eq!(memory.execute(&sub).fault, Some(Fault::Underflow(WORD)));
}

fn op() -> impl Strategy<Value = Op> {
    let addr = (2..5_u16, 0..4_u8).prop_map(|(obj, word)| Addr::new(Obj::boot(obj), word));
    let used = prop_oneof![Just(Used::Nothing), Just(Used::IsZero), Just(Used::All)];
    (addr, 0..9_u64, used, 0..14_u8).prop_map(|(addr, value, used, kind)| match kind {
        0 => Op::Load { addr, mask: value },
        1 => Op::Store { addr, value },
        2 => Op::Xchg { addr, value },
        3 => Op::Add { addr, value, used },
        4 => Op::And { addr, clear: value, used },
        5 => Op::Or { addr, set: value, used },
        6 => Op::CmpXchg { addr, old: value, new: value + 1 },
        7 => Op::AddUnless { addr, value, unless: 1 },
        8 => Op::SubAndTest { addr, value },
        9 => Op::Trylock { addr, bit: 1 },
        10 => Op::TryReadLock { addr },
        11 => Op::Await { addr, cond: Cond::AnySet(1) },
        12 => Op::Free { obj: addr.obj() },
        _ => Op::FlushTlb { tlb: addr.obj(), entries: value as u16 },
    })
}

proptest! {
    /// Whatever was executed, undoing it in reverse restores every word.
    #[test]
    fn everything_can_be_taken_back(ops in prop::collection::vec(op(), 0..30)) {
        let mut memory = memory();
        let before: Vec<_> = memory.nonzero().collect();
        let undos: Vec<_> = ops.into_iter().map(|op| memory.execute(&request(op)).undo).collect();
        undos.into_iter().rev().for_each(|undo| memory.undo(undo));
        prop_assert_eq!(memory.nonzero().collect::<Vec<_>>(), before);
    }

    /// An actor learns nothing about a result that it has declared not to use.
    #[test]
    fn unused_results_are_not_answered(value in any::<u64>(), old in 0..100_u64) {
        let mut memory = memory();
        memory.set(WORD, old);
        let op = Op::Or { addr: WORD, set: value, used: Used::Nothing };
        prop_assert_eq!(memory.execute(&request(op)).answer, Answer { value: 0, ok: true });
    }
}
