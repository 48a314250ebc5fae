//! The parts that may follow in a situation.

use std::collections::BTreeSet;

use cowrace_machine::{Addr, Obj};
use cowrace_mm::Quiescent;
use cowrace_mm::objects::{MmStruct, Whose, thing, variable};
use cowrace_mm::syscall::{Argument, Gives, Kind, Life};
use cowrace_mm::value::{Handle, Value};
use cowrace_mm::world::{ActorId, MmId, Origin, VarId};

use crate::alphabet::{Alphabet, Template, is_handle};
use crate::campaign::Shape;
use crate::part::{Column, Move, Part, next_handle};
use crate::stage::Stage;
use crate::step::Situation;

/// What there is in a situation, as far as it decides which calls can be made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scene {
    /// The mms that can run.
    pub(crate) mms: Vec<MmId>,
    /// The mms that have not been forked yet.
    pub(crate) unborn: Vec<MmId>,
    /// The mms that have exited.
    gone: Vec<MmId>,
    /// The handles that can be used.
    handles: Vec<(VarId, Handle)>,
    /// The variables whose handles are held: where an execution got none, it can be used in no other.
    pub(crate) held: Vec<VarId>,
    /// The actors whose CPUs have something for themselves: others of the same mm may be exchanged.
    busy: Vec<ActorId>,
}

