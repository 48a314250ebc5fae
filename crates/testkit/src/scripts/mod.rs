//! Programs made of scripts, and searches without reduction for comparison.

#[cfg(feature = "explore")]
pub mod memo;
#[cfg(feature = "explore")]
pub mod naive;
#[cfg(feature = "random")]
pub mod random;
#[cfg(feature = "explore")]
pub mod states;
pub mod walker;

use std::sync::Arc;

use cowrace_machine::{Actor, ActorSet, Addr, Cond, Cpu, Mark, Memory, Narrate, Obj, Prim, Program};
use cowrace_report::{Class, Value};

/// The object whose words scripts use.
pub const SHARED: Obj = Obj::boot(2);
/// The object whose first word is a reader/writer lock.
pub const RWLOCK: Obj = Obj::boot(3);
/// The word that contains the bit locks; its other bits are flags.
pub const FLAGS: u8 = 8;
/// The word through which allocated objects are published.
pub const SLOT: u8 = 9;
/// The word that one actor sets and for which others wait.
pub const EVENT: u8 = 10;

/// A word that scripts share.
#[must_use]
pub fn word(w: u8) -> Addr {
    Addr::new(SHARED, w)
}

/// One line of a script. `acc` is the last value that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Loads a word.
    Load(u8),
    /// Loads some bits of a word.
    LoadBits(u8, u64),
    /// Stores a value.
    Store(u8, u64),
    /// Stores `acc` plus this.
    StoreAcc(u8, u64),
    /// Exchanges a word.
    Xchg(u8, u64),
    /// Adds, and does not use the result.
    Add(u8, i64),
    /// Adds, and uses the old value.
    FetchAdd(u8, i64),
    /// Sets bits.
    SetBits(u8, u64),
    /// Clears bits.
    ClearBits(u8, u64),
    /// Clears bits, and uses the old value.
    FetchClearBits(u8, u64),
    /// Stores the second value if the word has the first.
    CmpXchg(u8, u64, u64),
    /// Adds the first value unless the word has the second.
    AddUnless(u8, u64, u64),
    /// Subtracts, and uses whether the result is zero.
    SubAndTest(u8, u64),
    /// Takes a lock, which is a bit.
    Lock(u64),
    /// Releases a lock.
    Unlock(u64),
    /// Tries to take the lock; skips this many steps if it fails.
    Trylock(u64, usize),
    /// Takes the reader/writer lock as a reader.
    ReadLock,
    /// Tries to take the lock; skips this many steps if it fails.
    TryReadLock(usize),
    /// Releases the reader/writer lock as a reader.
    ReadUnlock,
    /// Takes the reader/writer lock as the writer.
    WriteLock,
    /// Releases the reader/writer lock as the writer.
    WriteUnlock,
    /// The writer becomes a reader.
    Downgrade,
    /// Waits until one of these bits is set.
    AwaitSet(u8, u64),
    /// Waits until the word has another value.
    AwaitDiffers(u8, u64),
    /// Waits for the end of an actor.
    Join(u8),
    /// Waits at a barrier.
    Barrier(u8),
    /// Chooses a number below this.
    Choose(u32),
    /// A full barrier.
    Fence,
    /// Allocates and publishes in `SLOT`.
    Publish,
    /// Takes the published object out of `SLOT` and frees it, if there is one.
    TakeAndFree,
    /// Loads a word of the published object, if there is one.
    Use,
    /// Writes to a word of the published object if its count is not zero, whether or not the object is alive.
    Speculate,
    /// Begins a section.
    SectionBegin,
    /// Ends a section.
    SectionEnd,
    /// Waits for the end of the section in which an actor is.
    WaitForSection(u8),
    /// Skips a step unless `acc` is odd.
    IfOdd,
    /// A mark.
    Mark(Mark),
    /// A finding if `acc` has this value.
    Bad(u64),
}

/// The word that says whether an actor is in a section.
#[must_use]
pub fn section(actor: u8) -> Addr {
    Addr::new(Obj::boot(4), actor)
}

