//! An independent interpreter: follows a schedule, or walks at random, with its own implementation of every operation
//! that scripts and the common problem use. It shares only seats and request types with the rest.

use std::collections::{BTreeMap, BTreeSet};

use cowrace_machine::{Addr, Cond, Memory, Obj, Op, Program, Request, Seat, Used};
use cowrace_report::{Class, Turn};

const WRITER: u64 = 1 << 63;

/// The new value of a word, from the old one.
type Change = Box<dyn Fn(u64) -> u64>;
/// The answer, from the old and the new value.
type Reply = fn(u64, u64) -> (u64, bool);

/// An execution in progress.
pub struct Walker<'p> {
    program: &'p Program,
    words: BTreeMap<usize, u64>,
    seats: Vec<Seat>,
    /// The request of each actor; `None` at its end.
    pub pending: Vec<Option<Request>>,
    passed: BTreeSet<(u8, u8)>,
    /// The first damage.
    pub finding: Option<Class>,
}

impl<'p> Walker<'p> {
    /// An execution at its beginning.
    #[must_use]
    pub fn new(program: &'p Program) -> Self {
        let mut seats: Vec<Seat> = (0..program.actors.len()).map(|a| program.seat(a as u8)).collect();
        let pending = seats.iter_mut().map(Seat::poll).collect();
        let words = program.memory.nonzero().collect();
        Self { program, words, seats, pending, passed: BTreeSet::new(), finding: None }
    }

    fn get(&self, addr: Addr) -> u64 {
        self.words.get(&addr.index()).copied().unwrap_or(0)
    }

    /// The words of memory that are not zero.
    #[must_use]
    pub fn nonzero(&self) -> Vec<(usize, u64)> {
        self.words.iter().map(|(&i, &w)| (i, w)).filter(|&(_, w)| w != 0).collect()
    }

    /// Whether an actor can move.
    #[must_use]
    pub fn enabled(&self, actor: u8) -> bool {
        let Some(request) = self.pending[actor as usize] else { return false };
        match request.op {
            Op::Lock { addr, bit } => self.get(addr) & bit == 0,
            Op::ReadLock { addr } => self.get(addr) < WRITER,
            Op::WriteLock { addr } => self.get(addr) == 0,
            Op::Await { addr, cond: Cond::AnySet(mask) } => self.get(addr) & mask != 0,
            Op::Await { addr, cond: Cond::Differs(value) } => self.get(addr) != value,
            Op::Join { actor } => self.pending[actor as usize].is_none(),
            Op::Barrier { id } => self.program.barriers[id as usize].iter().all(|a| {
                self.passed.contains(&(a, id)) || self.pending[a as usize].is_some_and(|r| r.op == request.op)
            }),
            _ => true,
        }
    }

    /// Moves an actor.
    ///
    /// # Panics
    ///
    /// If it cannot.
    pub fn step(&mut self, turn: Turn) {
        assert!(self.enabled(turn.actor), "{turn:?} is not enabled");
        let request = self.pending[turn.actor as usize].unwrap();
        let (value, ok) = self.op(turn, &request);
        let seat = &mut self.seats[turn.actor as usize];
        seat.answer(cowrace_machine::Answer { value, ok });
        self.pending[turn.actor as usize] = seat.poll();
        self.finding = self.finding.or(seat.take_finding().map(|f| f.class));
    }

    fn bad(&mut self, class: Class, bad: bool) {
        if bad {
            self.finding = self.finding.or(Some(class));
        }
    }