impl Scene {
    /// That of situations: a call must be possible in all of them.
    #[must_use]
    pub fn of<'s>(stage: &Stage, situations: impl IntoIterator<Item = &'s Situation>) -> Self {
        let mut scenes = situations.into_iter().map(|situation| Self::of_one(stage, situation));
        let Some(mut first) = scenes.next() else {
            return Self {
                mms: Vec::new(),
                unborn: Vec::new(),
                gone: Vec::new(),
                handles: Vec::new(),
                held: Vec::new(),
                busy: Vec::new(),
            };
        };
        for other in scenes {
            first.mms.retain(|mm| other.mms.contains(mm));
            first.unborn.retain(|mm| other.unborn.contains(mm));
            first.gone.retain(|mm| other.gone.contains(mm));
            first.handles.retain(|(held, _)| other.held.contains(held));
            first.held.extend(other.held);
            first.busy.extend(other.busy);
        }
        first.busy.sort_unstable();
        first.busy.dedup();
        first.held.sort_unstable();
        first.held.dedup();
        first
    }

    fn of_one(stage: &Stage, Situation { kernel, possible }: &Situation) -> Self {
        let (mut mms, mut unborn, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        for mm in 0..stage.world.mms.len() {
            if kernel.get(MmStruct(mm).started()) == 0 {
                unborn.push(mm);
            } else if kernel.has_exited(&stage.world, mm) {
                gone.push(mm);
            } else {
                mms.push(mm);
            }
        }
        let held = possible.held().map(|held| (held, Value::decode(kernel.get(variable(held)))));
        let handles = held.filter_map(|(held, value)| match value {
            // Which page it is makes no difference to what can be called.
            Value::Handle(handle) => Some((held, Handle { page: Obj::NULL, ..handle })),
            _ => None,
        });
        let handles: Vec<(VarId, Handle)> = handles.collect();
        let held = handles.iter().map(|(held, _)| *held).collect();
        let groups = mms.iter().copied().map(Some).chain([None]);
        // Where there is only one actor, there is nothing to choose.
        let mut busy: Vec<ActorId> = groups
            .filter(|own| stage.actors(*own).nth(1).is_some())
            .flat_map(|own| stage.actors(own))
            .collect();
        if !busy.is_empty() {
            let states = possible.states().chain([kernel]);
            let cpus: BTreeSet<ActorId> =
                states.flat_map(Quiescent::words).filter_map(|(addr, _)| cpu(addr)).collect();
            busy.retain(|actor| cpus.contains(actor));
        }
        Self { mms, unborn, gone, handles, held, busy }
    }

    /// The scene when a child has been made.
    pub(crate) fn with(&self, child: MmId) -> Self {
        let mut scene = self.clone();
        scene.mms.push(child);
        scene.unborn.retain(|mm| *mm != child);
        scene
    }

    /// The scene after a call, for what follows in the same column.
    pub(crate) fn after(&self, of: &Move) -> Self {
        let template = &of.template;
        let mut scene = match template.row.gives {
            Gives::Child => self.with(template.arguments.child),
            _ => self.clone(),
        };
        if is_given_back(template) {
            scene.handles.retain(|(held, _)| *held != template.arguments.handle);
            scene.held.retain(|held| *held != template.arguments.handle);
        }
        if let (Some(variable), Some(holds)) = (of.takes, template.row.holds) {
            let pin = holds.kind == Kind::Pin;
            let write = template.call().takes(Some(0)).is_some_and(|(_, write)| write);
            scene.handles.push((variable, Handle { page: Obj::NULL, pin, write, released: false }));
            scene.held.push(variable);
        }
        scene
    }

    /// Whether a part can follow: the mms and handles that it names are there, and what the handles are used for is what they
    /// were taken for.
    #[must_use]
    pub fn permits(&self, stage: &Stage, part: &Part) -> bool {
        let children = part.columns.iter().flat_map(|column| column.moves.iter().filter_map(child));
        let beside = children.fold(self.clone(), |scene, child| scene.with(child));
        part.columns.iter().all(|column| {
            let own = stage.world.actors[column.actor].mm;
            let mut scene = Some(if own.is_some_and(|mm| self.unborn.contains(&mm)) {
                beside.clone()
            } else {
                self.clone()
            });
            let is_there = own.is_none_or(|mm| beside.mms.contains(&mm));
            is_there
                && column.moves.iter().all(|of| {
                    let Some(now) = scene.take() else { return false };
                    let handle = of.template.arguments.handle;
                    let is_it =
                        |&(held, of_page): &(VarId, Handle)| held == handle && fits(&of.template, of_page);
                    let has_handle = now.handles.iter().any(is_it);
                    let is_free = of.takes.is_none_or(|variable| !now.held.contains(&variable));
                    scene = Some(now.after(of));
                    now.allows(stage, own, &of.template)
                        && (!of.template.uses_handle() || has_handle)
                        && is_free
                })
        })
    }

    /// Whether columns can run side by side: an mm is forked once, a child runs only if it is, and a handle that one gives
    /// back is not used by another.
    pub(crate) fn permits_beside(&self, chosen: &[&Sketch]) -> bool {
        let made: Vec<MmId> = chosen.iter().filter_map(|sketch| sketch.child()).collect();
        let is_made = |mm: &MmId| made.iter().filter(|made| *made == mm).count() == 1;
        let is_there = |mm: &MmId| self.mms.contains(mm) || is_made(mm);
        made.iter().all(is_made)
            && chosen.iter().all(|sketch| sketch.own.is_none_or(|mm| is_there(&mm)))
            && chosen.iter().enumerate().all(|(nth, sketch)| {
                let mut others = chosen.iter().enumerate().filter(|(other, _)| *other != nth);
                !sketch.gives_back().any(|back| others.any(|(_, other)| other.uses().any(|used| used == back)))
            })
            // Who exits waits for its other threads, so it is as if they came first.
            && chosen.iter().all(|sketch| exits_alone(sketch, chosen))
    }

    /// Every call that an actor can make.
    fn moves(&self, stage: &Stage, alphabet: &Alphabet, own: Option<MmId>) -> Vec<Move> {
        alphabet.templates().iter().flat_map(|template| self.moves_of(stage, template, own)).collect()
    }

    /// The ways in which an actor can make a call: with each handle that it can use, if it uses one.
    pub(crate) fn moves_of(&self, stage: &Stage, template: &Template, own: Option<MmId>) -> Vec<Move> {
        if template.row.own_mm != own.is_some() || !self.allows(stage, own, template) {
            return Vec::new();
        }
        let takes = (template.row.gives == Gives::Handle).then(|| next_handle(&self.held)).flatten();
        if template.row.gives == Gives::Handle && takes.is_none() {
            return Vec::new();
        }
        if !template.uses_handle() {
            return vec![Move { template: *template, takes }];
        }
        let fitting = self.handles.iter().filter(|(_, handle)| fits(template, *handle));
        let with = |&(variable, _): &(VarId, Handle)| {
            let arguments = cowrace_mm::syscall::Arguments { handle: variable, ..template.arguments };
            Move { template: Template { arguments, ..*template }, takes }
        };
        fitting.map(with).collect()
    }

    /// Whether the mms that a call names are there, or have been, and the one that it makes has not, and is a child of the
    /// caller's.
    fn allows(&self, stage: &Stage, own: Option<MmId>, template: &Template) -> bool {
        let arguments = &template.arguments;
        let is_known = |mm: &MmId| self.mms.contains(mm) || self.gone.contains(mm);
        let is_there = template.row.arguments.iter().all(|argument| match argument {
            Argument::Memory | Argument::Page => is_known(&arguments.target.mm),
            Argument::Mm => is_known(&arguments.mm),
            _ => true,
        });
        let is_parent = |child: MmId| match stage.world.mms[child].origin {
            Origin::Fork(parent) => own == Some(parent),
            Origin::Boot | Origin::ForkedAtBoot(_) => false,
        };
        let child = (template.row.gives == Gives::Child).then_some(arguments.child);
        is_there && child.is_none_or(|child| self.unborn.contains(&child) && is_parent(child))
    }
}

