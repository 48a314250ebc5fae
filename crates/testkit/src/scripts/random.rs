//! Random scripts.

use cowrace_machine::{Mark, Point, Window};
use proptest::prelude::*;
use proptest::strategy::Union;

use super::{EVENT, FLAGS, Step, Step::*};

/// The operations of a random program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// Loads, stores and atomics on few words.
    Atomics,
    /// Locks of every kind, with something inside.
    Locks,
    /// Waiting, choosing, allocating and freeing.
    Waits,
    /// Everything.
    All,
    /// Mostly operations on one word whose footprint depends on its value.
    Conditional,
}

impl Flavour {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Atomics, Self::Locks, Self::Waits, Self::All, Self::Conditional];
}

fn atomic() -> BoxedStrategy<Vec<Step>> {
    let w = || 0..3u8;
    let v = || 0..3u64;
    let one = prop_oneof![
        4 => w().prop_map(Load),
        1 => (w(), 1..4u64).prop_map(|(w, m)| LoadBits(w, m)),
        3 => (w(), v()).prop_map(|(w, v)| Store(w, v)),
        1 => (w(), v()).prop_map(|(w, v)| StoreAcc(w, v)),
        1 => (w(), v()).prop_map(|(w, v)| Xchg(w, v)),
        2 => (w(), -2..3i64).prop_map(|(w, v)| Add(w, v)),
        1 => (w(), 1..3i64).prop_map(|(w, v)| FetchAdd(w, v)),
        1 => (w(), 1..4u64).prop_map(|(w, v)| SetBits(w, v)),
        1 => (w(), 1..4u64).prop_map(|(w, v)| ClearBits(w, v)),
        1 => (w(), 1..4u64).prop_map(|(w, v)| FetchClearBits(w, v)),
        1 => (w(), v(), v()).prop_map(|(w, a, b)| CmpXchg(w, a, b)),
        1 => (w(), 1..3u64, v()).prop_map(|(w, a, b)| AddUnless(w, a, b)),
        1 => (w(), 1..3u64).prop_map(|(w, v)| SubAndTest(w, v)),
    ];
    prop_oneof![
        8 => one.clone().prop_map(|s| vec![s]),
        1 => one.prop_map(|s| vec![IfOdd, s]),
    ]
    .boxed()
}

fn inside() -> BoxedStrategy<Vec<Step>> {
    prop_oneof![1 => Just(Vec::new()), 3 => atomic(), 1 => lock_word()].boxed()
}

fn lock_word() -> BoxedStrategy<Vec<Step>> {
    // Bits 1 and 2 are locks, the others flags; operations on all bits conflict with the locks.
    prop_oneof![
        Just(vec![SetBits(FLAGS, 8)]),
        Just(vec![ClearBits(FLAGS, 8)]),
        Just(vec![LoadBits(FLAGS, 8)]),
        Just(vec![FetchClearBits(FLAGS, 8)]),
        Just(vec![Load(FLAGS)]),
        Just(vec![LoadBits(FLAGS, 1)]),
    ]
    .boxed()
}

fn wrap(before: Step, inner: Vec<Step>, after: &[Step]) -> Vec<Step> {
    [&[before], inner.as_slice(), after].concat()
}

fn lock() -> BoxedStrategy<Vec<Step>> {
    let bit = || 1..3u64;
    prop_oneof![
        4 => (bit(), inside()).prop_map(|(b, i)| wrap(Lock(b), i, &[Unlock(b)])),
        2 => (bit(), inside()).prop_map(|(b, i)| wrap(Trylock(b, i.len() + 1), i.clone(), &[Unlock(b)])),
        2 => inside().prop_map(|i| wrap(ReadLock, i, &[ReadUnlock])),
        1 => inside().prop_map(|i| wrap(TryReadLock(i.len() + 1), i.clone(), &[ReadUnlock])),
        2 => inside().prop_map(|i| wrap(WriteLock, i, &[WriteUnlock])),
        1 => inside().prop_map(|i| wrap(WriteLock, i, &[Downgrade, ReadUnlock])),
        1 => (inside(), inside()).prop_map(|(i, j)| wrap(Lock(1), wrap(Lock(2), i, &[Unlock(2)]), &[&j[..], &[Unlock(1)]].concat())),
        1 => inside().prop_map(|i| wrap(Lock(2), wrap(Lock(1), i, &[Unlock(1)]), &[Unlock(2)])),
        1 => lock_word(),
        // A lock that is left locked, so that others wait for ever.
        1 => bit().prop_map(|b| vec![Lock(b)]),
    ]
    .boxed()
}

fn wait(actor: u8) -> BoxedStrategy<Vec<Step>> {
    let mut all = vec![
        Just(vec![AwaitSet(EVENT, 3)]).boxed(),
        Just(vec![AwaitSet(EVENT, 1)]).boxed(),
        Just(vec![SetBits(EVENT, 1)]).boxed(),
        Just(vec![SetBits(EVENT, 2)]).boxed(),
        Just(vec![AwaitDiffers(EVENT, 0)]).boxed(),
        (2..4u32).prop_map(|n| vec![Choose(n), StoreAcc(0, 0)]).boxed(),
        Just(vec![Choose(2), IfOdd, Store(1, 1)]).boxed(),
        Just(vec![Fence]).boxed(),
        Just(vec![Publish]).boxed(),
        Just(vec![TakeAndFree]).boxed(),
        Just(vec![Use]).boxed(),
        Just(vec![Speculate]).boxed(),
        inside().prop_map(|i| wrap(SectionBegin, i, &[SectionEnd])).boxed(),
        (0..3u8).prop_map(|a| vec![WaitForSection(a)]).boxed(),
    ];
    if actor > 0 {
        all.push((0..actor).prop_map(|a| vec![Join(a)]).boxed());
    }
    Union::new(all).boxed()
}

