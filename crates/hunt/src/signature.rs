//! What makes violated scenarios alike: the damage, whose memory it hits, and the call that led to it, with its reason.
//!
//! All of it is read from the finding and from the trace of the bad execution, never from text.

use cowrace_check::Task;
use cowrace_explore::replay;
use cowrace_mm::World;
use cowrace_mm::world::{ActorId, CallSpec, MmId, Origin};
use cowrace_report::hunt::{Deed, Whose};
use cowrace_report::{
    Access, Author, Broken, Change, Class, Detail, Event, Fact, Handle, Kind as Word, Maps, Owner, Page, Pte,
    Reason, Report, Subject, Then, Trace, Value,
};

use crate::kind::Kind;

/// What went wrong in an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Its class.
    pub class: Class,
    /// Who has it.
    pub whose: Whose,
    /// The kind of call that gave the handle, if its holder has it.
    pub held: Option<Kind>,
    /// What led to it; `None` if no call can be blamed.
    pub cause: Option<Cause>,
}

/// The call that led to damage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// What it did.
    pub deed: Deed,
    /// Its kind.
    pub call: Kind,
    /// Why it did that, and the function of the model that says so; `None` if it always does it.
    pub why: Option<(Reason, String)>,
}

/// What scenarios of one family have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature {
    class: Class,
    whose: Whose,
    held: Option<Kind>,
    cause: Option<CauseKey>,
}

/// What a call did, its kind, and the rule by which it did that.
pub type CauseKey = (Deed, Kind, Option<Reason<()>>);

impl Damage {
    /// What went wrong in the execution that a report shows; `None` if it shows none.
    #[must_use]
    pub fn of(task: Task<'_>, report: &Report) -> Option<Self> {
        let (finding, schedule) = (report.finding.as_ref()?, report.schedule.as_ref()?);
        // The finding is known, so nothing needs to be judged again.
        let trace = replay(&task.program_unjudged(), schedule).ok()?;
        let story = Story { world: task.variant.world(), trace: &trace };
        let (whose, held) = story.whose(finding);
        Some(Self { class: report.class?, whose, held, cause: story.cause(finding) })
    }

    /// What it has in common with its like.
    #[must_use]
    pub fn signature(&self) -> Signature {
        let Self { class, whose, held, ref cause } = *self;
        Signature { class, whose, held, cause: cause.as_ref().map(Cause::key) }
    }
}

impl Cause {
    /// The same, whatever the pages and their counts are.
    #[must_use]
    pub fn key(&self) -> CauseKey {
        (self.deed, self.call, self.why.as_ref().map(|(reason, _)| rule(reason)))
    }
}

/// A reason without the pages that it is about, and without what was counted: the rule, and its outcome.
fn rule(reason: &Reason) -> Reason<()> {
    let mut rule = reason.clone().map(|_| ());
    match &mut rule.fact {
        Fact::PageCount { count, .. } => *count = Default::default(),
        Fact::PageMapcount { mapcount, .. } | Fact::LargeMapcount { mapcount, .. } => *mapcount = 0,
        Fact::LargeReferences { mapcount, count, .. } => (*mapcount, *count) = (0, Default::default()),
        Fact::MapAndSwapcount { mapcount, swapcount, .. } => (*mapcount, *swapcount) = (0, None),
        Fact::ActiveInactive { active, inactive, .. } => (*active, *inactive) = (0, 0),
        Fact::Lazyfree { count, mapcount, .. } => (*count, *mapcount) = (Default::default(), 0),
        Fact::SwapSlotFree { slot } => *slot = 0,
        _ => {}
    }
    rule
}

/// An execution, and the scenario that it is of.
#[derive(Clone, Copy)]
struct Story<'t> {
    world: &'t World,
    trace: &'t Trace,
}

impl<'t> Story<'t> {
    /// Who has the damage, and the kind of call that gave the handle if its holder has it.
    fn whose(self, finding: &Detail) -> (Whose, Option<Kind>) {
        let whose = match finding {
            Detail::Promise(broken) => match &broken.subject {
                Subject::Handle { variable, .. } => return (Whose::Holder, self.gave(variable)),
                Subject::Memory(place) => self.mm(&place.mm).map_or(Whose::Kernel, |mm| self.side(mm)),
                Subject::Call { actor, .. } => self.runs(actor),
                Subject::Variable(name) => match self.set(name) {
                    Some(at) => {
                        let used = self.call(at).and_then(|(_, spec)| spec.call.handle());
                        if let Some(handle) = used {
                            return (Whose::Holder, self.gave(&self.world.variables[handle]));
                        }
                        self.runs(&self.trace.actors[usize::from(self.event(at).actor)])
                    }
                    None => Whose::Kernel,
                },
            },
            Detail::Fault { access: Some(faulty), .. } => self.runs(&faulty.actor),
            _ => Whose::Kernel,
        };
        (whose, None)
    }

    /// The kind of call that gave the handle in a variable.
    fn gave(self, variable: &str) -> Option<Kind> {
        Kind::of_call(&self.call(self.set(variable)?)?.1.call)
    }

