//! One execution: actors in threads, and the state that they share.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cowrace_machine::{Addr, Answer, Dep, Fault, Memory, Obj, Op, Prim, Request};
use cowrace_report::{self as report, Class, Detail, Finding, Schedule, Turn};

use crate::perform::{Performed, Words, locked, perform};
use crate::sharing::{Shape, Use};
use crate::study::End;
use crate::{Change, Lock, Outcome, Study, Threads, Word as _};

/// One execution of a program by an engine's threads.
///
/// The state under the lock is bookkeeping: threads of an execution take turns, and none is stopped while it holds the
/// lock.
pub struct Execution<T: Threads> {
    study: Arc<Study>,
    threads: T,
    words: BTreeMap<Addr, T::Word>,
    locks: BTreeMap<Addr, T::Lock>,
    state: Mutex<State>,
}

/// The locks of the engine that an actor holds.
type Held<'e, T> = Vec<(Addr, <<T as Threads>::Lock as Lock>::Guard<'e>)>;

struct State {
    /// The newest value of every word, atomics included.
    memory: Memory,
    turns: Vec<Turn>,
    /// How many choices each actor has made.
    chosen: Vec<u32>,
    /// How often each actor has reached each barrier.
    arrived: BTreeMap<(u8, u8), u64>,
    /// The word that each sleeping actor waits for.
    asleep: Vec<Option<Addr>>,
    /// The engine's lock that each actor is about to take, and may have to wait for.
    queued: Vec<Option<Addr>>,
    finished: usize,
    /// Objects that have been allocated.
    born: BTreeSet<Obj>,
    /// What ended the execution before its actors finished.
    over: Option<Over>,
}

/// What ends an execution early.
enum Over {
    Bad(Finding, Vec<Turn>),
    TooLong,
    Worthless,
}

impl<T: Threads> fmt::Debug for Execution<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Execution").field("study", &self.study).finish_non_exhaustive()
    }
}

impl<T: Threads> Execution<T> {
    /// An execution that has not begun.
    pub fn new(study: Arc<Study>, threads: T) -> Self {
        let (mut words, mut locks) = (BTreeMap::new(), BTreeMap::new());
        for (addr, shape) in study.shared() {
            match (shape, study.program().memory.get(addr)) {
                (Shape::Lock, 0) => drop(locks.insert(addr, threads.lock())),
                // A lock that is taken when the program begins has no holder.
                (_, value) => drop(words.insert(addr, threads.word(value))),
            }
        }
        let actors = study.program().actors.len();
        let state = State {
            memory: study.program().memory.clone(),
            turns: Vec::new(),
            chosen: vec![0; actors],
            arrived: BTreeMap::new(),
            asleep: vec![None; actors],
            queued: vec![None; actors],
            finished: 0,
            born: BTreeSet::new(),
            over: None,
        };
        Self { study, threads, words, locks, state: Mutex::new(state) }
    }

    /// The search to which it belongs.
    pub fn study(&self) -> &Study {
        &self.study
    }

    /// The engine's side.
    pub const fn threads(&self) -> &T {
        &self.threads
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_over(&self) -> bool {
        self.state().over.is_some()
    }

    /// The number of answered requests of each actor.
    pub fn answered(&self) -> Vec<usize> {
        let state = self.state();
        let mut answered = vec![0; state.asleep.len()];
        state.turns.iter().for_each(|turn| answered[turn.actor as usize] += 1);
        answered
    }

    /// Whether an actor sleeps: the word that it waits for has not been written.
    pub fn sleeps(&self, actor: usize) -> bool {
        self.state().asleep.get(actor).is_some_and(Option::is_some)
    }

    /// Runs an actor in the current thread to its end, or to the end of the execution. Tells whether it was the last:
    /// the execution has then been judged, and its outcome added to the study.
    pub fn act(&self, actor: u8) -> bool {
        let mut seat = self.study.program().seat(actor);
        let mut held = Held::<T>::new();
        while !self.is_over() {
            if self.state().turns.len() > self.study.limits().steps as usize {
                self.end_early(Over::TooLong);
                break;
            }
            let request = seat.poll();
            if let Some(finding) = seat.take_finding() {
                self.bad(finding);
                break;
            }
            let Some(request) = request else { break };
            let Some(answer) = self.serve(actor, &request, &mut held) else { break };
            seat.answer(answer);
        }
        while let Some(&(addr, _)) = held.first() {
            if !self.is_over() {
                self.no_lock(actor, addr);
            }
            self.let_go(&mut held, 0);
        }
        self.finish(actor)
    }

    /// Executes a request and answers it; does neither if the execution is over.
    fn serve<'e>(&'e self, actor: u8, request: &Request, held: &mut Held<'e, T>) -> Option<Answer> {
        match request.op {
            Op::Choose { n } => Some(self.choose(actor, n)),
            Op::Fence => {
                self.threads.fence(request.prim);
                self.turn(actor, None);
                Some(Answer { value: 0, ok: true })
            }
            Op::Join { actor: other } => {
                let done = |word| word != 0;
                self.wait_until(actor, self.finish_word(other), done)
            }
            Op::Barrier { id } => self.barrier(actor, id),
            Op::Lock { addr, bit } if self.locks.contains_key(&addr) => self.lock(actor, addr, bit, held),
            Op::Unlock { addr, bit } if self.locks.contains_key(&addr) => self.unlock(actor, addr, bit, held),
            _ => self.access(actor, request),
        }
    }

