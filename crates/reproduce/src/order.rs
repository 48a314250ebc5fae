//! Orders of calls that user space can enforce.

use cowrace_check::directives;
use cowrace_explore::{Directive, Until};
use cowrace_mm::World;
use cowrace_mm::world::{ActorId, Call, CallSpec, Step};
use cowrace_scenario::{AsWritten, CellKind, Until as Drawn, Variant};

/// How much of a call a move makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// All of it.
    Whole,
    /// Up to where it has hold of the page: the step `gup` of direct I/O, which a device then holds back.
    Take,
    /// The rest of a call that has hold of the page.
    Rest,
}

/// A call, or a part of one, that happens before the next move or after the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Move {
    /// The actor.
    pub actor: ActorId,
    /// Which of its calls, from 0.
    pub nth: usize,
    /// How much of it.
    pub part: Part,
}

/// Rows of moves. Moves of one row run side by side; the next row begins when all of them have ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// The rows.
    pub rows: Vec<Vec<Move>>,
}

impl Order {
    /// Whether any moves run side by side, so that it is left to chance in what order they do what they do.
    #[must_use]
    pub fn is_left_to_chance(&self) -> bool {
        self.rows.iter().any(|row| row.len() > 1)
    }

    /// All moves.
    pub fn moves(&self) -> impl Iterator<Item = Move> + '_ {
        self.rows.iter().flatten().copied()
    }

    /// The order of one move after the other.
    pub(crate) fn of(moves: impl IntoIterator<Item = Move>) -> Self {
        Self { rows: moves.into_iter().map(|each| vec![each]).collect() }
    }

    /// The order without a call, in a world that lacks the call.
    pub(crate) fn without(&self, actor: ActorId, nth: usize) -> Self {
        let rows = self.rows.iter().map(|row| {
            let stays = row.iter().filter(|each| (each.actor, each.nth) != (actor, nth));
            let counted = stays.map(|each| {
                let before = each.actor == actor && each.nth > nth;
                Move { nth: each.nth - usize::from(before), ..*each }
            });
            counted.collect::<Vec<_>>()
        });
        Self { rows: rows.filter(|row| !row.is_empty()).collect() }
    }

    /// The moves as directives for the engine, one after the other. Actors of the environment move last.
    pub(crate) fn directives(&self, world: &World) -> Vec<Directive> {
        let mut list = Vec::new();
        for each in self.moves() {
            let Some(call) = call_of(world, each.actor, each.nth) else { continue };
            let actor = each.actor as u8;
            match each.part {
                Part::Take => {
                    list.push(Directive { actor, until: Until::Begin(call.id) });
                    list.push(Directive { actor, until: Until::Step { name: "gup".to_owned(), nth: 1 } });
                }
                Part::Whole | Part::Rest => list.push(Directive { actor, until: Until::End(call.id) }),
            }
        }
        let moves = |actor: &usize| calls_of(world, *actor).next().is_some() && *actor < world.columns();
        let rest = (0..world.actors.len()).filter(|actor| !moves(actor));
        list.extend(rest.map(|actor| Directive { actor: actor as u8, until: Until::Finish }));
        list
    }
}

/// The calls of an actor.
pub(crate) fn calls_of(world: &World, actor: ActorId) -> impl Iterator<Item = &CallSpec> {
    world.actors.get(actor).into_iter().flat_map(|actor| &actor.steps).filter_map(|step| match step {
        Step::Call(call) => Some(call),
        Step::Barrier(_) => None,
    })
}

/// A call of an actor.
pub(crate) fn call_of(world: &World, actor: ActorId, nth: usize) -> Option<&CallSpec> {
    calls_of(world, actor).nth(nth)
}

/// Whether user space can hold a call back once it has the page: direct I/O.
pub(crate) const fn can_be_held(call: Call) -> bool {
    matches!(call, Call::DirectRead { .. } | Call::DirectWrite { .. })
}

/// The rows of a diagram as an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AsDrawn {
    /// The order; calls that go on within others are in one row.
    pub order: Order,
    /// The first step within a call, by its cell, at which another column goes on and which user space cannot hold.
    pub cut: Option<usize>,
}

/// What is known of a call while the rows are read.
#[derive(Clone, Copy, Debug)]
struct Open {
    call: u16,
    /// The row of the order at which it stopped within, if user space cannot stop it there, and its cell.
    stopped: Option<(usize, usize)>,
}