    fn mm(self, name: &str) -> Option<MmId> {
        self.world.mms.iter().position(|mm| mm.name == name)
    }

    fn side(self, mm: MmId) -> Whose {
        match self.world.mms[mm].origin {
            Origin::Boot => Whose::Process,
            Origin::ForkedAtBoot(_) | Origin::Fork(_) => Whose::Child,
        }
    }

    /// The process that an actor runs in.
    fn runs(self, actor: &str) -> Whose {
        let spec = self.world.actors.iter().find(|spec| spec.name == actor);
        spec.and_then(|spec| spec.mm).map_or(Whose::Kernel, |mm| self.side(mm))
    }

    /// The call that led to the damage.
    fn cause(self, finding: &Detail) -> Option<Cause> {
        match finding {
            Detail::Promise(broken) => self.cause_of_broken(broken),
            Detail::Fault { access: Some(faulty), .. } => match owner(&faulty.access)? {
                Owner::Page(page) => self.freed(|freed| freed == page),
                // What is freed beside pages has no names.
                _ => self.freed(|freed| matches!(freed, Page::Numbered(_))),
            },
            Detail::BadPage { page } | Detail::References { page, .. } | Detail::Exclusivity { page, .. } => {
                self.freed(|freed| freed == page)
            }
            _ => None,
        }
    }

    fn cause_of_broken(self, broken: &Broken) -> Option<Cause> {
        match (&broken.author, &broken.subject) {
            (Some(author), _) if !author.missed => self.let_in(broken, author),
            (_, Subject::Handle { variable, mm, area }) => {
                let value = self.trace.variables.iter().find(|(name, _)| name == variable);
                let Some((_, Value::Handle(Handle { page, .. }))) = value else { return None };
                let table = Owner::PageTable { mm: mm.clone(), area: area.clone() };
                let taken = || {
                    let deed = match page {
                        Page::Zero => Deed::TookZero,
                        Page::File { .. } => Deed::TookFile,
                        _ => Deed::Took,
                    };
                    self.by(self.set(variable)?, deed)
                };
                self.cut_off(&table, page).or_else(taken)
            }
            (Some(author), _) => {
                let table = self.table(broken)?;
                let (at, page) = self.written(broken, author)?;
                let other = || self.by(at, Deed::Wrote);
                self.cut_off(&table, page).or_else(|| self.lost(&table)).or_else(other)
            }
            (None, _) => self.lost(&self.table(broken)?),
        }
    }

    /// The page table of the damaged memory.
    fn table(self, broken: &Broken) -> Option<Owner> {
        if let Some(place) = &broken.memory {
            return Some(Owner::PageTable { mm: place.mm.clone(), area: place.area.clone() });
        }
        let Subject::Variable(name) = &broken.subject else { return None };
        let (actor, spec) = self.call(self.set(name)?)?;
        let target = spec.call.memory(self.world.actors[actor].mm)?;
        let (mm, area) = (self.world.mms[target.mm].name.clone(), self.world.areas[target.va].name.clone());
        Some(Owner::PageTable { mm, area })
    }

    /// What parted a page from a page table for good, or took the write bit of its entry.
    fn cut_off(self, table: &Owner, page: &Page) -> Option<Cause> {
        let is_it = |pte: &Pte| pte.maps == Maps::Page(page.clone());
        let last = self.entries(table).last()?.2;
        let left = self.entries(table).filter(|(_, from, to)| is_it(from) && !is_it(to)).last();
        if let Some((at, ..)) = left.filter(|_| !is_it(last)) {
            return self.by(at, Deed::Displaced);
        }
        // An entry is cleared before it is set to another value. A page that comes back from swap is not protected: it is
        // mapped anew.
        let (mut was_writable, mut protected) = (false, None);
        for (at, from, to) in self.entries(table) {
            was_writable |= is_it(from) && from.writable;
            if is_it(to) && !to.writable && was_writable {
                protected = Some(at);
            }
            was_writable &= to.maps == Maps::Nothing;
        }
        self.by(protected.filter(|_| !last.writable)?, Deed::WriteProtected)
    }

    /// What took the last page from a page table that it lost.
    fn lost(self, table: &Owner) -> Option<Cause> {
        let loses =
            |(_, from, to): &(usize, &Pte, &Pte)| matches!(from.maps, Maps::Page(_)) && from.maps != to.maps;
        let (at, ..) = self.entries(table).filter(loses).last()?;
        self.by(at, Deed::Displaced)
    }

