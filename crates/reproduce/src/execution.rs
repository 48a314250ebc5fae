//! Which execution of a scenario a program is made of.

use cowrace_check::{Bounds, Exploration, Interruptible, Specification, Task};
use cowrace_explore::{FollowError, follow, replay};
use cowrace_mm::Era;
use cowrace_mm::era::PRESETS;
use cowrace_mm::world::ActorId;
use cowrace_report::{Finding, Verdict};

use crate::control;
use crate::judge;
use crate::order::{self, AsDrawn, Order};
use crate::orders::Orders;
use crate::refusal::{Refusal, Why};

/// How many executions are searched for one that shows the damage of calls that run side by side.
const EXECUTIONS: u64 = 20_000;

/// How many orders are tried in search of one that shows damage.
const ORDERS: usize = 200;

/// An execution that user space can order, or calls that are left to chance.
#[derive(Clone, Debug)]
pub struct Execution {
    /// The order of the calls.
    pub order: Order,
    /// The damage that the program looks for; `None` if no kernel is known to do any in this order.
    pub damage: Option<Damage>,
    /// Whether the model says that the kernel that was asked for does the damage in this order.
    pub is_violated: bool,
    /// What is different in the control; `None` if no such difference is known.
    pub control: Option<Control>,
}

/// Damage, and a kernel that does it.
#[derive(Clone, Debug)]
pub struct Damage {
    /// What is wrong.
    pub finding: Finding,
    /// The kernel of which the model says so: the one that was asked for, or else the newest.
    pub era: String,
}

/// What is different in a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// A call is left out.
    Without {
        /// The actor.
        actor: ActorId,
        /// Which of its calls, from 0.
        nth: usize,
    },
    /// Calls that run side by side run one after the other.
    OneAfterTheOther,
}

impl Execution {
    /// Finds an execution for a task, within bounds.
    ///
    /// The rows as they are drawn come first, then any order of calls one after the other that shows damage under the
    /// kernel. If the rows need the kernel to be stopped within a call, and no such order shows damage, calls are left to
    /// chance.
    ///
    /// # Errors
    ///
    /// If user space cannot order anything of the kind, or if there is nothing by which to judge.
    pub fn choose(task: Task<'_>, bounds: &Bounds) -> Result<Self, Refusal> {
        if let Some(feature) = task.era.lacks(task.variant.world()) {
            return Err(Refusal::of(Why::NotApplicable { feature: feature.name, since: feature.since }));
        }
        let world = task.variant.world();
        let AsDrawn { order: drawn, cut } = order::as_drawn(task.variant);
        let seen = |finding: &Finding| judge::of(world, Some(finding)).is_some();
        let as_drawn = if cut.is_none() { Some(run(task, &drawn)) } else { None };
        if let Some(Ok(Some(finding))) = &as_drawn
            && seen(finding)
        {
            return Ok(Self::with(task, drawn, task.era, finding.clone(), bounds));
        }
        let mut found = None;
        let any = Orders::up_to(world, ORDERS).find(&mut |order| {
            found = run(task, order).ok().flatten().filter(|finding| seen(finding));
            found.is_some() || bounds.are_over()
        });
        if let (Some(order), Some(finding)) = (any, found) {
            return Ok(Self::with(task, order, task.era, finding, bounds));
        }
        match (as_drawn, cut) {
            // Of a deadlock, or of the use of a freed page, nothing can be seen at the end.
            (Some(Ok(Some(_))), _) => Err(Refusal::of(Why::Unseen)),
            (Some(Ok(None)), _) => Self::that_holds(task, drawn, bounds),
            (Some(Err(error)), _) => {
                // The rows wait for each other here; any order that the kernel can take is as good.
                let possible = Orders::up_to(world, ORDERS).find(&mut |order| run(task, order).is_ok());
                match possible {
                    Some(order) => Self::that_holds(task, order, bounds),
                    None => Err(Refusal::of(Why::Impossible { reason: error.to_string() })),
                }
            }
            (None, cut) => Self::by_chance(task, drawn, cut),
        }
    }

    fn with(task: Task<'_>, order: Order, era: &Era, finding: Finding, bounds: &Bounds) -> Self {
        let control = control::of(Task { era, ..task }, &order, &finding, bounds);
        let is_violated = era.label() == task.era.label();
        let damage = Some(Damage { finding, era: era.label() });
        Self { order, damage, is_violated, control }
    }

