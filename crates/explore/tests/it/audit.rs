//! The engine trusts footprints: requests whose footprints do not conflict must commute, and a footprint
//! must name every bit that a request reads or writes.

use std::panic::Location;

use cowrace_machine::{
    Addr, Cond, Dep, Fault, Footprint, Kind, Memory, Obj, Op, Prim, Request, Used, UserAccess, mmu,
};

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 11
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

const PAGE: Obj = Obj::boot(2);
const TABLE: Obj = Obj::boot(3);
const TLB: Obj = Obj::boot(4);
const FRESH: Obj = Obj::allocated(0, 0);
const OBJECTS: [Obj; 4] = [PAGE, TABLE, TLB, FRESH];

fn entry(random: &mut Random) -> u64 {
    let page = if random.below(2) == 0 { PAGE } else { FRESH };
    (random.below(16)) | mmu::pfn_bits(page)
}

/// Small values, so that requests interact; entries of tables refer to pages.
fn memory(random: &mut Random) -> Memory {
    let mut memory = Memory::new();
    for obj in OBJECTS {
        if matches!(obj, TABLE | TLB) && random.below(2) == 0 {
            memory.create_for_good(obj);
        } else if obj != FRESH || random.below(2) == 0 {
            memory.create(obj);
        }
        for word in 0..Obj::WORDS {
            let value = match (obj, word) {
                (TABLE | TLB, _) => entry(random),
                // Reader/writer locks.
                (PAGE, 7) => [0, 0, 1, 2, 1 << 63][random.below(5) as usize],
                _ => random.below(5),
            };
            memory.set(Addr::new(obj, word), value);
        }
    }
    memory
}

fn request(random: &mut Random) -> Request {
    let addr = Addr::new(if random.below(4) == 0 { FRESH } else { PAGE }, random.below(2) as u8);
    let (a, b) = (random.below(4), random.below(4));
    let used = [Used::Nothing, Used::Nothing, Used::IsZero, Used::All][random.below(4) as usize];
    let bit = 1 << random.below(3);
    let lock = Addr::new(PAGE, 7);
    let obj = if random.below(2) == 0 { FRESH } else { PAGE };
    let op = match random.below(27) {
        0 | 1 => Op::Load { addr, mask: [u64::MAX, 1, 2, 6][random.below(4) as usize] },
        2 => Op::Store { addr, value: a },
        3 => Op::Xchg { addr, value: a },
        4 | 5 => Op::Add { addr, value: a.wrapping_sub(1), used },
        6 => Op::And { addr, clear: a, used },
        7 => Op::Or { addr, set: a, used },
        8 => Op::CmpXchg { addr, old: a, new: b },
        9 => Op::AddUnless { addr, value: a, unless: b },
        10 => Op::SubAndTest { addr, value: a },
        11 => Op::Lock { addr, bit },
        12 => Op::Trylock { addr, bit },
        13 => Op::Unlock { addr, bit },
        14 => Op::ReadLock { addr: lock },
        15 => Op::TryReadLock { addr: lock },
        16 => Op::ReadUnlock { addr: lock },
        17 => Op::WriteLock { addr: lock },
        18 => Op::WriteUnlock { addr: lock },
        19 => Op::Downgrade { addr: lock },
        20 => Op::Await { addr, cond: if a < 2 { Cond::AnySet(b) } else { Cond::Differs(b) } },
        21 => Op::Alloc { obj, word: random.below(3) as u8, value: a },
        22 => Op::Free { obj },
        23 => Op::SectionBegin { addr },
        24 => Op::SectionEnd { addr },
        25 => Op::FlushTlb { tlb: TLB, entries: random.below(1 << 15) as u16 },
        _ => Op::User(UserAccess {
            tlb: Addr::new(TLB, random.below(2) as u8),
            pte: Addr::new(TABLE, random.below(2) as u8),
            directory: (random.below(2) == 0).then_some(Addr::new(TABLE, 2)),
            page: random.below(2) as u8,
            word: random.below(2) as u8,
            store: (a < 2).then_some(b),
        }),
    };
    Request {
        op,
        prim: Prim::Ghost,
        function: "audit",
        site: Location::caller(),
        address: Dep::default(),
        data: Dep::default(),
        speculative: random.below(4) == 0,
    }
}

fn state(memory: &Memory) -> Vec<(usize, u64)> {
    memory.nonzero().collect()
}

/// Faults that say that memory was used after its end; those of counts and locks may depend on the order of commuting
/// additions, which the crate's documentation admits or handles.
fn lifetime(fault: Option<Fault>) -> Option<Fault> {
    fault.filter(|f| matches!(f, Fault::Dead(_) | Fault::Twice(_)))
}

/// Releasing a lock that is not held is a defect of the model and ends every execution that shows it; the count of
/// readers would borrow from the writer's bit.
fn not_held(fault: Option<Fault>) -> bool {
    matches!(fault, Some(Fault::NotHeld(_)))
}

/// Why two requests that touch the same word commute.
#[derive(Debug, Default)]
struct Commuting {
    readers: u32,
    /// They touch different bits.
    bits: u32,
    /// They are additions whose result is unused, or change a lock's count of readers.
    additions: u32,
    /// At least one of them is about a count that stays away from zero.
    counts: u32,
}

impl Commuting {
    fn note(&mut self, (one, first): (&Request, &Footprint), (two, second): (&Request, &Footprint)) {
        let counts = |op: &Op| matches!(op, Op::SubAndTest { .. } | Op::AddUnless { .. });
        for a in first.accesses() {
            for b in
                second.accesses().iter().filter(|b| b.addr == a.addr && a.addr != Addr::life(a.addr.obj()))
            {
                match (a.kind, b.kind) {
                    _ if a.mask & b.mask == 0 => self.bits += 1,
                    (Kind::Add, Kind::Add) if counts(&one.op) || counts(&two.op) => self.counts += 1,
                    (Kind::Add, Kind::Add) => self.additions += 1,
                    _ => self.readers += 1,
                }
            }
        }
    }
}

