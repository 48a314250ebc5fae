//! Random scenarios beyond those of a hunt: its calls, on stages that it does not have.

use std::collections::{BTreeMap, BTreeSet};

use cowrace_hunt::alphabet::{Alphabet, Template};
use cowrace_hunt::kind::Kind;
use cowrace_hunt::part::{Column, Move, Part};
use cowrace_hunt::stage::Stage;
use cowrace_hunt::text::Scenario;
use cowrace_mm::Era;
use cowrace_mm::syscall::{Argument, Gives, Kind as Holding, Life};
use cowrace_mm::world::{ActorId, Area, MmId, Origin, VarId};
use fastrand::Rng;

use crate::rule::Rule;

/// How often something is drawn again that does not fit.
const AGAIN: usize = 1000;
/// How many stages are drawn for a rule.
const STAGES: usize = 64;

/// A scenario: its calls follow each other, unless a flag orders all but the last one.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    stage: Stage,
    /// The first area at the start.
    pub(crate) area: Area,
    words: String,
    /// The second area in words, if there is one.
    other: Option<String>,
    moves: Vec<(ActorId, Move)>,
    /// What the environment may do.
    pub(crate) environment: Option<&'static str>,
    /// Whether the second call follows the first one by a flag, and the third runs beside both.
    pub(crate) in_order_by_flag: bool,
}

/// A stage that was drawn for a rule, and the calls of each kind on it.
pub(crate) struct Drawn {
    stage: Stage,
    /// The second area in words, if there is one.
    other: Option<String>,
    kinds: Vec<Vec<Template>>,
}

impl Drawn {
    /// Stages for a rule that a kernel has.
    pub(crate) fn stages(rule: Rule, era: &Era, rng: &mut Rng) -> Vec<Self> {
        let drawn = (0..STAGES).map(|_| {
            let (stage, other) = rule.stage(rng);
            let mut kinds: BTreeMap<Kind, Vec<Template>> = BTreeMap::new();
            for template in Alphabet::of(&stage, [era]).templates() {
                kinds.entry(Kind::of(template)).or_default().push(*template);
            }
            Self { stage, other, kinds: kinds.into_values().collect() }
        });
        drawn.filter(|drawn| !drawn.kinds.is_empty()).collect()
    }
}

/// What there is after some calls, as far as they decide what can be called.
struct Scene {
    mms: Vec<MmId>,
    unborn: Vec<MmId>,
    /// Handles: whether each is a pin, and whether it was taken to write.
    handles: Vec<(VarId, bool, bool)>,
}

impl Draft {
    /// A scenario of so many calls that a hunt leaves out by a rule; `None` if none was drawn.
    pub(crate) fn drawn(rule: Rule, stages: &[Drawn], calls: usize, rng: &mut Rng) -> Option<Self> {
        (0..AGAIN).find_map(|_| {
            let Drawn { stage, other, kinds } = rng.choice(stages)?;
            let (area, words) = rule.begin(stage, rng);
            let moves = moves(stage, kinds, calls, rng)?;
            let (stage, other) = (stage.clone(), other.clone());
            let mut draft =
                Self { stage, area, words, other, moves, environment: None, in_order_by_flag: false };
            rule.change(&mut draft, rng);
            rule.leaves_out(&draft).then_some(draft)
        })
    }

    /// Its calls, with their columns.
    pub(crate) fn moves(&self) -> impl Iterator<Item = &(ActorId, Move)> {
        self.moves.iter()
    }

    /// The same, to be changed.
    pub(crate) fn moves_mut(&mut self) -> impl Iterator<Item = &mut (ActorId, Move)> {
        self.moves.iter_mut()
    }

    /// How many areas its calls name.
    pub(crate) fn areas_used(&self) -> usize {
        let va = |(_, of): &(ActorId, Move)| {
            of.template.row.arguments.iter().find_map(|argument| match argument {
                Argument::Area | Argument::Word => Some(of.template.arguments.va),
                Argument::Memory | Argument::Page | Argument::OwnMemory => {
                    Some(of.template.arguments.target.va)
                }
                _ => None,
            })
        };
        let used: BTreeSet<_> = self.moves.iter().filter_map(va).collect();
        used.len()
    }

    /// How many handles are held at once at most.
    pub(crate) fn most_handles(&self) -> usize {
        let (mut held, mut most) = (0_usize, 0);
        for (_, Move { template, takes }) in &self.moves {
            held += usize::from(takes.is_some());
            held -= usize::from(gives_back(template).is_some());
            most = most.max(held);
        }
        most
    }

    /// How many columns it has.
    pub(crate) fn columns(&self) -> usize {
        self.moves.iter().map(|(actor, _)| *actor).collect::<BTreeSet<_>>().len()
    }

    /// Whether a process has calls in two threads.
    pub(crate) fn has_second_thread(&self) -> bool {
        let of = |(actor, _): &(ActorId, Move)| (self.stage.world.actors[*actor].mm, *actor);
        let all: Vec<_> = self.moves.iter().map(of).collect();
        all.iter()
            .any(|(mm, actor)| mm.is_some() && all.iter().any(|other| other.0 == *mm && other.1 != *actor))
    }

    /// It with only some calls, by bit.
    pub(crate) fn only(&self, kept: usize) -> Self {
        let mut nth = 0;
        let mut only = self.clone();
        only.moves.retain(|_| {
            nth += 1;
            kept & 1 << (nth - 1) != 0
        });
        only.in_order_by_flag &= only.moves.len() == 3;
        only
    }

