//! The problem on which other checkers are measured (`peers/`), at their granularity: an O_DIRECT pin through GUP-fast
//! with a slow fallback, a user write with its fault, clear_refs, fork with write_protect_seq, and a write by the
//! child. Page numbers are plain numbers; nothing is allocated, and freeing a page sets a flag.

use cowrace_machine::{Actor, Addr, Cpu, Memory, Numbers, Obj, Prim, Program};
use cowrace_report::{Class, Finding};

/// What decides whether a write fault copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// `page_count`, which loses reads.
    Count,
    /// `mapcount`, which is safe.
    Mapcount,
}

/// The parameters of the problem.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    /// The number of actors, up to five.
    pub actors: u8,
    /// What decides whether a write fault copies.
    pub rule: Rule,
    /// Whether additions declare that their result is unused, and so commute.
    pub commute: bool,
    /// Whether fork takes `write_protect_seq` and GUP-fast checks it.
    pub seq: bool,
    /// Whether the child writes twice.
    pub twice: bool,
    /// Whether `put_page` tests the count for zero, and frees the page then.
    pub frees: bool,
}

impl Variant {
    /// The problem with fork's sequence count and one write of the child.
    #[must_use]
    pub const fn new(actors: u8, rule: Rule, commute: bool) -> Self {
        Self { actors, rule, commute, seq: true, twice: false, frees: false }
    }
}

const W: u64 = 0x80;
const NONE: u64 = 0xff;
const fn pte(mm: u64) -> Addr {
    Addr::new(Obj::boot(2), mm as u8)
}
const SEQ: Addr = Addr::new(Obj::boot(2), 2);
const fn ptl(mm: u64) -> Addr {
    Addr::new(Obj::boot(2), 3 + mm as u8)
}
const fn tlb(mm: u64) -> Addr {
    Addr::new(Obj::boot(2), 5 + mm as u8)
}
const fn rc(x: u64) -> Addr {
    Addr::new(Obj::boot(3), x as u8)
}
const fn mc(x: u64) -> Addr {
    Addr::new(Obj::boot(4), x as u8)
}
const fn d(x: u64, word: u64) -> Addr {
    Addr::new(Obj::boot(5), (x * 2 + word) as u8)
}
const fn freed(x: u64) -> Addr {
    Addr::new(Obj::boot(6), x as u8)
}
/// The number of pages.
const PAGES: u64 = 6;
const fn pg(p: u64) -> u64 {
    p & 0x7f
}

/// A CPU and the variant of the problem.
struct T {
    cpu: Cpu,
    v: Variant,
}

impl T {
    async fn ld(&self, addr: Addr) -> u64 {
        self.cpu.load(addr, Prim::ReadOnce).await.bits
    }
    async fn st(&self, addr: Addr, value: u64) {
        self.cpu.store(addr, value, Prim::WriteOnce).await;
    }
    async fn add(&self, addr: Addr, value: i64) {
        if self.v.commute {
            self.cpu.add(addr, value, Prim::PageRefAdd).await;
        } else {
            self.cpu.fetch_add(addr, value, Prim::PageRefAdd).await;
        }
    }
    async fn put_page(&self, x: u64) {
        if !self.v.frees {
            self.add(rc(x), -1).await;
        } else if self.cpu.sub_and_test(rc(x), 1, Prim::PageRefSubAndTest).await {
            self.st(freed(x), 1).await;
        }
    }
    async fn lock(&self, addr: Addr) {
        self.cpu.lock(addr, 1, Prim::LockPage).await;
    }
    async fn unlock(&self, addr: Addr) {
        self.cpu.unlock(addr, 1, Prim::UnlockPage).await;
    }

    async fn wp_fault(&self, mm: u64, y: u64) -> u64 {
        let p = self.ld(pte(mm)).await;
        if p & W != 0 {
            return y;
        }
        let x = pg(p);
        let n = self.ld(if self.v.rule == Rule::Mapcount { mc(x) } else { rc(x) }).await;
        if n == 1 {
            self.st(pte(mm), p | W).await;
            return y;
        }
        for word in 0..2 {
            let w = self.ld(d(x, word)).await;
            self.st(d(y, word), w).await;
        }
        self.st(pte(mm), y | W).await;
        self.add(mc(x), -1).await;
        self.put_page(x).await;
        y + 1
    }