    /// An order that does no damage under this kernel: the damage is that of the newest kernel that does any.
    fn that_holds(task: Task<'_>, order: Order, bounds: &Bounds) -> Result<Self, Refusal> {
        let world = task.variant.world();
        for era in eras() {
            let found = run(Task { era: &era, ..task }, &order).ok().flatten();
            if let Some(finding) = found.filter(|finding| judge::of(world, Some(finding)).is_some()) {
                let other = Self::with(task, order, &era, finding, bounds);
                return Ok(Self { is_violated: false, ..other });
            }
        }
        if let Some(chance) = Self::side_by_side(task, bounds) {
            return Ok(chance);
        }
        if judge::of(world, None).is_none() {
            return Err(Refusal::of(Why::NothingToJudge));
        }
        Ok(Self { order, damage: None, is_violated: false, control: None })
    }

    /// Calls that do damage under the newest kernel of which the file says so, though not one after the other: they begin
    /// together.
    fn side_by_side(task: Task<'_>, bounds: &Bounds) -> Option<Self> {
        let world = task.variant.world();
        let order = order::side_by_side(world)?;
        let is_due = |era: &Era| {
            let expected = task.scenario.expectation(era, task.variant);
            expected.and_then(|expected| expected.verdict()) == Some(Verdict::Violated)
        };
        let era = std::iter::once(task.era.clone()).chain(eras()).find(is_due)?;
        let other = Task { era: &era, ..task };
        let how = Exploration { limits: bounds.limits_up_to(EXECUTIONS), ..Exploration::default() };
        let report = other.explore(how, &mut Interruptible(bounds));
        let trace = replay(&other.program(), &report.schedule?).ok()?;
        let finding = trace.finding.filter(|finding| judge::of(world, Some(finding)).is_some())?;
        let damage = Some(Damage { finding, era: era.label() });
        Some(Self { order, damage, is_violated: false, control: Some(Control::OneAfterTheOther) })
    }

    /// Calls that others go on within: they begin together.
    fn by_chance(task: Task<'_>, order: Order, cut: Option<usize>) -> Result<Self, Refusal> {
        let world = task.variant.world();
        let rows = order::drawn_directives(task.variant);
        let own = std::iter::once(task.era.clone()).chain(eras());
        for era in own {
            let task = Task { era: &era, ..task };
            let judged = task.one(|program| follow(program, &rows));
            let finding = judged.ok().and_then(|judged| judged.trace.finding);
            if let Some(finding) = finding.filter(|finding| judge::of(world, Some(finding)).is_some()) {
                let control = Some(Control::OneAfterTheOther);
                let damage = Some(Damage { finding, era: era.label() });
                return Ok(Self { order, damage, is_violated: false, control });
            }
        }
        // What the file asserts may fail where a kernel lacks a flush or a recheck.
        if !world.predicates.is_empty() {
            let control = Some(Control::OneAfterTheOther);
            return Ok(Self { order, damage: None, is_violated: false, control });
        }
        let cell = cut.and_then(|cell| task.variant.cells().get(cell));
        let column = cell.and_then(|cell| task.scenario.columns().get(cell.column));
        Err(Refusal {
            row: cell.map(|cell| cell.row + 1),
            cell: cell.zip(column).map(|(cell, column)| (column.name.clone(), cell.text.clone())),
            why: Why::WithinACall { step: cell.map(|cell| cell.text.clone()).unwrap_or_default() },
        })
    }
}

/// Every preset, the newest release first.
fn eras() -> impl Iterator<Item = Era> {
    let mainline = PRESETS.iter().rev().filter(|preset| preset.mainline);
    let others = PRESETS.iter().rev().filter(|preset| !preset.mainline);
    mainline.chain(others).filter_map(|preset| Era::preset(preset.name).ok())
}

/// The damage that an order does, if it is possible.
pub(crate) fn run(task: Task<'_>, order: &Order) -> Result<Option<Finding>, FollowError> {
    let directives = order.directives(task.variant.world());
    task.one(|program| follow(program, &directives)).map(|judged| judged.trace.finding)
}

/// The same for a part of a scenario, which has a specification of its own.
pub(crate) fn run_part(
    task: Task<'_>,
    order: &Order,
    bounds: &Bounds,
) -> Result<Option<Finding>, FollowError> {
    let specification = Specification::of_part(bounds);
    run(Task { specification: task.specification.map(|_| &specification), ..task }, order)
}