    /// What let a value into a page where others see it.
    fn let_in(self, broken: &Broken, author: &Author) -> Option<Cause> {
        let (at, page) = self.written(broken, author)?;
        let is_it = |pte: &Pte| pte.maps == Maps::Page(page.clone());
        let writer = self.world.actors.iter().find(|spec| spec.name == author.actor)?.mm;
        let own = |of: &Owner| matches!(of, Owner::PageTable { mm, .. } if writer.is_some_and(|writer| self.world.mms[writer].name == *mm));
        let opens = |change: &Change| match (&change.from, &change.to) {
            (Value::Pte(from), Value::Pte(to)) => {
                own(&change.word.of) && is_it(to) && to.writable && !(is_it(from) && from.writable)
            }
            _ => false,
        };
        let opened = (0..=at).rev().find(|&at| self.event(at).changes.iter().any(opens));
        opened
            .filter(|_| !author.device)
            .and_then(|at| self.by(at, Deed::MadeWritable))
            .or_else(|| self.by(at, Deed::Wrote))
    }

    /// What freed such a page the last time.
    fn freed(self, is_it: impl Fn(&Page) -> bool) -> Option<Cause> {
        let frees = |event: &Event| matches!(&event.access, Access::Free { page } if is_it(page));
        let at = self.trace.events.iter().rposition(frees)?;
        self.by(at, Deed::Freed)
    }

    /// The last event that put an author's value into a page, and the page.
    fn written(self, broken: &Broken, author: &Author) -> Option<(usize, &'t Page)> {
        let nth = broken.memory.as_ref().and_then(|place| place.word);
        let value = Value::Number(author.value);
        self.trace.events.iter().enumerate().rev().find_map(|(at, event)| {
            if self.trace.actors.get(usize::from(event.actor)) != Some(&author.actor) {
                return None;
            }
            event.changes.iter().find_map(|Change { word, to, .. }| match &word.of {
                Owner::Page(page)
                    if word.kind == Word::Content && (nth.is_none() || word.nth == nth) && *to == value =>
                {
                    Some((at, page))
                }
                _ => None,
            })
        })
    }

    /// The changes of a page table's entry.
    fn entries(self, table: &Owner) -> impl Iterator<Item = (usize, &'t Pte, &'t Pte)> {
        let events = self.trace.events.iter().enumerate();
        let changes = events.flat_map(|(at, event)| event.changes.iter().map(move |change| (at, change)));
        changes.filter(move |(_, change)| change.word.of == *table).filter_map(|(at, change)| {
            match (&change.from, &change.to) {
                (Value::Pte(from), Value::Pte(to)) => Some((at, from, to)),
                _ => None,
            }
        })
    }

    /// The call of an event as a cause.
    fn by(self, at: usize, deed: Deed) -> Option<Cause> {
        let (_, spec) = self.call(at)?;
        let why = match deed {
            // No rule of the kernel's gives or takes these.
            Deed::Took | Deed::TookZero | Deed::TookFile | Deed::WriteProtected => None,
            Deed::Displaced | Deed::MadeWritable | Deed::Wrote | Deed::Freed => self.why(at),
        };
        Some(Cause { deed, call: Kind::of_call(&spec.call)?, why })
    }

    /// Why the call of an event did what it did there: the last reason with a consequence that it gave before; if there is
    /// none, the first after, since a page is unmapped before its fate is decided.
    fn why(self, at: usize) -> Option<(Reason, String)> {
        let event = self.event(at);
        let is_own = |other: &&Event| other.actor == event.actor && other.call == event.call;
        let given = |other: &Event| {
            let why = other.why.iter().rfind(|why| why.then.is_some_and(decides))?;
            Some((why.clone(), other.function.clone()))
        };
        let before = self.trace.events[..=at].iter().rev().filter(is_own).find_map(given);
        before.or_else(|| self.trace.events[at + 1..].iter().filter(is_own).find_map(given))
    }

    /// The event that sets a variable.
    fn set(self, variable: &str) -> Option<usize> {
        let sets = |change: &Change| matches!(&change.word.of, Owner::Variable(name) if name == variable);
        self.trace.events.iter().position(|event| event.changes.iter().any(sets))
    }

    /// The call of an event, with its actor.
    fn call(self, at: usize) -> Option<(ActorId, &'t CallSpec)> {
        let call = self.event(at).call?;
        self.world.calls().find(|(_, spec)| spec.id == call)
    }

    fn event(self, at: usize) -> &'t Event {
        &self.trace.events[at]
    }
}

/// Whether a consequence is about the fate of a page, and not only about the way that the kernel takes, or about a flush that
/// was due for another page.
const fn decides(then: Then) -> bool {
    !matches!(then, Then::SlowPath | Then::TryAgain | Then::CountReferences | Then::FlushNow)
}

/// The owner of the word that an access is about.
const fn owner(access: &Access) -> Option<&Owner> {
    match access {
        Access::Load { word, .. }
        | Access::Store { word, .. }
        | Access::Exchange { word, .. }
        | Access::Add { word, .. }
        | Access::SubtractAndTest { word, .. }
        | Access::AddUnless { word, .. }
        | Access::CompareExchange { word, .. }
        | Access::Set { word, .. }
        | Access::Clear { word, .. }
        | Access::Lock { word }
        | Access::Trylock { word, .. }
        | Access::Unlock { word } => Some(&word.of),
        _ => None,
    }
}