    async fn user_write(&self, mm: u64, word: u64, value: u64, mut y: u64) -> u64 {
        loop {
            self.lock(tlb(mm)).await;
            let p = self.ld(pte(mm)).await;
            let mut done = true;
            if p == NONE {
            } else if p & W != 0 {
                self.st(d(pg(p), word), value).await;
            } else {
                done = false;
            }
            self.unlock(tlb(mm)).await;
            if done {
                return y;
            }
            self.lock(ptl(mm)).await;
            y = self.wp_fault(mm, y).await;
            self.unlock(ptl(mm)).await;
        }
    }

    async fn gup(&self) -> u64 {
        let fork = self.v.actors >= 4 && self.v.seq;
        let s = if fork { self.ld(SEQ).await } else { 0 };
        if s & 1 == 0 {
            let p = self.ld(pte(0)).await;
            if p & W != 0 {
                let x = pg(p);
                self.add(rc(x), 1).await;
                let mut ok = self.ld(pte(0)).await == p;
                if fork && ok {
                    ok = self.ld(SEQ).await == s;
                }
                if ok {
                    return x;
                }
                self.put_page(x).await;
            }
        }
        self.lock(ptl(0)).await;
        self.wp_fault(0, 1).await;
        let x = pg(self.ld(pte(0)).await);
        self.add(rc(x), 1).await;
        self.unlock(ptl(0)).await;
        x
    }

    async fn clear_refs(&self) {
        self.lock(ptl(0)).await;
        let p = self.ld(pte(0)).await;
        if p & W != 0 {
            self.lock(tlb(0)).await;
            self.st(pte(0), p & !W).await;
            self.unlock(tlb(0)).await;
        }
        self.unlock(ptl(0)).await;
    }

    async fn fork(&self) {
        self.lock(ptl(0)).await;
        self.add(SEQ, 1).await;
        let p = self.ld(pte(0)).await;
        let x = pg(p);
        let r = self.ld(rc(x)).await;
        let m = self.ld(mc(x)).await;
        if r > m {
            for word in 0..2 {
                let w = self.ld(d(x, word)).await;
                self.st(d(4, word), w).await;
            }
            self.st(pte(1), 4 | W).await;
        } else {
            self.add(rc(x), 1).await;
            self.add(mc(x), 1).await;
            if p & W != 0 {
                self.lock(tlb(0)).await;
                self.st(pte(0), p & !W).await;
                self.unlock(tlb(0)).await;
            }
            self.st(pte(1), p & !W).await;
        }
        self.add(SEQ, 1).await;
        self.unlock(ptl(0)).await;
    }

    async fn run(self, actor: u8) {
        match actor {
            0 => {
                let x = self.gup().await;
                self.st(d(x, 0), 0xd).await;
                self.put_page(x).await;
            }
            1 => drop(self.user_write(0, 1, 0xe, 2).await),
            2 => self.clear_refs().await,
            3 => self.fork().await,
            _ => {
                let y = self.user_write(1, 0, 0xc, 5).await;
                if self.v.twice {
                    self.user_write(1, 1, 0xb, y).await;
                }
            }
        }
    }
}

/// All words except the locks at the end of an execution: the PTEs, the sequence count, then the reference counts, the
/// mapcounts, the data and the free flags, page by page.
#[must_use]
pub fn words(memory: &Memory) -> Vec<u64> {
    let counts = (0..PAGES).map(rc).chain((0..PAGES).map(mc));
    let data = (0..PAGES).flat_map(|x| [d(x, 0), d(x, 1)]);
    let all = [pte(0), pte(1), SEQ].into_iter().chain(counts).chain(data).chain((0..PAGES).map(freed));
    all.map(|addr| memory.get(addr)).collect()
}

/// The common problem; the check demands that both writes are visible at the end.
#[must_use]
pub fn problem(v: Variant) -> Program {
    let mut memory = Memory::new();
    for obj in 2..7 {
        memory.create(Obj::boot(obj));
    }
    memory.set(pte(0), W);
    memory.set(pte(1), NONE);
    for x in 0..PAGES {
        memory.set(rc(x), 1);
        memory.set(mc(x), 1);
    }
    let actor = |i: u8| Actor::new(format!("t{i}"), move |cpu| Box::pin(T { cpu, v }.run(i)));
    let check = |memory: &Memory| {
        let x = pg(memory.get(pte(0)));
        let lost = (memory.get(d(x, 0)), memory.get(d(x, 1))) != (0xd, 0xe);
        lost.then(|| Finding { class: Class::LostRead, detail: "a write is not visible".into() })
    };
    Program {
        memory,
        actors: (0..v.actors).map(actor).collect(),
        barriers: Vec::new(),
        forgetful: false,
        windows: Vec::new(),
        check: Box::new(check),
        narrate: Box::new(Numbers),
        fingerprint: 0xc0ffee,
    }
}
