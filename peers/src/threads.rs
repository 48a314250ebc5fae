//! The problem as a program of threads, for checkers that bring their own atomics and locks. Exactly the accesses of
//! words are accesses of the checker's atomics.

use std::array::from_fn;
use std::sync::Arc;

use crate::peer::Words;
use cowrace_testkit::common_problem::{Rule, Variant};

/// A checker's atomics, locks and threads.
pub(crate) trait Threads: 'static {
    type Word: Send + Sync + 'static;
    type Lock: Send + Sync + 'static;

    fn word(value: u64) -> Self::Word;
    fn lock() -> Self::Lock;
    fn load(word: &Self::Word) -> u64;
    fn store(word: &Self::Word, value: u64);
    /// Adds with wrapping, and returns the old value.
    fn add(word: &Self::Word, value: u64) -> u64;
    /// Runs a function with the lock held.
    fn locked<R>(lock: &Self::Lock, section: impl FnOnce() -> R) -> R;
    /// Runs all at the same time, the last one in the current thread.
    fn run(threads: Vec<Box<dyn FnOnce() + Send>>);
}

const W: u64 = 0x80;
const NONE: u64 = 0xff;
const PAGES: usize = 6;
const MINUS_ONE: u64 = u64::MAX;

const fn page(pte: u64) -> usize {
    (pte & 0x7f) as usize
}

/// The words of one execution.
pub(crate) struct World<T: Threads> {
    variant: Variant,
    pte: [T::Word; 2],
    seq: T::Word,
    ptl: [T::Lock; 2],
    tlb: [T::Lock; 2],
    rc: [T::Word; PAGES],
    mc: [T::Word; PAGES],
    data: [[T::Word; 2]; PAGES],
    /// Empty unless pages are freed.
    freed: Vec<T::Word>,
}

/// Runs the actors, and returns the words at the end.
pub(crate) fn execution<T: Threads>(variant: Variant) -> Arc<World<T>> {
    let world = Arc::new(World::<T>::new(variant));
    let actor = |i: u8| {
        let world = Arc::clone(&world);
        Box::new(move || world.actor(i)) as Box<dyn FnOnce() + Send>
    };
    T::run((0..variant.actors).rev().map(actor).collect());
    world
}

impl<T: Threads> World<T> {
    fn new(variant: Variant) -> Self {
        Self {
            variant,
            pte: [T::word(W), T::word(NONE)],
            seq: T::word(0),
            ptl: from_fn(|_| T::lock()),
            tlb: from_fn(|_| T::lock()),
            rc: from_fn(|_| T::word(1)),
            mc: from_fn(|_| T::word(1)),
            data: from_fn(|_| from_fn(|_| T::word(0))),
            freed: if variant.frees { (0..PAGES).map(|_| T::word(0)).collect() } else { Vec::new() },
        }
    }

    /// Whether a write is lost, determined with as few accesses as possible.
    pub(crate) fn lost(&self) -> bool {
        let [w0, w1] = &self.data[page(T::load(&self.pte[0]))];
        (T::load(w0), T::load(w1)) != (0xd, 0xe)
    }

    pub(crate) fn words(&self) -> Words {
        let all = self.pte.iter().chain([&self.seq]).chain(&self.rc).chain(&self.mc);
        let mut words: Words =
            all.chain(self.data.iter().flatten()).chain(&self.freed).map(T::load).collect();
        if self.freed.is_empty() {
            words.extend([0; PAGES]);
        }
        words
    }

    fn put_page(&self, x: usize) {
        if T::add(&self.rc[x], MINUS_ONE) == 1 && self.variant.frees {
            T::store(&self.freed[x], 1);
        }
    }

    fn copy(&self, from: usize, to: usize) {
        for word in 0..2 {
            T::store(&self.data[to][word], T::load(&self.data[from][word]));
        }
    }

    /// Returns the next fresh page.
    fn wp_fault(&self, mm: usize, fresh: usize) -> usize {
        let pte = T::load(&self.pte[mm]);
        if pte & W != 0 {
            return fresh;
        }
        let x = page(pte);
        let count = match self.variant.rule {
            Rule::Count => T::load(&self.rc[x]),
            Rule::Mapcount => T::load(&self.mc[x]),
        };
        if count == 1 {
            T::store(&self.pte[mm], pte | W);
            return fresh;
        }
        self.copy(x, fresh);
        T::store(&self.pte[mm], fresh as u64 | W);
        T::add(&self.mc[x], MINUS_ONE);
        self.put_page(x);
        fresh + 1
    }

    fn user_write(&self, mm: usize, word: usize, value: u64, mut fresh: usize) -> usize {
        loop {
            let done = T::locked(&self.tlb[mm], || {
                let pte = T::load(&self.pte[mm]);
                if pte == NONE {
                    return true;
                }
                if pte & W == 0 {
                    return false;
                }
                T::store(&self.data[page(pte)][word], value);
                true
            });
            if done {
                return fresh;
            }
            fresh = T::locked(&self.ptl[mm], || self.wp_fault(mm, fresh));
        }
    }

    fn gup_fast(&self) -> Option<usize> {
        let fork = self.variant.actors >= 4 && self.variant.seq;
        let seq = if fork { T::load(&self.seq) } else { 0 };
        if seq & 1 != 0 {
            return None;
        }
        let pte = T::load(&self.pte[0]);
        if pte & W == 0 {
            return None;
        }
        let x = page(pte);
        T::add(&self.rc[x], 1);
        if T::load(&self.pte[0]) == pte && (!fork || T::load(&self.seq) == seq) {
            return Some(x);
        }
        self.put_page(x);
        None
    }

    fn gup_slow(&self) -> usize {
        T::locked(&self.ptl[0], || {
            self.wp_fault(0, 1);
            let x = page(T::load(&self.pte[0]));
            T::add(&self.rc[x], 1);
            x
        })
    }

    fn write_protect(&self, pte: u64) {
        if pte & W != 0 {
            T::locked(&self.tlb[0], || T::store(&self.pte[0], pte & !W));
        }
    }

    fn clear_refs(&self) {
        T::locked(&self.ptl[0], || self.write_protect(T::load(&self.pte[0])));
    }

    fn fork(&self) {
        T::locked(&self.ptl[0], || {
            T::add(&self.seq, 1);
            let pte = T::load(&self.pte[0]);
            let x = page(pte);
            let count = T::load(&self.rc[x]);
            if count > T::load(&self.mc[x]) {
                self.copy(x, 4);
                T::store(&self.pte[1], 4 | W);
            } else {
                T::add(&self.rc[x], 1);
                T::add(&self.mc[x], 1);
                self.write_protect(pte);
                T::store(&self.pte[1], pte & !W);
            }
            T::add(&self.seq, 1);
        });
    }

    fn actor(&self, actor: u8) {
        match actor {
            0 => {
                let x = self.gup_fast().unwrap_or_else(|| self.gup_slow());
                T::store(&self.data[x][0], 0xd);
                self.put_page(x);
            }
            1 => drop(self.user_write(0, 1, 0xe, 2)),
            2 => self.clear_refs(),
            3 => self.fork(),
            _ => {
                let fresh = self.user_write(1, 0, 0xc, 5);
                if self.variant.twice {
                    self.user_write(1, 1, 0xb, fresh);
                }
            }
        }
    }
}
