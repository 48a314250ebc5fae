//! The problem as a step machine, for checkers of explicit states: a step is one access of a shared word together with
//! whatever follows from it within its actor. The accesses that the other texts make under a TLB lock are one step
//! here, as these locks are meant to ensure.

use crate::peer::Words;
use cowrace_testkit::common_problem::{Rule, Variant};

const W: u8 = 0x80;
const NONE: u8 = 0xff;
const PAGES: usize = 6;
/// The largest number of actors.
const ACTORS: usize = 5;

const fn page(pte: u8) -> u8 {
    pte & 0x7f
}

/// The next step of an actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum At {
    Done,

    GupSeq,
    GupPte,
    GupGet,
    GupPteAgain,
    GupSeqAgain,
    SlowLock,
    SlowPte,
    SlowGet,
    SlowUnlock,
    DeviceWrite,

    UserWrite,
    PtlLock,
    PtlUnlock,

    FaultPte,
    FaultCount,
    FaultReuse,
    FaultLoad(u8),
    FaultStore(u8),
    FaultSet,
    FaultMap,

    Put(Put),
    Free(Put),

    ClearLock,
    ClearPte,
    ClearProtect,
    ClearUnlock,

    ForkLock,
    ForkBegin,
    ForkPte,
    ForkCount,
    ForkMapcount,
    ForkLoad(u8),
    ForkStore(u8),
    ForkCopied,
    ForkGet,
    ForkMap,
    ForkProtect,
    ForkShared,
    ForkEnd,
    ForkUnlock,
}

/// The reference that is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Put {
    /// The reference of a fast pin whose page table entry changed.
    Back,
    /// The reference of the pin, at the end.
    Pin,
    /// The reference of the mapping that a fault has replaced.
    Old,
}

/// An actor. Values that it no longer needs are zero, so that they do not distinguish states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Actor {
    at: At,
    /// The entry or the page on which it works.
    pte: u8,
    x: u8,
    /// The last other value that it has read.
    seen: u8,
    /// The page to which its next copy goes.
    fresh: u8,
    /// Whether the first write is done.
    second: bool,
}

/// A state of the whole problem.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pte: [u8; 2],
    seq: u8,
    ptl: [bool; 2],
    rc: [u8; PAGES],
    mc: [u8; PAGES],
    data: [[u8; 2]; PAGES],
    freed: [u8; PAGES],
    actors: [Actor; ACTORS],
}

impl State {
    pub(crate) fn start(variant: &Variant) -> Self {
        let seq = variant.actors >= 4 && variant.seq;
        let first = [
            if seq { At::GupSeq } else { At::GupPte },
            At::UserWrite,
            At::ClearLock,
            At::ForkLock,
            At::UserWrite,
        ];
        let actor = |i: usize| Actor {
            at: if i < variant.actors as usize { first[i] } else { At::Done },
            pte: 0,
            x: 0,
            seen: 0,
            fresh: [1, 2, 0, 0, 5][i],
            second: false,
        };
        Self {
            pte: [W, NONE],
            seq: 0,
            ptl: [false; 2],
            rc: [1; PAGES],
            mc: [1; PAGES],
            data: [[0; 2]; PAGES],
            freed: [0; PAGES],
            actors: std::array::from_fn(actor),
        }
    }

    pub(crate) fn done(&self) -> bool {
        self.actors.iter().all(|actor| actor.at == At::Done)
    }

    pub(crate) fn lost(&self) -> bool {
        self.data[page(self.pte[0]) as usize] != [0xd, 0xe]
    }

    pub(crate) fn words(&self) -> Words {
        let all = self.pte.iter().chain([&self.seq]).chain(&self.rc).chain(&self.mc);
        all.chain(self.data.iter().flatten()).chain(&self.freed).map(|&word| u64::from(word)).collect()
    }

    /// Whether an actor can take its next step.
    pub(crate) fn enabled(&self, i: usize) -> bool {
        let mm = mm(i);
        match self.actors[i].at {
            At::Done => false,
            At::SlowLock | At::PtlLock | At::ClearLock | At::ForkLock => !self.ptl[mm],
            _ => true,
        }
    }