/// The CPU that a word belongs to, by the actor that it runs.
fn cpu(addr: Addr) -> Option<ActorId> {
    match thing(addr)?.whose {
        Whose::Tlb(actor) | Whose::Cpu(actor) | Whose::Batch(actor, _) => Some(actor),
        _ => None,
    }
}

/// Whether a call can use a handle.
fn fits(template: &Template, handle: Handle) -> bool {
    template.row.arguments.iter().filter(|argument| is_handle(**argument)).all(|argument| match *argument {
        Argument::GivenBack { pin } => pin == handle.pin,
        Argument::WritableWord => handle.write,
        _ => true,
    })
}

/// Every part that may follow, of up to so many calls and columns, up to the order of columns.
#[must_use]
pub fn parts(stage: &Stage, alphabet: &Alphabet, scene: &Scene, shape: Shape) -> Vec<Part> {
    let maker = Maker { stage, alphabet, scene, shape };
    let columns = maker.columns();
    let mut parts = Vec::new();
    // Calls of a single column have ended before the next ones begin anyway.
    for sketch in columns.iter().filter(|sketch| sketch.moves.len() == 1 && scene.permits_beside(&[sketch])) {
        parts.extend(maker.parts(&[sketch]));
    }
    let mut chosen = Vec::new();
    maker.side_by_side(&columns, shape.calls, &mut chosen, &mut parts);
    parts
}

/// A column before it is known who runs it.
#[derive(Clone, Debug)]
pub(crate) struct Sketch {
    /// The mm of the actor.
    pub(crate) own: Option<MmId>,
    /// Who is to run it, if that makes a difference and nobody else in the part is that.
    pub(crate) actor: Option<ActorId>,
    /// Its calls.
    pub(crate) moves: Vec<Move>,
}

impl Sketch {
    /// The mm that it makes.
    fn child(&self) -> Option<MmId> {
        self.moves.iter().find_map(child)
    }

    /// The handles that it uses and has not taken itself.
    fn uses(&self) -> impl Iterator<Item = VarId> + '_ {
        let taken = |variable: &VarId| self.moves.iter().any(|of| of.takes == Some(*variable));
        let used = self.moves.iter().filter(|of| of.template.uses_handle());
        used.map(|of| of.template.arguments.handle).filter(move |variable| !taken(variable))
    }

    /// The handles that it gives back.
    pub(crate) fn gives_back(&self) -> impl Iterator<Item = VarId> + '_ {
        let back = self.moves.iter().filter(|of| is_given_back(&of.template));
        back.map(|of| of.template.arguments.handle)
    }
}

/// The mm that a call makes.
fn child(of: &Move) -> Option<MmId> {
    (of.template.row.gives == Gives::Child).then_some(of.template.arguments.child)
}

fn is_given_back(template: &Template) -> bool {
    template.row.arguments.iter().any(|argument| matches!(argument, Argument::GivenBack { .. }))
}

fn exits_alone(sketch: &Sketch, chosen: &[&Sketch]) -> bool {
    let exits = sketch.moves.iter().any(|of| of.template.row.life == Life::Exits);
    !exits || chosen.iter().filter(|other| other.own == sketch.own).count() == 1
}

pub(crate) struct Maker<'m> {
    pub(crate) stage: &'m Stage,
    pub(crate) alphabet: &'m Alphabet,
    pub(crate) scene: &'m Scene,
    pub(crate) shape: Shape,
}