    /// Takes one of the engine's locks.
    fn lock<'e>(&'e self, actor: u8, addr: Addr, bit: u64, held: &mut Held<'e, T>) -> Option<Answer> {
        self.study.note(addr, actor, Use::Lock(bit));
        if held.iter().any(|&(mine, _)| mine == addr) {
            self.no_lock(actor, addr);
            return None;
        }
        self.state().queued[actor as usize] = Some(addr);
        if self.no_actor_can_move() {
            self.state().queued[actor as usize] = None;
            self.deadlock();
            return None;
        }
        let guard = self.locks.get(&addr)?.lock();
        held.push((addr, guard));
        let mut state = self.state();
        state.queued[actor as usize] = None;
        let old = state.memory.get(addr);
        state.memory.set(addr, old | bit);
        drop(state);
        self.locked(actor, addr, true)
    }

    /// Releases one of the engine's locks.
    fn unlock<'e>(&'e self, actor: u8, addr: Addr, bit: u64, held: &mut Held<'e, T>) -> Option<Answer> {
        let Some(at) = held.iter().position(|&(mine, _)| mine == addr) else {
            self.no_lock(actor, addr);
            return None;
        };
        let mut state = self.state();
        let old = state.memory.get(addr);
        state.memory.set(addr, old & !bit);
        drop(state);
        self.let_go(held, at);
        self.locked(actor, addr, false)
    }

    /// Called when a lock is never released, taken twice, or released by an actor that does not hold it. The model may
    /// do that; a lock of an engine cannot. So the word has to be an atomic, and the execution is discarded.
    fn no_lock(&self, actor: u8, addr: Addr) {
        self.study.note(addr, actor, Use::Write);
        self.end_early(Over::Worthless);
    }

    /// Drops a lock of the engine. Other threads may run at some later access, but not here.
    fn let_go(&self, held: &mut Held<'_, T>, at: usize) {
        self.threads.hold();
        held.remove(at);
        self.threads.release();
    }

    /// Ends a request that took or released a lock. Its other accesses are one step with the lock.
    fn locked(&self, actor: u8, addr: Addr, entered: bool) -> Option<Answer> {
        let mut step = Step::new(self, actor, Prim::SpinLock);
        step.entered = entered;
        let fault = locked(&mut step, addr);
        drop(step);
        self.turn(actor, None);
        if let Some(fault) = fault {
            self.bad(describe(fault));
        }
        (!self.is_over()).then_some(Answer { value: 0, ok: true })
    }

    fn access(&self, actor: u8, request: &Request) -> Option<Answer> {
        loop {
            if request.address != Dep::default() {
                self.threads.depends();
            }
            let mut step = Step::new(self, actor, request.prim);
            step.lock = match request.op {
                Op::Lock { addr, bit } | Op::Unlock { addr, bit } => Some((addr, bit)),
                _ => None,
            };
            let performed = perform(&mut step, request);
            drop(step);
            if self.is_over() {
                return None;
            }
            match performed {
                Performed::Done(answer, fault) => {
                    self.turn(actor, None);
                    if let Some(fault) = fault {
                        self.bad(describe(fault));
                    }
                    return Some(answer);
                }
                Performed::Wait(addr) => self.sleep(actor, addr)?,
            }
        }
    }

    fn choose(&self, actor: u8, n: u32) -> Answer {
        let nth = self.state().chosen[actor as usize];
        let pick = self.threads.pick(n).unwrap_or_else(|| self.study.pick(actor, nth, n));
        self.state().chosen[actor as usize] += 1;
        self.turn(actor, Some(pick));
        Answer { value: u64::from(pick), ok: true }
    }

    /// Arrives at a barrier, and waits for the others. Arriving is not a turn, passing is.
    fn barrier(&self, actor: u8, id: u8) -> Option<Answer> {
        let round = {
            let mut state = self.state();
            let arrived = state.arrived.entry((actor, id)).or_default();
            *arrived += 1;
            *arrived
        };
        let (addr, members) = (self.barrier_word(id), self.study.program().barriers[id as usize]);
        Step::new(self, actor, Prim::Barrier).change(addr, Change::Add(1));
        let due = round * members.iter().count() as u64;
        self.wait_until(actor, addr, |arrived| arrived >= due)
    }

    fn wait_until(&self, actor: u8, addr: Addr, met: impl Fn(u64) -> bool) -> Option<Answer> {
        loop {
            if met(self.state().memory.get(addr)) {
                Step::new(self, actor, Prim::Barrier).change(addr, Change::Read);
                if self.is_over() {
                    return None;
                }
                self.turn(actor, None);
                return Some(Answer { value: 0, ok: true });
            }
            self.sleep(actor, addr)?;
        }
    }

    /// Sleeps until another actor writes a word; `None` if no actor is left that could, or the execution is over.
    fn sleep(&self, actor: u8, addr: Addr) -> Option<()> {
        self.state().asleep[actor as usize] = Some(addr);
        if self.no_actor_can_move() {
            self.state().asleep[actor as usize] = None;
            self.deadlock();
            return None;
        }
        self.threads.block();
        (!self.is_over()).then_some(())
    }

    /// Whether all unfinished actors sleep, or wait for a lock that is taken.
    fn no_actor_can_move(&self) -> bool {
        let state = self.state();
        let waits = |addr: &Addr| state.memory.get(*addr) != 0;
        let stuck = state.asleep.iter().zip(&state.queued);
        let stuck = stuck.filter(|(asleep, queued)| asleep.is_some() || queued.as_ref().is_some_and(waits));
        let stuck = stuck.count();
        state.over.is_none() && stuck > 0 && stuck + state.finished == state.asleep.len()
    }

    fn deadlock(&self) {
        self.bad(Finding { class: Class::Deadlock, detail: Detail::Deadlock { waiting: Vec::new() } });
    }

    /// Records that an actor moved.
    fn turn(&self, actor: u8, choice: Option<u32>) {
        let mut state = self.state();
        if state.over.is_none() {
            state.turns.push(Turn { actor, choice });
        }
    }

    fn bad(&self, finding: Finding) {
        let turns = self.state().turns.clone();
        self.end_early(Over::Bad(finding, turns));
    }

    fn end_early(&self, over: Over) {
        let mut state = self.state();
        if state.over.is_some() {
            return;
        }
        state.over = Some(over);
        let sleepers = sleepers(&mut state, |_| true);
        drop(state);
        self.threads.hold();
        sleepers.into_iter().for_each(|actor| self.threads.wake(actor));
        self.threads.release();
    }

    /// Notes that an actor has finished.
    fn finish(&self, actor: u8) -> bool {
        Step::new(self, actor, Prim::Barrier).change(self.finish_word(actor), Change::Store(1));
        self.state().finished += 1;
        if self.no_actor_can_move() {
            self.deadlock();
        }
        let is_last = self.state().finished == self.study.program().actors.len();
        if is_last {
            self.judge();
        }
        is_last
    }

    fn judge(&self) {
        let mut state = self.state();
        let fingerprint = self.study.program().fingerprint;
        let end = match state.over.take() {
            Some(Over::TooLong) => End::TooLong,
            Some(Over::Worthless) => End::Worthless,
            Some(Over::Bad(finding, turns)) => {
                End::Judged(Outcome::Bad(finding.class), Schedule { fingerprint, turns }, Some(finding))
            }
            None => {
                // Words of this engine are not part of the program.
                for own in (0..self.own_words()).map(|nth| self.own_word(nth)) {
                    state.memory.set(own, 0);
                }
                let finding = (self.study.program().check)(&state.memory);
                let outcome = Outcome::of(&state.memory, finding.as_ref());
                let turns = std::mem::take(&mut state.turns);
                End::Judged(outcome, Schedule { fingerprint, turns }, finding)
            }
        };
        drop(state);
        self.study.end(end);
    }

    fn own_words(&self) -> usize {
        self.study.program().actors.len() + self.study.program().barriers.len()
    }

    /// Words that the program does not use, since they belong to an actor that it does not have.
    fn own_word(&self, nth: usize) -> Addr {
        let (obj, word) = (nth / Obj::WORDS as usize, nth % Obj::WORDS as usize);
        Addr::new(Obj::allocated(self.study.program().actors.len() as u8, obj as u16), word as u8)
    }

    /// A word that is not zero once the actor has finished.
    fn finish_word(&self, actor: u8) -> Addr {
        self.own_word(actor as usize)
    }

    /// A word that counts arrivals at the barrier, in all rounds together.
    fn barrier_word(&self, id: u8) -> Addr {
        self.own_word(self.study.program().actors.len() + id as usize)
    }
}