/// Assumes that all counts are away from zero, and makes this true.
fn move_away_from_zero(memory: &mut Memory, random: &mut Random) {
    memory.assume_far_from_zero(Vec::new());
    for obj in [PAGE, FRESH] {
        // Each of two requests subtracts at most three.
        (0..2).for_each(|word| memory.set(Addr::new(obj, word), 7 + random.below(5)));
    }
}

#[test]
fn what_does_not_conflict_commutes() {
    let mut random = Random(0x0123_4567_89ab_cdef);
    let (mut independent, mut opened) = (0, 0);
    let mut commuting = Commuting::default();
    for _ in 0..400_000 {
        let mut memory = memory(&mut random);
        if random.below(2) == 0 {
            move_away_from_zero(&mut memory, &mut random);
        }
        let start = state(&memory);
        let (one, two) = (request(&mut random), request(&mut random));
        let (ready_one, ready_two) = (memory.ready(&one.op), memory.ready(&two.op));
        if !ready_one {
            continue;
        }
        let first = memory.execute(&one);
        if !ready_two {
            // A request that lets a waiting request through must conflict with it.
            if memory.ready(&two.op) && !not_held(first.fault) {
                assert!(first.footprint.conflicts(&memory.execute(&two).footprint), "{one:?} opens {two:?}");
                opened += 1;
            }
            continue;
        }
        memory.undo(first.undo);
        assert_eq!(state(&memory), start, "{one:?} cannot be taken back");
        let second = memory.execute(&two);
        memory.undo(second.undo);
        if first.footprint.conflicts(&second.footprint) || not_held(first.fault) || not_held(second.fault) {
            continue;
        }
        independent += 1;
        commuting.note((&one, &first.footprint), (&two, &second.footprint));
        memory.execute(&one);
        assert!(memory.ready(&two.op), "{one:?} blocks {two:?}");
        let second_after = memory.execute(&two);
        let both = state(&memory);
        memory.undo(second_after.undo);
        memory.undo(first.undo);
        memory.execute(&two);
        assert!(memory.ready(&one.op), "{two:?} blocks {one:?}");
        let first_after = memory.execute(&one);
        assert_eq!(state(&memory), both, "{one:?} and {two:?} do not commute");
        for (alone, after) in [(first, first_after), (second, second_after)] {
            assert_eq!(alone.answer, after.answer, "{one:?} and {two:?} see each other");
            assert_eq!(alone.footprint.accesses(), after.footprint.accesses(), "{one:?} and {two:?}");
            assert_eq!(lifetime(alone.fault), lifetime(after.fault), "{one:?} and {two:?}");
        }
    }
    assert!(independent > 50_000 && opened > 500, "{independent} pairs, {opened} openings");
    let Commuting { readers, bits, additions, counts } = commuting;
    assert!([readers, bits, additions, counts].iter().all(|&pairs| pairs > 250), "{commuting:?}");
}

#[test]
fn footprints_are_complete() {
    let mut random = Random(0xfedc_ba98_7654_3210);
    for _ in 0..200_000 {
        let mut memory = memory(&mut random);
        let request = request(&mut random);
        let mut other = memory.clone();
        if !memory.ready(&request.op) {
            continue;
        }
        let before = memory.clone();
        let done = memory.execute(&request);
        if not_held(done.fault) {
            continue;
        }
        let touched = |addr: Addr, kinds: &[Kind]| {
            let accesses = done.footprint.accesses().iter();
            accesses.filter(|a| a.addr == addr && kinds.contains(&a.kind)).fold(0, |mask, a| mask | a.mask)
        };
        let words: Vec<Addr> = OBJECTS
            .iter()
            .flat_map(|&obj| (0..Obj::WORDS).map(move |w| Addr::new(obj, w)).chain([Addr::life(obj)]))
            .collect();
        // An allocation omits the words that already have the right value; requests that write these read the life
        // word, which represents them.
        let reset = if let Op::Alloc { obj, .. } = request.op { Some(obj) } else { None };
        for &addr in words.iter().filter(|a| Some(a.obj()) != reset) {
            let outside = !touched(addr, &[Kind::Read, Kind::Write, Kind::Add]);
            let life = addr == Addr::life(addr.obj());
            let noise = if life && other.is_for_good(addr.obj()) {
                0
            } else if life {
                random.below(2)
            } else {
                random.next() << 32 ^ random.next() ^ random.next() << 11
            };
            other.set(addr, other.get(addr) ^ (noise & outside));
        }
        let noisy = other.clone();
        assert!(other.ready(&request.op), "{request:?} waits for bits outside its footprint");
        let again = other.execute(&request);
        assert_eq!(done.answer, again.answer, "{request:?}");
        assert_eq!(done.footprint.accesses(), again.footprint.accesses(), "{request:?}");
        assert_eq!(done.fault, again.fault, "{request:?}");
        for addr in words {
            let written = touched(addr, &[Kind::Write, Kind::Add]);
            assert_eq!(memory.get(addr) & written, other.get(addr) & written, "{request:?} writes {addr:?}");
            assert_eq!(
                memory.get(addr) & !written,
                before.get(addr) & !written,
                "{request:?} writes {addr:?}"
            );
            assert_eq!(other.get(addr) & !written, noisy.get(addr) & !written, "{request:?} writes {addr:?}");
        }
    }
}
