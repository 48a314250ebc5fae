//! Parts: calls of one to three columns that run side by side, after all that came before has ended.

use cowrace_mm::World;
use cowrace_mm::syscall::Gives;
use cowrace_mm::world::{ActorId, Arg, Call, CallSpec, Step, Target, VarId};

use crate::alphabet::Template;
use crate::stage::{HANDLE_VARIABLES, HANDLES, Stage, result};

/// A call of a part.
#[derive(Clone, Copy, Debug)]
pub struct Move {
    /// What is called, with the handle that it uses.
    pub template: Template,
    /// The variable of the handle that it takes.
    pub takes: Option<VarId>,
}

/// The calls of an actor, one after the other.
#[derive(Clone, Debug)]
pub struct Column {
    /// Who makes them.
    pub actor: ActorId,
    /// The calls.
    pub moves: Vec<Move>,
}

/// Columns that run side by side.
#[derive(Clone, Debug)]
pub struct Part {
    /// The columns.
    pub columns: Vec<Column>,
}

/// The first value that a part stores. Those of memory before have smaller names.
const FIRST: u64 = 0x1000;

impl Part {
    /// How many calls it has.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.columns.iter().map(|column| column.moves.len()).sum()
    }

    /// How often batches are drained before a call.
    #[must_use]
    pub fn drains(&self) -> usize {
        let moves = self.columns.iter().flat_map(|column| &column.moves);
        moves.filter(|of| of.template.drains).count()
    }

    /// The part as a scenario on a stage: its calls and no others.
    #[must_use]
    pub fn world(&self, stage: &Stage) -> World {
        let mut world = stage.world.clone();
        let (mut id, mut results) = (0, 0);
        for Column { actor, moves } in &self.columns {
            for Move { template, takes } in moves {
                let mut arguments = template.arguments;
                if let Some(mm) = world.actors[*actor].mm
                    && template.row.own_mm
                {
                    arguments.target = Target { mm, ..arguments.target };
                }
                arguments.value = Arg::Number(FIRST + u64::from(id));
                let dest = match template.row.gives {
                    Gives::Handle => *takes,
                    Gives::Number | Gives::SoftDirty => {
                        results += 1;
                        Some(result(results - 1))
                    }
                    Gives::Nothing | Gives::Child => None,
                };
                let call = Template { arguments, ..*template }.call();
                if template.drains {
                    let drain = CallSpec { id, dest: None, call: Call::LruAddDrainAll };
                    world.actors[*actor].steps.push(Step::Call(drain));
                    id += 1;
                }
                world.actors[*actor].steps.push(Step::Call(CallSpec { id, dest, call }));
                id += 1;
            }
        }
        world
    }
}

/// The variable for the next handle, where these are held; `None` if no more are taken.
#[must_use]
pub fn next_handle(held: &[VarId]) -> Option<VarId> {
    (0..HANDLE_VARIABLES).find(|variable| !held.contains(variable)).filter(|_| held.len() < HANDLES)
}