/// Removes the actors that wait for such a word from the list of sleepers, and returns them.
fn sleepers(state: &mut State, wanted: impl Fn(Addr) -> bool) -> Vec<u8> {
    let asleep = state.asleep.iter_mut().zip(0..);
    asleep.filter_map(|(word, actor)| word.take_if(|addr| wanted(*addr)).map(|_| actor)).collect()
}

fn describe(fault: Fault) -> Finding {
    let (class, fault) = match fault {
        Fault::Dead(_) => (Class::UseAfterFree, report::Fault::Freed),
        Fault::Underflow(_) => (Class::Refcount, report::Fault::BelowZero),
        Fault::NotHeld(_) => (Class::Refcount, report::Fault::NotHeld),
        Fault::Twice(_) => (Class::Refcount, report::Fault::Twice),
    };
    Finding { class, detail: Detail::Fault { fault, access: None } }
}

/// A request that is being executed. From its first access of an atomic to its end it is one step for all threads.
struct Step<'e, T: Threads> {
    execution: &'e Execution<T>,
    actor: u8,
    prim: Prim,
    /// An atomic was accessed.
    entered: bool,
    held: bool,
    /// An object that no other actor can know.
    own: Option<Obj>,
    /// A word that is taken or released as a lock.
    lock: Option<(Addr, u64)>,
    woken: Vec<u8>,
}