    fn op(&mut self, turn: Turn, request: &Request) -> (u64, bool) {
        let (addr, new, answer): (Addr, Change, Reply) = match request.op {
            Op::Load { addr, mask } => {
                self.alive(addr, request.speculative);
                return (self.get(addr) & mask, true);
            }
            Op::Store { addr, value } | Op::Xchg { addr, value } => {
                (addr, Box::new(move |_| value), |old, _| (old, true))
            }
            Op::Add { addr, value, used } => {
                let answer = |old, _| (old, true);
                let below = (value as i64) < 0 && (self.get(addr).wrapping_add(value) as i64) < 0;
                self.bad(Class::Refcount, below);
                let add = Box::new(move |old: u64| old.wrapping_add(value));
                (addr, add, if used == Used::Nothing { |_, _| (0, true) } else { answer })
            }
            Op::And { addr, clear, used } => (
                addr,
                Box::new(move |old| old & !clear),
                if used == Used::Nothing { |_, _| (0, true) } else { |old, _| (old, true) },
            ),
            Op::Or { addr, set, .. } => (addr, Box::new(move |old| old | set), |_, _| (0, true)),
            Op::CmpXchg { addr, old: want, new } => {
                (addr, Box::new(move |old| if old == want { new } else { old }), {
                    let ok = self.get(addr) == want;
                    if ok { |old, _| (old, true) } else { |old, _| (old, false) }
                })
            }
            Op::AddUnless { addr, value, unless } => {
                let ok = self.get(addr) != unless;
                let new = Box::new(move |old: u64| if old == unless { old } else { old.wrapping_add(value) });
                (addr, new, if ok { |old, _| (old, true) } else { |old, _| (old, false) })
            }
            Op::SubAndTest { addr, value } => {
                self.bad(Class::Refcount, (self.get(addr).wrapping_sub(value) as i64) < 0);
                (addr, Box::new(move |old: u64| old.wrapping_sub(value)), |_, new| (new, new == 0))
            }
            Op::Lock { addr, bit } | Op::Trylock { addr, bit } => {
                let free = self.get(addr) & bit == 0;
                (
                    addr,
                    Box::new(move |old| old | bit),
                    if free { |_, _| (0, true) } else { |_, _| (0, false) },
                )
            }
            Op::Unlock { addr, bit } => {
                self.bad(Class::Refcount, self.get(addr) & bit == 0);
                (addr, Box::new(move |old| old & !bit), |_, _| (0, true))
            }
            Op::ReadLock { addr } | Op::TryReadLock { addr } => {
                let new = Box::new(|old| if old < WRITER { old + 1 } else { old });
                (addr, new, |old, _| (0, old < WRITER))
            }
            Op::ReadUnlock { addr } => (addr, Box::new(|old| old - 1), |_, _| (0, true)),
            Op::WriteLock { addr } => (addr, Box::new(|_| WRITER), |_, _| (0, true)),
            Op::WriteUnlock { addr } => (addr, Box::new(|old| old - WRITER), |_, _| (0, true)),
            Op::Downgrade { addr } => (addr, Box::new(|old| old - WRITER + 1), |_, _| (0, true)),
            Op::SectionBegin { addr } | Op::SectionEnd { addr } => {
                (addr, Box::new(|old| old + 1), |_, _| (0, true))
            }
            Op::Await { addr, cond } => {
                let mask = if let Cond::AnySet(mask) = cond { mask } else { u64::MAX };
                return (self.get(addr) & mask, true);
            }
            Op::Join { .. } | Op::Fence => return (0, true),
            Op::Barrier { id } => {
                self.passed.insert((turn.actor, id));
                return (0, true);
            }
            Op::Choose { .. } => return (u64::from(turn.choice.expect("a choice")), true),
            Op::Alloc { obj, word, value } => {
                self.words.retain(|&index, _| index >> 4 != Addr::life(obj).index() >> 4);
                self.words.insert(Addr::new(obj, word).index(), value);
                self.words.insert(Addr::life(obj).index(), 1);
                return (0, true);
            }
            Op::Free { obj } => {
                let twice = self.words.remove(&Addr::life(obj).index()).is_none();
                self.bad(Class::Refcount, twice);
                return (0, true);
            }
            Op::User(_) | Op::FlushTlb { .. } => panic!("scripts do not use these"),
        };
        self.alive(addr, request.speculative);
        let old = self.get(addr);
        let (value, ok) = answer(old, new(old));
        self.words.insert(addr.index(), new(old));
        // A failed trylock returns the word that it saw.
        if let (Op::Trylock { bit, .. }, false) = (request.op, ok) {
            return (old & bit, false);
        }
        (value, ok)
    }

    fn alive(&mut self, addr: Addr, speculative: bool) {
        let obj: Obj = addr.obj();
        let dead = self.get(Addr::life(obj)) == 0 && !speculative;
        self.bad(Class::UseAfterFree, dead);
    }

    /// What is wrong with the execution, if it has ended.
    pub fn verdict(&self) -> Option<Class> {
        let finished = self.pending.iter().all(Option::is_none);
        let mut memory = Memory::new();
        for (index, word) in self.nonzero() {
            let obj = Obj::from_pfn((index >> 4) as u64);
            let addr = if index & 15 == 15 { Addr::life(obj) } else { Addr::new(obj, (index & 15) as u8) };
            memory.set(addr, word);
        }
        self.finding.or_else(|| match finished {
            true => (self.program.check)(&memory).map(|f| f.class),
            false => (!(0..self.pending.len() as u8).any(|a| self.enabled(a))).then_some(Class::Deadlock),
        })
    }
}
