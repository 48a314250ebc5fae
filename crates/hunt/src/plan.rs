//! Scenarios as what is to be called, so that calls can be left out, moved and added: a handle has the number of the call
//! that takes it, and gets a variable when the scenario is run.

use cowrace_mm::world::{ActorId, VarId};

use crate::moves::{Scene, Sketch};
use crate::part::{Column, Part};
use crate::setting::Setting;
use crate::stage::{HANDLE_VARIABLES, RESULTS, Stage};
use crate::step::{Led, Situations};

/// The columns of a part.
pub(crate) type Columns = Vec<Sketch>;

/// The first number of a handle: none is that of a variable.
pub(crate) const FIRST_HANDLE: VarId = HANDLE_VARIABLES + RESULTS;

/// The parts of a scenario as they are to be called.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) parts: Vec<Columns>,
}

/// The variables of the handles that are held, by their numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken(Vec<(VarId, VarId)>);

impl Plan {
    /// That of a scenario.
    pub(crate) fn of(stage: &Stage, parts: &[Part]) -> Self {
        let mut now: Vec<(VarId, VarId)> = Vec::new();
        let mut next = FIRST_HANDLE;
        let mut columns = |part: &Part| {
            let mut sketches = Vec::new();
            for Column { actor, moves } in &part.columns {
                let mut moves = moves.clone();
                for of in &mut moves {
                    let handle = &mut of.template.arguments.handle;
                    if let Some((_, number)) = now.iter().rev().find(|(variable, _)| variable == handle) {
                        *handle = *number;
                    }
                    if let Some(variable) = &mut of.takes {
                        now.push((*variable, next));
                        *variable = next;
                        next += 1;
                    }
                }
                sketches.push(Sketch { own: stage.world.actors[*actor].mm, actor: Some(*actor), moves });
            }
            sketches
        };
        Self { parts: parts.iter().map(&mut columns).collect() }
    }

    /// How many calls it has.
    pub(crate) fn calls(&self) -> usize {
        self.parts.iter().flatten().map(|column| column.moves.len()).sum()
    }

    /// With the columns of wider parts one after the other.
    pub(crate) fn narrowed(self, columns: usize) -> Self {
        let narrowed = |of: Columns| match of.len() {
            n if n > columns => of.iter().flat_map(one_by_one).collect(),
            _ => vec![of],
        };
        Self { parts: self.parts.into_iter().flat_map(narrowed).collect() }
    }

    /// Only those calls that are kept, by their numbers.
    pub(crate) fn only(&self, is_kept: impl Fn(usize) -> bool) -> Self {
        let mut nth = 0;
        let mut parts = self.parts.clone();
        for columns in &mut parts {
            for column in columns.iter_mut() {
                column.moves.retain(|_| {
                    nth += 1;
                    is_kept(nth - 1)
                });
            }
            columns.retain(|column| !column.moves.is_empty());
        }
        parts.retain(|columns| !columns.is_empty());
        Self { parts }
    }

    /// Runs all of it: the parts up to the one of which some execution is not allowed. `None` if there is none such.
    pub(crate) fn violated(&self, setting: &Setting, begin: &Situations) -> Option<Vec<Part>> {
        let mut situations = begin;
        let mut held;
        let mut taken = Taken::default();
        let mut parts = Vec::new();
        for (nth, columns) in self.parts.iter().enumerate() {
            let stage = &setting.runner.stage;
            let scene = Scene::of(stage, situations);
            parts.push(taken.part(stage, &scene, columns)?);
            let part = &parts[nth];
            let led = if nth + 1 == self.parts.len() {
                setting.runner.judge(situations, part)
            } else {
                setting.runner.run(situations, part)
            };
            match led {
                Led::To(to) => held = to,
                Led::Violated => return Some(parts),
                Led::Blocked | Led::Bounded => return None,
            }
            situations = &held;
        }
        None
    }
}

/// Each call of a column as a part.
pub(crate) fn one_by_one(column: &Sketch) -> Vec<Columns> {
    column
        .moves
        .iter()
        .map(|of| vec![Sketch { moves: vec![*of], own: column.own, actor: column.actor }])
        .collect()
}

impl Taken {
    /// A part of these columns; `None` if it cannot follow in a scene.
    pub(crate) fn part(&mut self, stage: &Stage, scene: &Scene, columns: &[Sketch]) -> Option<Part> {
        if !scene.permits_beside(&columns.iter().collect::<Vec<_>>()) {
            return None;
        }
        let mut taken = self.0.clone();
        let mut held = scene.held.clone();
        let mut made: Vec<Column> = Vec::new();
        for Sketch { own, actor, moves } in columns {
            let is_used = |actor: &ActorId| made.iter().any(|column| column.actor == *actor);
            // The column may have come from another stage, or have been moved to another mm.
            let is_one = |actor: &ActorId| stage.actors(*own).any(|other| other == *actor);
            let wanted = actor.filter(is_one).into_iter().chain(stage.actors(*own));
            let actor = wanted.into_iter().find(|actor| !is_used(actor))?;
            let mut moves = moves.clone();
            for of in &mut moves {
                if of.template.uses_handle() {
                    let handle = &mut of.template.arguments.handle;
                    *handle = taken.iter().find(|(number, _)| number == handle)?.1;
                }
                if let Some(number) = of.takes {
                    let variable = (0..HANDLE_VARIABLES).find(|variable| !held.contains(variable))?;
                    held.push(variable);
                    taken.push((number, variable));
                    of.takes = Some(variable);
                }
            }
            made.push(Column { actor, moves });
        }
        let part = Part { columns: made };
        if !scene.permits(stage, &part) {
            return None;
        }
        // What has been given back is not used again.
        let back = columns.iter().flat_map(Sketch::gives_back);
        back.for_each(|number| taken.retain(|(other, _)| *other != number));
        self.0 = taken;
        Some(part)
    }
}

#[cfg(test)]
mod tests {
    use cowrace_mm::Era;
    use cowrace_mm::world::Backing;

    use super::*;
    use crate::alphabet::{Alphabet, Template};
    use crate::part::Move;
    use crate::stage::plain;

    #[test]
    fn what_uses_a_handle_uses_no_other_if_the_call_that_took_it_is_left_out() {
        let era = Era::preset("v6.15").expect("a preset");
        let stage = Stage::new(plain(Backing::Anon, false), false, 1);
        let alphabet = Alphabet::of(&stage, [&era]);
        let call = |name: &str, takes: Option<VarId>| {
            let known = alphabet.templates().iter().find(|template| template.row.names.contains(&name));
            let mut template: Template = *known.expect("a call");
            template.arguments.handle = 0;
            let own = template.row.own_mm.then_some(0);
            let actor = stage.actors(own).next().expect("an actor");
            Part { columns: vec![Column { actor, moves: vec![Move { template, takes }] }] }
        };
        // Both handles have been in the same variable.
        let parts = [
            call("pin_fast", Some(0)),
            call("unpin_user_page", None),
            call("pin_fast", Some(0)),
            call("dma_read", None),
        ];
        let plan = Plan::of(&stage, &parts);
        let uses_what_is_taken = |plan: &Plan| {
            let moves: Vec<&Move> = plan.parts.iter().flatten().flat_map(|column| &column.moves).collect();
            let used = moves.last().map(|of| of.template.arguments.handle);
            moves.iter().any(|of| of.takes.is_some() && of.takes == used)
        };
        assert!(uses_what_is_taken(&plan));
        assert!(uses_what_is_taken(&plan.only(|nth| nth != 0)));
        assert!(!uses_what_is_taken(&plan.only(|nth| nth != 2)));
    }
}