/// Reads the rows of a diagram.
pub(crate) fn as_drawn(variant: &Variant) -> AsDrawn {
    let world = variant.world();
    let mut rows: Vec<Vec<Move>> = Vec::new();
    let mut cut = None;
    let mut open: Vec<Option<Open>> = vec![None; world.actors.len()];
    let mut made: Vec<(u16, Part)> = Vec::new();
    for AsWritten { actor, until, cell, .. } in variant.as_written() {
        let part_of =
            |made: &[(u16, Part)], id: u16| made.iter().rev().find(|(call, _)| *call == id).map(|m| m.1);
        let (id, part) = match until {
            Drawn::Begin(call) => {
                open[actor] = Some(Open { call, stopped: None });
                continue;
            }
            Drawn::Barrier(_) => continue,
            Drawn::Step { call: id, name, nth } => {
                let Some(call) = by_id(world, id) else { continue };
                let part = match name.as_str() {
                    "gup" if can_be_held(call) && nth == 1 => Part::Take,
                    "dma" if can_be_held(call) => Part::Rest,
                    "gup" | "dma" if nth == 1 => Part::Whole,
                    _ => {
                        if let Some(open) = open[actor].as_mut().filter(|open| open.stopped.is_none()) {
                            open.stopped = Some((rows.len(), cell));
                        }
                        continue;
                    }
                };
                (id, part)
            }
            Drawn::End(id) => {
                let stopped = open[actor].take().filter(|open| open.call == id).and_then(|open| open.stopped);
                let part = match part_of(&made, id) {
                    Some(Part::Whole | Part::Rest) => continue,
                    Some(Part::Take) => Part::Rest,
                    None => Part::Whole,
                };
                if let Some((from, cell)) = stopped.filter(|(from, _)| *from < rows.len()) {
                    // What others did since then, they did within this call.
                    cut = cut.or(Some(cell));
                    let within: Vec<Move> = rows.drain(from..).flatten().collect();
                    let own = number(world, actor, id).map(|nth| Move { actor, nth, part });
                    made.push((id, part));
                    // Last, because in the control they run one after the other, and it may wait for one of them.
                    rows.push(within.into_iter().chain(own).collect());
                    for other in open.iter_mut().flatten() {
                        if let Some((since, _)) = &mut other.stopped {
                            *since = (*since).min(from);
                        }
                    }
                    continue;
                }
                (id, part)
            }
        };
        made.push((id, part));
        if let Some(nth) = number(world, actor, id) {
            rows.push(vec![Move { actor, nth, part }]);
        }
    }
    AsDrawn { order: Order { rows: joined(rows) }, cut }
}

/// Direct I/O that is taken and ended in successive rows is one move.
fn joined(rows: Vec<Vec<Move>>) -> Vec<Vec<Move>> {
    let mut result: Vec<Vec<Move>> = Vec::new();
    for row in rows {
        if let ([end], Some([take])) = (row.as_slice(), result.last_mut().map(Vec::as_mut_slice))
            && (take.part, end.part) == (Part::Take, Part::Rest)
            && (take.actor, take.nth) == (end.actor, end.nth)
        {
            take.part = Part::Whole;
            continue;
        }
        result.push(row);
    }
    result
}

fn by_id(world: &World, id: u16) -> Option<Call> {
    world.calls().find(|(_, call)| call.id == id).map(|(_, call)| call.call)
}

fn number(world: &World, actor: ActorId, id: u16) -> Option<usize> {
    calls_of(world, actor).position(|call| call.id == id)
}

/// The rows as the engine follows them, with steps within calls.
pub(crate) fn drawn_directives(variant: &Variant) -> Vec<Directive> {
    directives::of(variant)
}

/// All calls side by side, as far as barriers allow. `None` if no calls of two actors meet, or if one needs what another
/// gives beside it.
pub(crate) fn side_by_side(world: &World) -> Option<Order> {
    let columns = world.columns();
    let mut at = vec![0; columns];
    let mut nth = vec![0; columns];
    let mut order = Order::default();
    loop {
        let mut row = Vec::new();
        for actor in 0..columns {
            while let Some(Step::Call(_)) = world.actors[actor].steps.get(at[actor]) {
                row.push(Move { actor, nth: nth[actor], part: Part::Whole });
                at[actor] += 1;
                nth[actor] += 1;
            }
        }
        if depends(world, &row) {
            return None;
        }
        if row.iter().any(|each| each.actor != row[0].actor) {
            order.rows.push(row);
        } else {
            order.rows.extend(row.into_iter().map(|each| vec![each]));
        }
        let reached = |actor: ActorId| match world.actors[actor].steps.get(at[actor]) {
            Some(Step::Barrier(id)) => Some(*id),
            _ => None,
        };
        let open = (0..world.barriers.len()).find(|&id| {
            let members = &world.barriers[id];
            !members.is_empty()
                && members.iter().all(|&member| member < columns && reached(member) == Some(id))
        });
        let Some(open) = open else { break };
        world.barriers[open].iter().for_each(|&member| at[member] += 1);
    }
    let all_made = (0..columns).all(|actor| at[actor] == world.actors[actor].steps.len());
    (all_made && order.is_left_to_chance()).then_some(order)
}