    /// It without the environment.
    pub(crate) fn without_environment(&self) -> Self {
        Self { environment: None, ..self.clone() }
    }

    /// It in the language.
    pub(crate) fn text(&self) -> String {
        let part = |(actor, of): &(ActorId, Move)| Part {
            columns: vec![Column { actor: *actor, moves: vec![*of] }],
        };
        let parts = self.moves.iter().map(part).collect();
        let scenario = Scenario { words: self.words.clone(), area: self.area.clone(), parts };
        let text = scenario.text(&self.stage, "left-out");
        let text = if self.in_order_by_flag { flagged(&text) } else { text };
        let other = self.other.as_ref().map_or_else(String::new, |words| format!("; other: {words}"));
        let mut text = text.replacen(" }\n", &format!("{other} }}\n"), 1);
        if let Some(word) = self.environment {
            text = text.replacen("\n\nmm ", &format!("\n\nenv {word}\nmm "), 1);
        }
        text
    }
}

/// Random calls, one after the other; `None` if nothing fits.
fn moves(
    stage: &Stage,
    kinds: &[Vec<Template>],
    calls: usize,
    rng: &mut Rng,
) -> Option<Vec<(ActorId, Move)>> {
    let of = |is_it: fn(&Origin) -> bool| {
        let all = stage.world.mms.iter().enumerate().filter(move |(_, mm)| is_it(&mm.origin));
        all.map(|(mm, _)| mm).collect()
    };
    let mut scene = Scene {
        mms: of(|origin| !matches!(origin, Origin::Fork(_))),
        unborn: of(|origin| matches!(origin, Origin::Fork(_))),
        handles: Vec::new(),
    };
    let mut moves = Vec::new();
    while moves.len() < calls {
        let next = (0..AGAIN).find_map(|_| scene.draw(stage, kinds, moves.len(), rng))?;
        scene.take_over(stage, &next);
        moves.push(next);
    }
    Some(moves)
}

impl Scene {
    /// A call that fits: its kind first, as a guided search draws it.
    fn draw(
        &self,
        stage: &Stage,
        kinds: &[Vec<Template>],
        nth: usize,
        rng: &mut Rng,
    ) -> Option<(ActorId, Move)> {
        let kind = rng.choice(kinds)?;
        let mut template = *rng.choice(kind)?;
        let own = if template.row.own_mm { Some(*rng.choice(&self.mms)?) } else { None };
        let is_there = template.row.arguments.iter().all(|argument| match argument {
            Argument::Memory | Argument::Page => self.mms.contains(&template.arguments.target.mm),
            Argument::Mm => self.mms.contains(&template.arguments.mm),
            _ => true,
        });
        let child = template.arguments.child;
        let is_child = template.row.gives != Gives::Child
            || self.unborn.contains(&child)
                && own.is_some_and(|own| stage.world.mms[child].origin == Origin::Fork(own));
        if !is_there || !is_child {
            return None;
        }
        if template.uses_handle() {
            let writes = template.row.arguments.contains(&Argument::WritableWord);
            let back = gives_back(&template);
            let fits = |(_, pin, write): &&(VarId, bool, bool)| {
                back.is_none_or(|back| back == *pin) && (!writes || *write)
            };
            let fitting: Vec<_> = self.handles.iter().filter(fits).collect();
            template.arguments.handle = rng.choice(fitting)?.0;
        }
        let takes = (template.row.gives == Gives::Handle).then_some(nth);
        Some((stage.actors(own).next()?, Move { template, takes }))
    }

    fn take_over(&mut self, stage: &Stage, (actor, Move { template, takes }): &(ActorId, Move)) {
        let (row, arguments) = (template.row, &template.arguments);
        if row.gives == Gives::Child {
            self.mms.push(arguments.child);
            self.unborn.retain(|mm| *mm != arguments.child);
        }
        if row.life == Life::Exits {
            self.mms.retain(|mm| stage.world.actors[*actor].mm != Some(*mm));
        }
        if gives_back(template).is_some() {
            self.handles.retain(|(handle, ..)| *handle != arguments.handle);
        }
        if let (Some(variable), Some(holds)) = (takes, row.holds) {
            let write = template.call().takes(Some(0)).is_some_and(|(_, write)| write);
            self.handles.push((*variable, holds.kind == Holding::Pin, write));
        }
    }
}

/// Whether a call gives back a pin, or a get; `None` if it gives nothing back.
fn gives_back(template: &Template) -> Option<bool> {
    template.row.arguments.iter().find_map(|argument| match argument {
        Argument::GivenBack { pin } => Some(*pin),
        _ => None,
    })
}

/// The calls of three columns, of which the first two are in order by a flag, and the third is not: barriers stand between
/// them before.
fn flagged(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let barriers: Vec<usize> = (0..lines.len()).filter(|&nth| lines[nth].starts_with("=== ")).collect();
    let [first, second] = barriers[..] else { return text.to_owned() };
    let column = |nth: usize| lines[nth].len() - lines[nth].trim_start().len();
    let mut cells = [(column(first - 1), "f = 1"), (column(first + 1), "wait f")];
    cells.sort_unstable();
    let flag = cells.iter().fold(String::new(), |line, (at, cell)| format!("{line:at$}{cell}"));
    let line = |nth: usize| if nth == first { flag.as_str() } else { lines[nth] };
    let kept = (0..lines.len()).filter(|nth| *nth != second).map(|nth| format!("{}\n", line(nth)));
    kept.collect()
}
