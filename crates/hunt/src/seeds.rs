//! Scenarios of files as what a hunt can change: the same calls on one of its stages.

use std::collections::BTreeMap;

use cowrace_mm::World;
use cowrace_mm::syscall::{Argument, Arguments, Gives};
use cowrace_mm::world::{ActorId, Area, Arg, Call, CallSpec, Environment, MmId, Origin, Step};

use crate::alphabet::Template;
use crate::moves::Sketch;
use crate::part::Move;
use crate::plan::{FIRST_HANDLE, Plan, one_by_one};
use crate::setting::Setting;

/// The number of the beginning and the calls of a scenario in a setting; `None` if it cannot be expressed there.
///
/// Barriers of some columns let the others go on. There are none between the parts of a hunt, so calls that such a barrier
/// does not order may come earlier than all that follows it. Both words of a page are taken for the same one.
pub(crate) fn plan(world: &World, setting: &Setting) -> Option<(usize, Plan)> {
    let file = File { world, setting, mms: mms(world, setting)? };
    if world.environment != Environment::default() {
        return None;
    }
    let beginning = file.beginning()?;
    let mut parts = Vec::new();
    for columns in phases(world) {
        let mut sketches = Vec::new();
        for (actor, calls) in columns {
            let own = world.actors[actor].mm.map(|mm| file.mms[mm]);
            let moves: Option<Vec<Move>> = calls.into_iter().map(|spec| file.call(spec)).collect();
            sketches.push(Sketch { own, actor: None, moves: moves? });
        }
        match sketches.as_slice() {
            // Calls of a single column are parts of their own.
            [column] => parts.extend(one_by_one(column)),
            _ => parts.push(sketches),
        }
    }
    Some((beginning, Plan { parts }))
}

/// The mm of the stage for each of a scenario's; `None` if the stage has none of that kind, or has another child from the
/// start.
fn mms(world: &World, setting: &Setting) -> Option<Vec<MmId>> {
    let of_stage = &setting.runner.stage.world.mms;
    let at_start =
        |world: &World| world.mms.iter().filter(|mm| matches!(mm.origin, Origin::ForkedAtBoot(_))).count();
    if at_start(world) != at_start(&setting.runner.stage.world) {
        return None;
    }
    let mut to: Vec<MmId> = Vec::new();
    for mm in &world.mms {
        let is_it = |&other: &MmId| of_stage[other].origin == mm.origin && !to.contains(&other);
        to.push((0..of_stage.len()).find(is_it)?);
    }
    Some(to)
}

/// What each column does between barriers: the calls of the columns that have something to do.
fn phases(world: &World) -> Vec<BTreeMap<ActorId, Vec<&CallSpec>>> {
    let mut phases: Vec<BTreeMap<ActorId, Vec<&CallSpec>>> = Vec::new();
    let mut at = vec![(0, 0); world.actors.len()];
    let mut goes_on = true;
    while goes_on {
        goes_on = false;
        for (actor, spec) in world.actors.iter().enumerate() {
            let (next, phase) = &mut at[actor];
            while let Some(Step::Call(call)) = spec.steps.get(*next) {
                if phases.len() <= *phase {
                    phases.resize(*phase + 1, BTreeMap::new());
                }
                phases[*phase].entry(actor).or_default().push(call);
                *next += 1;
                goes_on = true;
            }
        }
        for (barrier, members) in world.barriers.iter().enumerate() {
            let is_there = |&actor: &ActorId| {
                let step = world.actors[actor].steps.get(at[actor].0);
                matches!(step, Some(Step::Barrier(other)) if *other == barrier)
            };
            if !members.is_empty() && members.iter().all(is_there) {
                let last = members.iter().map(|&actor| at[actor].1).max().unwrap_or(0);
                members.iter().for_each(|&actor| at[actor] = (at[actor].0 + 1, last + 1));
                goes_on = true;
            }
        }
    }
    phases.retain(|columns| !columns.is_empty());
    phases
}

struct File<'f> {
    world: &'f World,
    setting: &'f Setting,
    /// The mm of the stage for each of the scenario's.
    mms: Vec<MmId>,
}

impl File<'_> {
    /// The beginning with the same area, whatever its name and its contents.
    fn beginning(&self) -> Option<usize> {
        let [area] = self.world.areas.as_slice() else { return None };
        let stage = &self.setting.runner.stage;
        let in_mm = |mm: Option<MmId>| stage.actors(mm).next();
        let has = |actor: &ActorId, mm: Option<MmId>| self.world.actors[*actor].mm == mm;
        let of_stage = stage.world.areas.first()?;
        let mut same = Area { name: of_stage.name.clone(), words: of_stage.words, ..area.clone() };
        if let Some(actor) = same.lru_batch {
            same.lru_batch = Some(in_mm(None).filter(|_| has(&actor, None))?);
        }
        if let [actor] = same.warm.as_slice() {
            same.warm = vec![in_mm(Some(0)).filter(|_| has(actor, Some(0)))?];
        }
        self.setting.beginnings.iter().position(|beginning| beginning.world.areas[0] == same)
    }

    fn call(&self, spec: &CallSpec) -> Option<Move> {
        let call = match spec.call {
            // The same for a hunt.
            Call::PipeRead { handle, word } => Call::DmaRead { handle, word },
            call => call,
        };
        let row = call.syscall()?;
        let of = (row.shape.arguments)(&call)?;
        let mm = |mm: MmId| self.mms.get(mm).copied();
        // A hunt has calls on the first word only.
        let mut arguments = Arguments { handle: 0, word: 0, ..of };
        arguments.target.mm = if row.own_mm { 0 } else { mm(of.target.mm)? };
        for argument in row.arguments {
            match argument {
                Argument::Value => arguments.value = Arg::Number(1),
                Argument::Mm => arguments.mm = mm(of.mm)?,
                _ => {}
            }
        }
        if row.gives == Gives::Child {
            arguments.child = mm(of.child)?;
        }
        let wanted = (row.shape.call)(&arguments);
        let templates = self.setting.alphabet.templates();
        let template = templates.iter().find(|template| !template.drains && template.call() == wanted)?;
        let handle = if template.uses_handle() { FIRST_HANDLE + of.handle } else { 0 };
        // A handle that no variable keeps has a number as well.
        let number = spec.dest.unwrap_or(self.world.variables.len() + usize::from(spec.id));
        Some(Move {
            template: Template { arguments: Arguments { handle, ..template.arguments }, ..*template },
            takes: (row.gives == Gives::Handle).then_some(FIRST_HANDLE + number),
        })
    }
}