    /// Takes an actor's next step.
    pub(crate) fn step(&mut self, i: usize, variant: &Variant) {
        let mut a = self.actors[i];
        a.at = match a.at {
            At::Done => At::Done,
            At::Put(put) => self.put(i, &mut a, put, variant),
            At::Free(put) => {
                self.freed[a.x as usize] = 1;
                a.after_put(i, put)
            }
            at @ (At::GupSeq
            | At::GupPte
            | At::GupGet
            | At::GupPteAgain
            | At::GupSeqAgain
            | At::SlowLock
            | At::SlowPte
            | At::SlowGet
            | At::SlowUnlock
            | At::DeviceWrite) => self.pin(at, &mut a, variant),
            at @ (At::UserWrite | At::PtlLock | At::PtlUnlock) => self.user_write(at, i, &mut a, variant),
            at @ (At::FaultPte
            | At::FaultCount
            | At::FaultReuse
            | At::FaultLoad(_)
            | At::FaultStore(_)
            | At::FaultSet
            | At::FaultMap) => self.wp_fault(at, i, &mut a, variant),
            at @ (At::ClearLock | At::ClearPte | At::ClearProtect | At::ClearUnlock) => {
                self.clear_refs(at, &mut a)
            }
            at => self.fork(at, &mut a),
        };
        self.actors[i] = a;
    }

    fn put(&mut self, i: usize, a: &mut Actor, put: Put, variant: &Variant) -> At {
        let count = &mut self.rc[a.x as usize];
        *count -= 1;
        if variant.frees && *count == 0 { At::Free(put) } else { a.after_put(i, put) }
    }

    fn pin(&mut self, at: At, a: &mut Actor, variant: &Variant) -> At {
        let seq = variant.actors >= 4 && variant.seq;
        match at {
            At::GupSeq => {
                a.seen = self.seq;
                if self.seq & 1 == 0 { At::GupPte } else { a.forget(At::SlowLock) }
            }
            At::GupPte => {
                a.pte = self.pte[0];
                a.x = page(a.pte);
                if a.pte & W != 0 { At::GupGet } else { a.forget(At::SlowLock) }
            }
            At::GupGet => {
                self.rc[a.x as usize] += 1;
                At::GupPteAgain
            }
            At::GupPteAgain => {
                let same = self.pte[0] == a.pte;
                a.pte = 0;
                match (same, seq) {
                    (false, _) => a.keep_page(At::Put(Put::Back)),
                    (true, false) => At::DeviceWrite,
                    (true, true) => At::GupSeqAgain,
                }
            }
            At::GupSeqAgain => {
                let same = self.seq == a.seen;
                a.keep_page(if same { At::DeviceWrite } else { At::Put(Put::Back) })
            }
            At::SlowLock => {
                self.ptl[0] = true;
                At::FaultPte
            }
            At::SlowPte => {
                a.x = page(self.pte[0]);
                At::SlowGet
            }
            At::SlowGet => {
                self.rc[a.x as usize] += 1;
                At::SlowUnlock
            }
            At::SlowUnlock => {
                self.ptl[0] = false;
                At::DeviceWrite
            }
            _ => {
                self.data[a.x as usize][0] = 0xd;
                At::Put(Put::Pin)
            }
        }
    }

    fn user_write(&mut self, at: At, i: usize, a: &mut Actor, variant: &Variant) -> At {
        let mm = mm(i);
        match at {
            At::UserWrite => {
                let pte = self.pte[mm];
                if pte & W == 0 {
                    return At::PtlLock;
                }
                if pte != NONE {
                    let (word, value) = match (mm, a.second) {
                        (0, _) => (1, 0xe),
                        (_, false) => (0, 0xc),
                        (_, true) => (1, 0xb),
                    };
                    self.data[page(pte) as usize][word] = value;
                }
                if mm == 1 && variant.twice && !a.second {
                    a.second = true;
                    At::UserWrite
                } else {
                    a.fresh = 0;
                    At::Done
                }
            }
            At::PtlLock => {
                self.ptl[mm] = true;
                At::FaultPte
            }
            _ => {
                self.ptl[mm] = false;
                At::UserWrite
            }
        }
    }