/// Whether a call of a row needs what another actor gives in the same row.
fn depends(world: &World, row: &[Move]) -> bool {
    let calls = || row.iter().filter_map(|each| Some((each.actor, call_of(world, each.actor, each.nth)?)));
    calls().any(|(actor, call)| {
        let mut needs = variables(call.call);
        matches!(call.call, Call::WaitExit { .. } | Call::Exit | Call::Fork { .. })
            && calls().any(|(other, _)| other != actor && world.actors[other].mm != world.actors[actor].mm)
            || needs
                .any(|variable| calls().any(|(other, call)| other != actor && call.dest == Some(variable)))
    })
}

/// The places in a row of what must have ended before a move of it begins: by barriers, variables and the end of processes.
pub(crate) fn before(world: &World, row: &[Move], each: Move) -> Vec<usize> {
    let Some(own) = call_of(world, each.actor, each.nth) else { return Vec::new() };
    let must = |other: Move| {
        if other.actor == each.actor {
            // An actor makes its calls in their order anyway.
            return false;
        }
        let Some(call) = call_of(world, other.actor, other.nth) else { return false };
        let sets = call.dest.is_some_and(|set| variables(own.call).any(|variable| variable == set));
        let mm = world.actors[other.actor].mm;
        let ends = match own.call {
            Call::WaitExit { mm: awaited } => mm == Some(awaited),
            Call::Exit => mm.is_some() && mm == world.actors[each.actor].mm,
            _ => false,
        };
        sets || ends || is_behind_barrier(world, each, other)
    };
    row.iter().enumerate().filter(|(_, other)| must(**other)).map(|(place, _)| place).collect()
}

/// Whether a barrier stands before a move and after one of another actor.
fn is_behind_barrier(world: &World, each: Move, other: Move) -> bool {
    let barriers = |of: Move, before: bool| {
        let steps = &world.actors[of.actor].steps;
        let calls = steps.iter().enumerate().filter(|(_, step)| matches!(step, Step::Call(_)));
        let at = calls.map(|(at, _)| at).nth(of.nth).unwrap_or(steps.len());
        let part = if before { &steps[..at] } else { &steps[at..] };
        part.iter().filter_map(|step| if let Step::Barrier(id) = step { Some(*id) } else { None })
    };
    barriers(each, true).any(|id| barriers(other, false).any(|other| other == id))
}

/// The row of a call in the file, from 1.
pub(crate) fn row_of(variant: &Variant, id: u16) -> Option<usize> {
    let begins = |kind: &CellKind| matches!(kind, CellKind::Call(call) | CellKind::Open(call) if *call == id);
    variant.cells().iter().find(|cell| begins(&cell.kind)).map(|cell| cell.row + 1)
}

/// The variables that a call needs.
pub(crate) fn variables(call: Call) -> impl Iterator<Item = usize> {
    use cowrace_mm::world::Arg;
    let of = |value: Arg| match value {
        Arg::Variable(variable) => Some(variable),
        Arg::Number(_) => None,
    };
    let (first, second) = match call {
        Call::Store { value, .. }
        | Call::DirectRead { value, .. }
        | Call::Recvmsg { value, .. }
        | Call::Set { value } => (of(value), None),
        Call::Release { handle }
        | Call::DmaRead { handle, .. }
        | Call::FuseSplice { handle }
        | Call::PipeRead { handle, .. } => (Some(handle), None),
        Call::DmaWrite { handle, value, .. } => (Some(handle), of(value)),
        Call::WaitVariable { variable } => (Some(variable), None),
        Call::Load { .. }
        | Call::DirectWrite { .. }
        | Call::Gup { .. }
        | Call::ExtractPages { .. }
        | Call::Vmsplice { .. }
        | Call::IoUringRegister { .. }
        | Call::Fork { .. }
        | Call::Exit
        | Call::Munmap { .. }
        | Call::Mremap { .. }
        | Call::Madvise { .. }
        | Call::Mprotect { .. }
        | Call::ClearRefs { .. }
        | Call::SoftDirty { .. }
        | Call::UffdWriteProtect { .. }
        | Call::Reclaim { .. }
        | Call::SplitHugePage { .. }
        | Call::KhugepagedCollapse { .. }
        | Call::SpeculativeRef { .. }
        | Call::LruAddDrainAll
        | Call::WaitExit { .. } => (None, None),
    };
    first.into_iter().chain(second)
}