fn conditional() -> BoxedStrategy<Vec<Step>> {
    let v = || 0..3u64;
    prop_oneof![
        3 => (v(), v()).prop_map(|(a, b)| vec![CmpXchg(0, a, b)]),
        2 => (1..3u64, v()).prop_map(|(a, b)| vec![AddUnless(0, a, b)]),
        1 => (1..3u64).prop_map(|m| vec![SetBits(0, m)]),
        1 => (1..3u64).prop_map(|m| vec![ClearBits(0, m)]),
        2 => (1..3u64).prop_map(|m| vec![LoadBits(0, m)]),
        1 => v().prop_map(|v| vec![Store(0, v)]),
    ]
    .boxed()
}

fn script(flavour: Flavour, actor: u8, longest: usize) -> BoxedStrategy<Vec<Step>> {
    let item = match flavour {
        Flavour::Atomics => atomic(),
        Flavour::Locks => prop_oneof![1 => atomic(), 3 => lock()].boxed(),
        Flavour::Waits => prop_oneof![1 => atomic(), 3 => wait(actor)].boxed(),
        Flavour::Conditional => conditional(),
        Flavour::All => prop_oneof![2 => atomic(), 2 => lock(), 2 => wait(actor)].boxed(),
    };
    (prop::collection::vec(item, 1..=longest), any::<prop::sample::Index>(), 0..4u8)
        .prop_map(move |(items, at, barrier)| {
            let mut steps: Vec<Vec<Step>> = items;
            // The barrier is between items, so that more often than not no actor holds a lock there.
            if barrier == 0 && matches!(flavour, Flavour::Waits | Flavour::All) {
                steps.insert(at.index(steps.len() + 1), vec![Barrier(0)]);
            }
            steps.concat()
        })
        .boxed()
}

/// Programs of three or four actors.
pub fn scripts(flavour: Flavour) -> BoxedStrategy<Vec<Vec<Step>>> {
    prop_oneof![
        3 => prop::collection::vec(0..1u8, 3..=3).prop_flat_map(move |a| {
            (0..a.len() as u8).map(|i| script(flavour, i, 4)).collect::<Vec<_>>()
        }),
        2 => prop::collection::vec(0..1u8, 4..=4).prop_flat_map(move |a| {
            (0..a.len() as u8).map(|i| script(flavour, i, 3)).collect::<Vec<_>>()
        }),
    ]
    .boxed()
}

/// Programs whose actors keep nothing across barriers: three rounds, each a call.
pub fn rounds() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let step = prop_oneof![
        (0..2_u8, 1..3_u64).prop_map(|(w, v)| vec![Store(w, v)]),
        (0..2_u8).prop_map(|w| vec![FetchAdd(w, 1)]),
        (0..2_u8, 0..2_u64).prop_map(|(w, v)| vec![CmpXchg(w, v, 7)]),
        (0..2_u8, 1..3_u64).prop_map(|(w, v)| vec![SetBits(w, v)]),
        (0..2_u8).prop_map(|w| vec![Choose(2), StoreAcc(w, 0)]),
        (0..2_u8).prop_map(|w| vec![Load(w), IfOdd, Store(w, 2)]),
        // Rare, so that most findings are made after a barrier.
        (0..2_u8).prop_map(|w| vec![Load(w), Bad(7)]),
    ];
    let round = prop::collection::vec(step, 0..3).prop_map(|steps| steps.concat());
    let rounds = prop::collection::vec(round, 3).prop_map(|rounds| {
        let rounds = rounds.into_iter().zip([Barrier(0), Barrier(1), Barrier(2)]);
        rounds.flat_map(|(round, barrier)| [round, vec![barrier]].concat()).collect::<Vec<_>>()
    });
    prop::collection::vec(rounds, 2..4)
}

/// The same programs, with each round as a call, and windows of three calls each. Calls are numbered by actor and
/// round.
pub fn rounds_with_windows() -> impl Strategy<Value = (Vec<Vec<Step>>, Vec<Window>)> {
    let calls = prop::collection::vec(prop::collection::vec(0..6_u16, 3), 0..4);
    (rounds(), calls).prop_map(|(scripts, windows)| {
        let called = |(actor, script): (usize, Vec<Step>)| {
            let rounds: Vec<_> = script.split_inclusive(|step| matches!(step, Barrier(_))).collect();
            let call = |(round, steps): (usize, &[Step])| {
                let (number, inner) = ((actor * 3 + round) as u16, &steps[..steps.len() - 1]);
                let marks = [Step::Mark(Mark::Begin(number)), Step::Mark(Mark::End(number))];
                [&marks[..1], inner, &marks[1..], &steps[steps.len() - 1..]].concat()
            };
            rounds.into_iter().enumerate().flat_map(call).collect::<Vec<_>>()
        };
        let window = |calls: Vec<u16>| Window {
            text: String::new(),
            points: calls.into_iter().map(|call| Point { call, step: None }).collect(),
        };
        let scripts = scripts.into_iter().enumerate().map(called).collect();
        (scripts, windows.into_iter().map(window).collect())
    })
}
