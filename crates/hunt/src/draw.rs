//! Random parts, drawn one at a time: there is no list of all parts that may follow.

use std::hash::{BuildHasher, Hash, Hasher};

use cowrace_mm::syscall::{Gives, Life};
use cowrace_mm::world::MmId;
use fastrand::Rng;

use crate::campaign::Shape;
use crate::choice::below;
use crate::moves::{Maker, Scene, Sketch};
use crate::part::{Move, Part};
use crate::setting::Setting;

/// A part, and what is known of the choice.
#[derive(Clone, Debug)]
pub(crate) struct Drawn {
    pub(crate) part: Part,
    /// What was chosen: of two parts of the same node, the same if they are the same.
    pub(crate) key: u64,
}

/// Of so many parts, one has columns side by side. Each execution of a search costs what a call after another does, and
/// columns have tens to thousands of them.
const BESIDE: usize = 8;
/// Of so many parts with columns side by side, one has a third column, if it may.
const THIRD: usize = 8;
/// Of so many columns beside others, one has a further call.
const FURTHER: usize = 4;
/// How many calls columns side by side have at most, together.
pub(crate) const MOST_BESIDE: usize = 4;
/// How often something is chosen again that cannot be, before it is given up.
const AGAIN: usize = 64;

/// Draws a part that may follow in a scene.
pub(crate) fn part(setting: &Setting, scene: &Scene, shape: Shape, rng: &mut Rng) -> Option<Drawn> {
    let maker = Maker { stage: &setting.runner.stage, alphabet: &setting.alphabet, scene, shape };
    (0..AGAIN).find_map(|_| {
        let mut chosen = Chosen { setting, hasher: foldhash::quality::FixedState::default().build_hasher() };
        let sketches = chosen.columns(scene, shape, rng)?;
        let sketches: Vec<&Sketch> = sketches.iter().collect();
        let mut parts = if scene.permits_beside(&sketches) { maker.parts(&sketches) } else { Vec::new() };
        let nth = if parts.len() > 1 { below(rng, parts.len()) } else { 0 };
        nth.hash(&mut chosen.hasher);
        let part = (nth < parts.len()).then(|| parts.swap_remove(nth))?;
        Some(Drawn { part, key: chosen.hasher.finish() })
    })
}

struct Chosen<'s> {
    setting: &'s Setting,
    hasher: foldhash::quality::FoldHasher<'static>,
}

impl Chosen<'_> {
    fn columns(&mut self, scene: &Scene, shape: Shape, rng: &mut Rng) -> Option<Vec<Sketch>> {
        let most = shape.columns.min(shape.calls);
        if most < 2 || below(rng, BESIDE) > 0 {
            return Some(vec![self.column(scene, &scene.mms, 1, rng)?]);
        }
        let columns = if most > 2 && below(rng, THIRD) == 0 { 3 } else { 2 };
        // A child may run beside the fork that makes it.
        let beside: Vec<MmId> = scene.mms.iter().chain(&scene.unborn).copied().collect();
        let mut left = shape.calls.min(MOST_BESIDE);
        let mut sketches = Vec::new();
        for nth in 0..columns {
            let others = columns - nth - 1;
            let mut calls = 1;
            while left > calls + others && below(rng, FURTHER) == 0 {
                calls += 1;
            }
            let sketch = self.column(scene, &beside, calls, rng)?;
            left -= sketch.moves.len();
            sketches.push(sketch);
        }
        Some(sketches)
    }

    /// A column of so many calls, or of fewer if nothing follows.
    fn column(&mut self, scene: &Scene, mms: &[MmId], calls: usize, rng: &mut Rng) -> Option<Sketch> {
        let (own, first) = self.call(scene, Err(mms), rng)?;
        let mut scene = match own.filter(|mm| scene.unborn.contains(mm)) {
            Some(child) => scene.with(child),
            None => scene.clone(),
        };
        let mut sketch = Sketch { own, actor: None, moves: vec![first] };
        while sketch.moves.len() < calls {
            let last = sketch.moves[sketch.moves.len() - 1];
            scene = scene.after(&last);
            let ends = last.template.row.life == Life::Exits;
            let next = if ends { None } else { self.call(&scene, Ok(own), rng) };
            let Some((_, next)) = next else { break };
            sketch.moves.push(next);
        }
        Some(sketch)
    }

    /// A call of an actor: its kind first, since there are many forms of some calls and a single one of others, and calls
    /// of one kind show the same races. If the actor is not known, it is in any of some mms.
    fn call(
        &mut self,
        scene: &Scene,
        own: Result<Option<MmId>, &[MmId]>,
        rng: &mut Rng,
    ) -> Option<(Option<MmId>, Move)> {
        let Setting { kinds, runner, .. } = self.setting;
        if kinds.is_empty() {
            return None;
        }
        for _ in 0..AGAIN {
            let kind = below(rng, kinds.len());
            let nth = below(rng, kinds[kind].1.len());
            let template = &kinds[kind].1[nth];
            let own = match own {
                Ok(own) => own,
                Err(mms) if template.row.own_mm && !mms.is_empty() => Some(mms[below(rng, mms.len())]),
                Err(_) => None,
            };
            let after = match own.filter(|mm| scene.unborn.contains(mm)) {
                // Its parent forks only once.
                Some(_) if template.row.gives == Gives::Child => continue,
                Some(child) => &scene.with(child),
                None => scene,
            };
            let moves = after.moves_of(&runner.stage, template, own);
            if moves.is_empty() {
                continue;
            }
            let of = moves[below(rng, moves.len())];
            (own, kind, nth, of.template.arguments.handle).hash(&mut self.hasher);
            return Some((own, of));
        }
        None
    }
}