impl Maker<'_> {
    /// Every column; those of children only if another column makes them.
    fn columns(&self) -> Vec<Sketch> {
        let longest = if self.shape.columns > 1 { self.shape.calls.saturating_sub(1).max(1) } else { 1 };
        let beside = if self.shape.columns > 1 { self.scene.unborn.as_slice() } else { &[] };
        let mms = self.scene.mms.iter().chain(beside).copied().map(Some).chain([None]);
        let mut columns = Vec::new();
        for own in mms {
            let born = own.filter(|mm| self.scene.unborn.contains(mm));
            let scene = born.map_or_else(|| self.scene.clone(), |mm| self.scene.with(mm));
            self.lengthen(&Sketch { own, actor: None, moves: Vec::new() }, &scene, longest, &mut columns);
        }
        columns
    }

    fn lengthen(&self, sketch: &Sketch, scene: &Scene, longest: usize, columns: &mut Vec<Sketch>) {
        for of in scene.moves(self.stage, self.alphabet, sketch.own) {
            let mut longer = sketch.clone();
            longer.moves.push(of);
            let ends = of.template.row.life == Life::Exits;
            columns.push(longer.clone());
            if longer.moves.len() < longest && !ends {
                self.lengthen(&longer, &scene.after(&of), longest, columns);
            }
        }
    }

    /// Parts of more than one column.
    fn side_by_side<'s>(
        &self,
        columns: &'s [Sketch],
        calls: usize,
        chosen: &mut Vec<&'s Sketch>,
        parts: &mut Vec<Part>,
    ) {
        for (nth, sketch) in columns.iter().enumerate() {
            if sketch.moves.len() > calls {
                continue;
            }
            chosen.push(sketch);
            if chosen.len() > 1 && self.scene.permits_beside(chosen) {
                parts.extend(self.parts(chosen));
            }
            if chosen.len() < self.shape.columns {
                self.side_by_side(&columns[nth..], calls - sketch.moves.len(), chosen, parts);
            }
            chosen.pop();
        }
    }

    /// The parts of these columns: one for each choice of who runs them that makes a difference.
    pub(crate) fn parts(&self, chosen: &[&Sketch]) -> Vec<Part> {
        self.choices(chosen).into_iter().filter_map(|actors| self.part(chosen, &actors)).collect()
    }

    /// Who may run the columns, up to what makes no difference: of actors whose CPUs have nothing for themselves, the
    /// first that is free runs a column, and columns that are the same are run in the order of the actors.
    fn choices(&self, chosen: &[&Sketch]) -> Vec<Vec<ActorId>> {
        let mut choices: Vec<Vec<ActorId>> = vec![Vec::new()];
        for sketch in chosen {
            let longer = |actors: &Vec<ActorId>| {
                let is_free = |actor: &ActorId| !actors.contains(actor);
                let is_busy = |actor: &ActorId| self.scene.busy.contains(actor);
                let first = self.stage.actors(sketch.own).find(|actor| is_free(actor) && !is_busy(actor));
                let same = chosen.iter().zip(actors).filter(|(other, _)| std::ptr::eq(**other, *sketch));
                let after = same.map(|(_, actor)| *actor).max();
                let may_be = |actor: &ActorId| {
                    is_free(actor) && (is_busy(actor) || Some(*actor) == first) && after < Some(*actor)
                };
                let next = self.stage.actors(sketch.own).filter(may_be);
                next.map(|actor| [actors.as_slice(), &[actor]].concat()).collect::<Vec<_>>()
            };
            choices = choices.iter().flat_map(longer).collect();
        }
        choices
    }

    /// A part of these columns, each run by its actor; `None` if there are not enough variables for it.
    fn part(&self, chosen: &[&Sketch], actors: &[ActorId]) -> Option<Part> {
        let mut held = self.scene.held.clone();
        let mut columns: Vec<Column> = Vec::new();
        let mut by_actor: Vec<(ActorId, &Sketch)> =
            actors.iter().copied().zip(chosen.iter().copied()).collect();
        by_actor.sort_by_key(|(actor, _)| *actor);
        for (actor, sketch) in by_actor {
            let mut moves = sketch.moves.clone();
            let mut renamed: Vec<(VarId, VarId)> = Vec::new();
            for of in &mut moves {
                let handle = &mut of.template.arguments.handle;
                if let Some((_, new)) = renamed.iter().rev().find(|(old, _)| old == handle) {
                    *handle = *new;
                }
                if let Some(old) = of.takes {
                    let new = next_handle(&held)?;
                    held.push(new);
                    renamed.push((old, new));
                    of.takes = Some(new);
                }
            }
            columns.push(Column { actor, moves });
        }
        Some(Part { columns })
    }
}
