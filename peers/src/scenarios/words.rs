//! Memory in the form in which a state keeps it: only the words that some execution has written so far, in the order of
//! their first writes. Trailing words that have their initial value are left out, so that a memory always has the same
//! form.

use cowrace_machine::{Access, Addr, Answer, Kind, Memory, Request, Undo};

/// A word that was ever written.
struct Written {
    addr: Addr,
    /// Its initial value.
    first: u64,
    /// Its value in the memory that was loaded.
    loaded: u64,
}

/// The memory in which requests are executed, one state after the other.
pub(super) struct Words {
    memory: Memory,
    written: Vec<Written>,
    /// Whether a word is in `written`, by its index.
    known: Vec<bool>,
    /// How to undo the changes since the memory was loaded.
    undo: Vec<Undo>,
    touched: Vec<Access>,
}

impl Words {
    pub(super) fn new(memory: Memory) -> Self {
        Self { memory, written: Vec::new(), known: Vec::new(), undo: Vec::new(), touched: Vec::new() }
    }

    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Loads a state's memory.
    pub(super) fn load(&mut self, words: &[u64]) {
        self.back();
        for (number, written) in self.written.iter_mut().enumerate() {
            let word = words.get(number).copied().unwrap_or(written.first);
            if word != written.loaded {
                self.memory.set(written.addr, word);
                written.loaded = word;
            }
        }
    }

    /// The current memory, in the form in which a state keeps it.
    pub(super) fn keep(&self) -> Box<[u64]> {
        let word = |written: &Written| self.memory.get(written.addr);
        let changed = self.written.iter().rposition(|written| word(written) != written.first);
        self.written[..changed.map_or(0, |last| last + 1)].iter().map(word).collect()
    }

    /// Executes a request; returns the answer, and whether memory finds something wrong with it.
    pub(super) fn execute(&mut self, request: &Request) -> (Answer, bool) {
        self.touched.clear();
        let done = self.memory.execute_noting(request, &mut self.touched);
        let new = self.touched.iter().filter(|access| access.kind != Kind::Read);
        let new = new.map(|access| access.addr).filter(|addr| !self.is_known(*addr)).collect::<Vec<_>>();
        if new.is_empty() {
            self.undo.push(done.undo);
            return (done.answer, done.fault.is_some());
        }
        // The initial value of a word has to be read before its first write.
        self.memory.undo(done.undo);
        new.into_iter().for_each(|addr| self.learn(addr));
        self.execute(request)
    }

    fn is_known(&self, addr: Addr) -> bool {
        self.known.get(addr.index()).is_some_and(|&known| known)
    }

    fn learn(&mut self, addr: Addr) {
        // An operation may write to a word twice.
        if self.is_known(addr) {
            return;
        }
        if addr.index() >= self.known.len() {
            self.known.resize(addr.index() + 1, false);
        }
        self.known[addr.index()] = true;
        let first = self.memory.get(addr);
        self.written.push(Written { addr, first, loaded: first });
    }

    fn back(&mut self) {
        while let Some(undo) = self.undo.pop() {
            self.memory.undo(undo);
        }
    }
}