    fn wp_fault(&mut self, at: At, i: usize, a: &mut Actor, variant: &Variant) -> At {
        let mm = mm(i);
        let (old, new) = (a.x as usize, a.fresh as usize);
        match at {
            At::FaultPte => {
                a.pte = self.pte[mm];
                a.x = page(a.pte);
                if a.pte & W == 0 { At::FaultCount } else { a.after_fault(i) }
            }
            At::FaultCount => {
                let count = match variant.rule {
                    Rule::Count => self.rc[old],
                    Rule::Mapcount => self.mc[old],
                };
                if count == 1 {
                    return At::FaultReuse;
                }
                a.pte = 0;
                At::FaultLoad(0)
            }
            At::FaultReuse => {
                self.pte[mm] = a.pte | W;
                a.after_fault(i)
            }
            At::FaultLoad(word) => {
                a.seen = self.data[old][word as usize];
                At::FaultStore(word)
            }
            At::FaultStore(word) => {
                self.data[new][word as usize] = a.seen;
                a.seen = 0;
                if word == 0 { At::FaultLoad(1) } else { At::FaultSet }
            }
            At::FaultSet => {
                self.pte[mm] = a.fresh | W;
                At::FaultMap
            }
            _ => {
                self.mc[old] -= 1;
                At::Put(Put::Old)
            }
        }
    }

    fn clear_refs(&mut self, at: At, a: &mut Actor) -> At {
        match at {
            At::ClearLock => {
                self.ptl[0] = true;
                At::ClearPte
            }
            At::ClearPte if self.pte[0] & W == 0 => At::ClearUnlock,
            At::ClearPte => {
                a.pte = self.pte[0];
                At::ClearProtect
            }
            At::ClearProtect => {
                self.pte[0] = a.pte & !W;
                a.forget(At::ClearUnlock)
            }
            _ => {
                self.ptl[0] = false;
                At::Done
            }
        }
    }

    fn fork(&mut self, at: At, a: &mut Actor) -> At {
        let x = a.x as usize;
        match at {
            At::ForkLock => {
                self.ptl[0] = true;
                At::ForkBegin
            }
            At::ForkBegin => {
                self.seq += 1;
                At::ForkPte
            }
            At::ForkPte => {
                a.pte = self.pte[0];
                a.x = page(a.pte);
                At::ForkCount
            }
            At::ForkCount => {
                a.seen = self.rc[x];
                At::ForkMapcount
            }
            At::ForkMapcount => {
                let pinned = a.seen > self.mc[x];
                a.seen = 0;
                if pinned { a.keep_page(At::ForkLoad(0)) } else { At::ForkGet }
            }
            At::ForkLoad(word) => {
                a.seen = self.data[x][word as usize];
                At::ForkStore(word)
            }
            At::ForkStore(0) => {
                self.data[4][0] = a.seen;
                At::ForkLoad(1)
            }
            At::ForkStore(_) => {
                self.data[4][1] = a.seen;
                a.forget(At::ForkCopied)
            }
            At::ForkCopied => {
                self.pte[1] = 4 | W;
                At::ForkEnd
            }
            At::ForkGet => {
                self.rc[x] += 1;
                At::ForkMap
            }
            At::ForkMap => {
                self.mc[x] += 1;
                a.x = 0;
                if a.pte & W == 0 { At::ForkShared } else { At::ForkProtect }
            }
            At::ForkProtect => {
                self.pte[0] = a.pte & !W;
                At::ForkShared
            }
            At::ForkShared => {
                self.pte[1] = a.pte & !W;
                a.forget(At::ForkEnd)
            }
            At::ForkEnd => {
                self.seq += 1;
                At::ForkUnlock
            }
            _ => {
                self.ptl[0] = false;
                At::Done
            }
        }
    }
}

impl Actor {
    /// Forgets what it has read.
    fn forget(&mut self, at: At) -> At {
        self.x = 0;
        self.keep_page(at)
    }

    /// Forgets what it has read, except the page.
    fn keep_page(&mut self, at: At) -> At {
        (self.pte, self.seen) = (0, 0);
        at
    }

    fn after_put(&mut self, i: usize, put: Put) -> At {
        match put {
            Put::Back => self.forget(At::SlowLock),
            Put::Pin => {
                self.fresh = 0;
                self.forget(At::Done)
            }
            Put::Old => {
                self.fresh += 1;
                self.after_fault(i)
            }
        }
    }

    fn after_fault(&mut self, i: usize) -> At {
        self.forget(if i == 0 { At::SlowPte } else { At::PtlUnlock })
    }
}

/// The address space of an actor: the child's, or the parent's.
fn mm(i: usize) -> usize {
    usize::from(i == 4)
}