impl<'e, T: Threads> Step<'e, T> {
    fn new(execution: &'e Execution<T>, actor: u8, prim: Prim) -> Self {
        Self { execution, actor, prim, entered: false, held: false, own: None, lock: None, woken: Vec::new() }
    }

    fn hold(&mut self) {
        if !self.held {
            self.execution.threads.hold();
            self.held = true;
        }
    }
}

impl<T: Threads> Words for Step<'_, T> {
    fn change(&mut self, addr: Addr, change: Change) -> u64 {
        let atomic = self.execution.words.get(&addr);
        if let Some(word) = atomic {
            if self.entered {
                self.hold();
            }
            self.entered = true;
            // Other threads may run here, and only here.
            let seen = word.change(change, self.prim);
            self.write(&mut self.execution.state(), addr, change.apply(seen));
            return seen;
        }
        if self.own != Some(addr.obj()) {
            let used = match self.lock {
                Some((lock, bit)) if lock == addr => Use::Lock(bit),
                _ => Use::of(change),
            };
            self.execution.study.note(addr, self.actor, used);
        }
        let mut state = self.execution.state();
        let old = state.memory.get(addr);
        self.write(&mut state, addr, change.apply(old));
        old
    }

    fn newest(&self, addr: Addr) -> u64 {
        self.execution.state().memory.get(addr)
    }

    fn born(&mut self, obj: Obj) {
        if obj.owner() == Some(self.actor) && self.execution.state().born.insert(obj) {
            self.own = Some(obj);
        }
    }
}

impl<T: Threads> Step<'_, T> {
    fn write(&mut self, state: &mut State, addr: Addr, new: Option<u64>) {
        // A failed attempt may write the value that is there already. Actors that wait for a change are not woken then.
        if let Some(new) = new.filter(|&new| new != state.memory.get(addr)) {
            state.memory.set(addr, new);
            self.woken.extend(sleepers(state, |word| word == addr));
        }
    }
}

impl<T: Threads> Drop for Step<'_, T> {
    fn drop(&mut self) {
        if !self.woken.is_empty() {
            self.hold();
        }
        for actor in self.woken.drain(..) {
            self.execution.threads.wake(actor);
        }
        if self.held {
            self.execution.threads.release();
        }
    }
}