async fn run(cpu: Cpu, script: Arc<[Step]>) {
    let mut acc = 0;
    let mut at = 0;
    while let Some(&step) = script.get(at) {
        at += 1;
        match step {
            Step::Load(w) => acc = cpu.load(word(w), Prim::ReadOnce).await.bits,
            Step::LoadBits(w, mask) => acc = cpu.load_bits(word(w), mask, Prim::PageFlagTest).await.bits,
            Step::Store(w, v) => cpu.store(word(w), v, Prim::WriteOnce).await,
            Step::StoreAcc(w, v) => cpu.store(word(w), acc.wrapping_add(v) & 0xff, Prim::WriteOnce).await,
            Step::Xchg(w, v) => acc = cpu.xchg(word(w), v, Prim::WriteOnce).await.bits,
            Step::Add(w, v) => cpu.add(word(w), v, Prim::PageRefAdd).await,
            Step::FetchAdd(w, v) => acc = cpu.fetch_add(word(w), v, Prim::PageRefAdd).await.bits,
            Step::SetBits(w, v) => cpu.set_bits(word(w), v, Prim::Ghost).await,
            Step::ClearBits(w, v) => cpu.clear_bits(word(w), v, Prim::Ghost).await,
            Step::FetchClearBits(w, v) => acc = cpu.fetch_clear_bits(word(w), v, Prim::Ghost).await.bits,
            Step::CmpXchg(w, old, new) => {
                acc = u64::from(cpu.cmpxchg(word(w), old, new, Prim::PageRefFreeze).await);
            }
            Step::AddUnless(w, v, unless) => {
                acc = u64::from(cpu.add_unless(word(w), v, unless, Prim::PageRefAddUnless).await);
            }
            Step::SubAndTest(w, v) => {
                acc = u64::from(cpu.sub_and_test(word(w), v, Prim::PageRefSubAndTest).await);
            }
            Step::Lock(bit) => cpu.lock(word(FLAGS), bit, Prim::LockPage).await,
            Step::Unlock(bit) => cpu.unlock(word(FLAGS), bit, Prim::UnlockPage).await,
            Step::Trylock(bit, skip) => {
                if !cpu.trylock(word(FLAGS), bit, Prim::TrylockPage).await {
                    at += skip;
                }
            }
            Step::ReadLock => cpu.read_lock(Addr::new(RWLOCK, 0), Prim::Ghost).await,
            Step::TryReadLock(skip) => {
                if !cpu.try_read_lock(Addr::new(RWLOCK, 0), Prim::Ghost).await {
                    at += skip;
                }
            }
            Step::ReadUnlock => cpu.read_unlock(Addr::new(RWLOCK, 0), Prim::Ghost).await,
            Step::WriteLock => cpu.write_lock(Addr::new(RWLOCK, 0), Prim::Ghost).await,
            Step::WriteUnlock => cpu.write_unlock(Addr::new(RWLOCK, 0), Prim::Ghost).await,
            Step::Downgrade => cpu.downgrade(Addr::new(RWLOCK, 0), Prim::Ghost).await,
            Step::AwaitSet(w, mask) => acc = cpu.wait(word(w), Cond::AnySet(mask)).await.bits,
            Step::AwaitDiffers(w, v) => acc = cpu.wait(word(w), Cond::Differs(v)).await.bits,
            Step::Join(actor) => cpu.join(actor).await,
            Step::Barrier(id) => cpu.barrier(id).await,
            Step::Choose(n) => acc = u64::from(cpu.choose(n, Prim::Choice).await),
            Step::Fence => cpu.fence(Prim::SmpMb).await,
            Step::Publish => {
                let obj = cpu.fresh();
                cpu.alloc(obj, 0, 1, Prim::AllocPage).await;
                cpu.store(word(SLOT), obj.pfn(), Prim::WriteOnce).await;
            }
            Step::TakeAndFree => {
                let taken = cpu.xchg(word(SLOT), 0, Prim::WriteOnce).await.bits;
                if taken != 0 {
                    cpu.free(Obj::from_pfn(taken), Prim::FreePage).await;
                }
            }
            Step::Use => {
                let seen = cpu.load(word(SLOT), Prim::ReadOnce).await.bits;
                if seen != 0 {
                    acc = cpu.load(Addr::new(Obj::from_pfn(seen), 0), Prim::ReadOnce).await.bits;
                }
            }
            Step::Speculate => {
                let seen = cpu.load(word(SLOT), Prim::ReadOnce).await.bits;
                if seen != 0 {
                    let count = Addr::new(Obj::from_pfn(seen), 0);
                    let got = cpu.add_unless(count, 1, 0, Prim::PageRefAddUnless).speculative().await;
                    acc = u64::from(got);
                }
            }
            Step::SectionBegin => cpu.section_begin(section(cpu.actor()), Prim::RcuReadLock).await,
            Step::SectionEnd => cpu.section_end(section(cpu.actor()), Prim::RcuReadUnlock).await,
            Step::WaitForSection(actor) => cpu.wait_for_section(section(actor)).await,
            Step::IfOdd => at += usize::from(acc & 1 == 0),
            Step::Mark(mark) => cpu.mark(mark),
            Step::Bad(value) => {
                if acc == value {
                    cpu.finding(Class::Assertion, || format!("acc is {value}").into());
                }
            }
        }
    }
}

/// Names the first words like variables.
pub struct Plain;

impl Narrate for Plain {
    fn variables(&self, memory: &Memory) -> Vec<(String, Value)> {
        (0..4).map(|w| (format!("w{w}"), Value::Number(memory.get(word(w))))).collect()
    }
}

/// The memory that scripts start with.
#[must_use]
pub fn memory() -> Memory {
    let mut memory = Memory::new();
    for obj in [SHARED, RWLOCK, Obj::boot(4)] {
        memory.create(obj);
    }
    memory
}

/// A program of any actors.
#[must_use]
pub fn program_of(memory: Memory, actors: Vec<Actor>, barriers: Vec<ActorSet>) -> Program {
    Program {
        memory,
        actors,
        barriers,
        forgetful: false,
        windows: Vec::new(),
        check: Box::new(|_| None),
        narrate: Box::new(Plain),
        fingerprint: 0xc0ffee,
    }
}

/// A program of scripts. Every actor takes part in every barrier that its script names.
#[must_use]
pub fn program(scripts: &[Vec<Step>]) -> Program {
    let actors = scripts.iter().zip(["a", "b", "c", "d", "e", "f"]).map(|(script, name)| {
        let script: Arc<[Step]> = script.clone().into();
        Actor::new(name, move |cpu| Box::pin(run(cpu, Arc::clone(&script))))
    });
    let mut barriers = vec![ActorSet::default(); 4];
    for (script, actor) in scripts.iter().zip(0..) {
        for step in script {
            if let Step::Barrier(id) = step {
                barriers[*id as usize].insert(actor);
            }
        }
    }
    program_of(memory(), actors.collect(), barriers)
}
