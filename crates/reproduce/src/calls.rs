//! Where each call of an execution runs, and what stands for it.

use std::collections::BTreeSet;

use cowrace_check::Task;
use cowrace_mm::World;
use cowrace_mm::world::{
    ActorId, Advice, Arg, Backing, Call, CallSpec, MmId, Origin, Populate, Target, Va, VarId,
};

use crate::device::{self, Device, Handle, Uses};
use crate::execution::{Control, Execution};
use crate::facility::Facility;
use crate::judge::{self, Judge};
use crate::order::{self, Move, Part, call_of, can_be_held, row_of};
use crate::plan::{Action, Step};
use crate::refusal::{Refusal, Why};
use crate::value::{Kept, Slot, Values};

/// What the probe at the end stores: no scenario has it.
pub(crate) const PROBE: u64 = 0x00c0_ffee_0000;

/// The life of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    NotYet,
    Alive,
    Ended,
}

/// Puts the calls of an execution into processes, one row after the other.
pub(crate) struct Placing<'t> {
    task: Task<'t>,
    world: &'t World,
    execution: &'t Execution,
    judges: &'t [Judge],
    pub(crate) steps: Vec<Step>,
    pub(crate) handles: Vec<Handle>,
    pub(crate) values: Values,
    pub(crate) facilities: BTreeSet<Facility>,
    life: Vec<Life>,
    /// Handles that are held now.
    held: Vec<usize>,
    /// Processes that no longer have the page of an area.
    parted: Vec<(MmId, Va)>,
    /// Areas whose page may be in a batch.
    batched: BTreeSet<Va>,
    /// Areas that began in a batch, and whose page is still in it.
    begun_in_batch: Vec<Va>,
    /// Areas that were given up, so that reclaim takes the page only if there is no other reference.
    given_up: BTreeSet<Va>,
    /// Processes that have just ended.
    ended: Vec<MmId>,
    row: usize,
    place: usize,
}

impl<'t> Placing<'t> {
    pub(crate) fn of(task: Task<'t>, execution: &'t Execution, judges: &'t [Judge]) -> Self {
        let world = task.variant.world();
        let life = world.mms.iter().map(|mm| match mm.origin {
            Origin::Fork(_) => Life::NotYet,
            Origin::Boot | Origin::ForkedAtBoot(_) => Life::Alive,
        });
        let mut values = Values::of(world);
        for judge in judges {
            match judge {
                Judge::Predicate { expr, .. } => {
                    let (mut words, mut copies) = (Vec::new(), Vec::new());
                    judge::memory(expr, &mut words);
                    judge::copies(expr, &mut copies);
                    words.into_iter().for_each(|(at, word)| _ = values.slot(Kept::AtTheEnd(at, word)));
                    copies.into_iter().for_each(|mm| _ = values.slot(Kept::Copies(mm)));
                }
                Judge::Call { call, .. } => _ = values.slot(Kept::Result(*call)),
                Judge::Memory { target, word, .. } => _ = values.slot(Kept::AtTheEnd(*target, *word)),
                Judge::CutOff { .. } => {
                    values.slot(Kept::OwnersStore);
                    values.slot(Kept::OtherSide);
                }
                Judge::Variable { .. } => {}
            }
        }
        let fresh = |area: &cowrace_mm::world::Area| {
            area.lru_batch.is_some() || (area.backing == Backing::Anon && area.populate == Populate::None)
        };
        let batched = (0..world.areas.len()).filter(|&va| fresh(&world.areas[va]));
        Self {
            task,
            world,
            execution,
            judges,
            steps: Vec::new(),
            handles: Vec::new(),
            values,
            facilities: BTreeSet::new(),
            life: life.collect(),
            held: Vec::new(),
            parted: Vec::new(),
            batched: batched.collect(),
            begun_in_batch: (0..world.areas.len())
                .filter(|&va| world.areas[va].lru_batch.is_some())
                .collect(),
            given_up: (0..world.areas.len()).filter(|&va| world.areas[va].lazyfree).collect(),
            ended: Vec::new(),
            row: 0,
            place: 0,
        }
    }

    /// Places all moves.
    pub(crate) fn moves(&mut self) -> Result<(), Refusal> {
        for row in &self.execution.order.rows {
            self.row += 1;
            for (place, each) in row.iter().enumerate() {
                self.place = place;
                self.one(*each)?;
            }
        }
        Ok(())
    }

    fn one(&mut self, each: Move) -> Result<(), Refusal> {
        let Some(call) = call_of(self.world, each.actor, each.nth) else { return Ok(()) };
        let call = call.clone();
        let task = self.task;
        let refuse = |why: Why| {
            let column = task.scenario.columns().get(each.actor);
            let column = column.map(|column| column.name.clone()).unwrap_or_default();
            Refusal {
                row: row_of(task.variant, call.id),
                cell: Some((column, task.variant.call_text(call.id).to_owned())),
                why,
            }
        };
        let mm = self.site(each.actor, &call).map_err(refuse)?;
        let actions = self.actions(each, &call, mm).map_err(refuse)?;
        let row = self.execution.order.rows.get(self.row - 1).map(Vec::as_slice).unwrap_or_default();
        let mut batched = self.begun_in_batch.clone();
        batched.retain(|&va| self.world.areas[va].mm == mm && row.len() == 1);
        for action in &actions {
            match action {
                Action::Drain
                | Action::Exit
                | Action::Munmap { .. }
                | Action::Reclaim { .. }
                | Action::Madvise { advice: Advice::PageOut, .. } => self.begun_in_batch.clear(),
                // The store may make a copy.
                Action::Store { va, .. } => self.begun_in_batch.retain(|other| other != va),
                _ => {}
            }
        }
        let behind = order::before(self.world, row, each);
        let not_in_control =
            self.execution.control == Some(Control::Without { actor: each.actor, nth: each.nth });
        self.steps.push(Step {
            row: self.row,
            place: self.place,
            actor: Some(each.actor),
            mm,
            call: Some(call.id),
            actions,
            not_in_control,
            after: std::mem::take(&mut self.ended),
            batched,
            behind,
        });
        if matches!(call.call, Call::Exit) {
            self.ended.push(mm);
        }
        Ok(())
    }

    /// The process in which a call runs: the one whose memory it is about, then that of its column.
    fn site(&self, actor: ActorId, call: &CallSpec) -> Result<MmId, Why> {
        let own = self.world.actors[actor].mm;
        let alive = |mm: &MmId| self.life[*mm] == Life::Alive;
        let about = match call.call {
            Call::Gup { target, .. } | Call::Reclaim { target } | Call::SoftDirty { target } => {
                Some(target.mm)
            }
            Call::UffdWriteProtect { target, .. } => {
                if self.world.areas[target.va].mm != target.mm {
                    return Err(Why::ForeignUserfaultfd);
                }
                Some(target.mm)
            }
            Call::ClearRefs { mm } => Some(mm),
            Call::Release { handle }
            | Call::DmaRead { handle, .. }
            | Call::DmaWrite { handle, .. }
            | Call::PipeRead { handle, .. } => {
                let held = self.handle_of(handle).map(|handle| &self.handles[handle]);
                match held {
                    // Every process has the pipes.
                    Some(Handle { device: Device::Pipe, page, .. }) => {
                        own.filter(alive).or(Some(page.mm).filter(alive)).or((0..self.life.len()).find(alive))
                    }
                    Some(held) => Some(held.page.mm),
                    None => own,
                }
            }
            _ => own,
        };
        let mm = about.or(own).or((0..self.life.len()).find(alive)).ok_or(Why::ProcessHasEnded)?;
        if alive(&mm) { Ok(mm) } else { Err(Why::ProcessHasEnded) }
    }

    fn handle_of(&self, variable: VarId) -> Option<usize> {
        self.handles.iter().position(|handle| handle.variable == Some(variable))
    }

    /// Where the result of a call is kept.
    fn result_slot(&self, call: &CallSpec) -> Option<Slot> {
        call.dest.or(self.values.find(Kept::Result(call.id)))
    }

    fn actions(&mut self, each: Move, call: &CallSpec, mm: MmId) -> Result<Vec<Action>, Why> {
        let into = self.result_slot(call);
        let one = |action: Action| Ok(vec![action]);
        match call.call {
            Call::Load { va, word } => one(Action::Load { va, word, into }),
            Call::Store { va, word, value } => {
                let copies = self.values.find(Kept::Copies(mm));
                one(Action::Store { va, word, value, into, copies })
            }
            Call::DirectRead { .. } | Call::DirectWrite { .. } => self.direct(each, call, mm),
            Call::Gup { .. }
            | Call::ExtractPages { .. }
            | Call::Vmsplice { .. }
            | Call::IoUringRegister { .. } => self.take(each, call, mm),
            Call::Recvmsg { .. } => Err(Why::Ktls),
            Call::FuseSplice { .. } => Err(Why::FuseSplice),
            Call::SplitHugePage { .. } | Call::KhugepagedCollapse { .. } | Call::SpeculativeRef { .. } => {
                Err(Why::NoSuchCall)
            }
            Call::Mremap { .. } => Err(Why::Mremap),
            Call::Release { handle } => {
                let handle = self.handle_of(handle).ok_or(Why::NoSuchCall)?;
                self.held.retain(|&other| other != handle);
                match self.handles[handle].device {
                    Device::Once | Device::ProcMem => Ok(Vec::new()),
                    _ => one(Action::Release { handle }),
                }
            }
            Call::DmaWrite { handle, word, value } => {
                let handle = self.handle_of(handle).ok_or(Why::NoSuchCall)?;
                let of_take =
                    self.values.find(Kept::Variable(self.handles[handle].variable.unwrap_or(usize::MAX)));
                let at_once = self.handles[handle].device == Device::ProcMem;
                self.ends_with_access(handle);
                one(Action::DeviceWrite { handle, word, value, into: of_take.filter(|_| at_once) })
            }
            Call::DmaRead { handle, word } | Call::PipeRead { handle, word } => {
                let handle = self.handle_of(handle).ok_or(Why::NoSuchCall)?;
                self.ends_with_access(handle);
                one(Action::DeviceRead { handle, word, into })
            }
            Call::Fork { child } => {
                self.life[child] = Life::Alive;
                one(Action::Fork { child })
            }
            Call::Exit => {
                self.life[mm] = Life::Ended;
                self.batched.clear();
                let owned = |&handle: &usize| self.handles[handle].page.mm == mm;
                if self.held.iter().any(owned) {
                    self.held.retain(|handle| self.handles[*handle].page.mm != mm);
                }
                one(Action::Exit)
            }
            Call::Munmap { va } => {
                self.parted.push((mm, va));
                one(Action::Munmap { va })
            }
            Call::Madvise { va, advice } => {
                let held = self.may_stay(va);
                match advice {
                    Advice::Free => {
                        self.batched.insert(va);
                        self.given_up.insert(va);
                    }
                    Advice::PageOut => {
                        self.facilities.insert(Facility::Swap);
                        self.batched.clear();
                    }
                    Advice::DontNeed => self.parted.push((mm, va)),
                    Advice::Collapse => return Err(Why::Collapse),
                    Advice::DontFork | Advice::DoFork => {}
                }
                one(Action::Madvise { va, advice, held, into })
            }
            Call::Mprotect { va, write } => one(Action::Mprotect { va, write }),
            Call::ClearRefs { mm } => {
                self.facilities.insert(Facility::SoftDirty);
                one(Action::ClearRefs { mm })
            }
            Call::SoftDirty { target } => {
                self.facilities.insert(Facility::SoftDirty);
                one(Action::SoftDirty { target, into })
            }
            Call::UffdWriteProtect { target, protect } => {
                one(Action::WriteProtect { va: target.va, on: protect })
            }
            Call::Reclaim { target } => {
                if self.batched.contains(&target.va) {
                    return Err(Why::InABatch);
                }
                let shared = self.may_be_shared(target);
                self.facilities.insert(if shared { Facility::Cgroup } else { Facility::Swap });
                one(Action::Reclaim { va: target.va, held: self.may_stay(target.va), shared })
            }
            Call::LruAddDrainAll => {
                self.batched.clear();
                one(Action::Drain)
            }
            Call::Set { value } => one(Action::Set { value, into }),
            Call::WaitVariable { .. } | Call::WaitExit { .. } => Ok(Vec::new()),
        }
    }

    /// A handle of a device that does one thing and is over.
    fn ends_with_access(&mut self, handle: usize) {
        if !matches!(self.handles[handle].device, Device::Pipe | Device::FixedBuffer | Device::GupTest { .. })
        {
            self.held.retain(|&other| other != handle);
        }
    }

    /// Whether a page may be kept from being reclaimed: by a pin, by any reference if it was given up, or because others
    /// use it in the same row.
    fn may_stay(&self, va: Va) -> bool {
        let (era, given_up) = (self.task.era, self.given_up.contains(&va));
        let handles = self.held.iter().map(|&handle| &self.handles[handle]);
        let mut handles = handles.filter(|handle| handle.page.va == va);
        self.execution.order.rows.get(self.row - 1).is_some_and(|row| row.len() > 1)
            || handles.any(|handle| given_up || handle.device.is_pin(era))
    }

    /// Whether another process may map the page of an area.
    fn may_be_shared(&self, Target { mm, va }: Target) -> bool {
        let root = |mut mm: MmId| {
            while let Origin::ForkedAtBoot(parent) | Origin::Fork(parent) = self.world.mms[mm].origin {
                mm = parent;
            }
            mm
        };
        (0..self.life.len()).any(|other| {
            other != mm
                && self.life[other] == Life::Alive
                && root(other) == root(mm)
                && !self.parted.contains(&(other, va))
        })
    }

    fn direct(&mut self, each: Move, call: &CallSpec, mm: MmId) -> Result<Vec<Action>, Why> {
        let into = self.result_slot(call);
        if each.part == Part::Rest {
            let handle =
                self.handles.iter().position(|handle| handle.call == call.id).ok_or(Why::NoSuchCall)?;
            self.ends_with_access(handle);
            return Ok(vec![access_of(call.call, handle, into).ok_or(Why::NoSuchCall)?]);
        }
        let at_once = each.part == Part::Whole;
        let (file, plain) = match call.call {
            Call::DirectRead { file, va, word, value } => {
                (file, Action::DirectRead { va, word, value, into })
            }
            Call::DirectWrite { file, va, word } => (file, Action::DirectWrite { va, word, into }),
            _ => return Err(Why::NoSuchCall),
        };
        if at_once && file == cowrace_mm::world::FileKind::Block {
            self.facilities.insert(Facility::DirectIo);
            return Ok(vec![plain]);
        }
        let mut actions = self.take(each, call, mm)?;
        if at_once {
            let handle = self.handles.len() - 1;
            self.ends_with_access(handle);
            actions.push(access_of(call.call, handle, into).ok_or(Why::NoSuchCall)?);
        }
        Ok(actions)
    }

    fn take(&mut self, each: Move, call: &CallSpec, mm: MmId) -> Result<Vec<Action>, Why> {
        let va = match call.call {
            Call::Gup { target, .. } => target.va,
            Call::DirectRead { va, .. }
            | Call::DirectWrite { va, .. }
            | Call::ExtractPages { va, .. }
            | Call::Vmsplice { va }
            | Call::IoUringRegister { va } => va,
            _ => return Err(Why::NoSuchCall),
        };
        let uses = self.uses(each, call);
        let device = device::of(self.task.era, call.call, &self.world.areas[va], uses)?;
        let is_fuse = |device: Device| device.facility() == Facility::Fuse;
        if is_fuse(device) && self.held.iter().any(|&held| is_fuse(self.handles[held].device)) {
            return Err(Why::TwoAtOnce);
        }
        if let Some(variable) = call.dest
            && self.handle_of(variable).is_some()
        {
            return Err(Why::NoSuchCall);
        }
        let page = Target { mm, va };
        self.handles.push(Handle { device, page, variable: call.dest, call: call.id });
        let handle = self.handles.len() - 1;
        if device != Device::Once && device != Device::ProcMem {
            self.held.push(handle);
        }
        // What a held call gives is known when it ends.
        let into = call.dest.filter(|_| !can_be_held(call.call));
        Ok(if device == Device::ProcMem { Vec::new() } else { vec![Action::Take { handle, into }] })
    }

    /// What is done through what a call takes.
    fn uses(&self, each: Move, call: &CallSpec) -> Uses {
        match call.call {
            Call::DirectRead { word, .. } => return Uses { writes: 1, word, ..Uses::default() },
            Call::DirectWrite { word, .. } => return Uses { reads: 1, word, ..Uses::default() },
            _ => {}
        }
        let Some(variable) = call.dest else { return Uses::default() };
        let mut uses = Uses::default();
        let mut first = None;
        let mut since = self.execution.order.moves().skip_while(|other| *other != each).skip(1);
        // Whether only moves through the handle were seen so far.
        let mut alone = true;
        for next in since.by_ref() {
            let Some(next) = call_of(self.world, next.actor, next.nth) else { continue };
            match next.call {
                Call::DmaRead { handle, word } | Call::PipeRead { handle, word } if handle == variable => {
                    uses.reads += 1;
                    first = first.or(Some(word));
                }
                Call::DmaWrite { handle, word, .. } if handle == variable => {
                    uses.writes += 1;
                    first = first.or(Some(word));
                }
                Call::Release { handle } if handle == variable => {
                    uses.at_once = alone && uses.reads == 0 && uses.writes <= 1;
                    break;
                }
                _ => alone = false,
            }
        }
        for judge in self.judges {
            if let Judge::CutOff { handle, owner_stores, .. } = judge
                && *handle == variable
            {
                uses.at_once = false;
                // Where only the device's side can be seen to write, that is looked at after a store by the owner.
                if *owner_stores && !to_write(call.call) { uses.reads += 1 } else { uses.writes += 1 }
            }
        }
        uses.word = first.unwrap_or(0);
        uses
    }

    /// What is looked at in the end.
    pub(crate) fn end(&mut self, judges: &[Judge]) -> Result<(), Refusal> {
        for slot in 0..self.values.0.len() {
            if let Kept::AtTheEnd(target, word) = self.values.0[slot] {
                if self.life[target.mm] != Life::Alive {
                    // There is no such memory, so nothing is asked of it.
                    continue;
                }
                self.look(target.mm, Action::Load { va: target.va, word, into: Some(slot) });
            }
        }
        for judge in judges {
            let Judge::CutOff { handle, owner, target, owner_stores } = judge else { continue };
            let held = self.handle_of(*handle).ok_or_else(|| Refusal::of(Why::Unseen))?;
            let site = self.handles[held].page.mm;
            if self.life[*owner] != Life::Alive || self.life[site] != Life::Alive {
                return Err(Refusal::of(Why::ProcessHasEnded));
            }
            let into = self.values.find(Kept::OtherSide);
            let of_store = self.values.find(Kept::OwnersStore);
            let word = match self.handles[held].device {
                Device::ProcessVmWrite { word } | Device::FuseRead { word } | Device::FuseWrite { word } => {
                    word
                }
                _ => 0,
            };
            let value = Arg::Number(PROBE);
            let writes_only =
                matches!(self.handles[held].device, Device::ProcessVmWrite { .. } | Device::FuseRead { .. });
            if *owner_stores && writes_only {
                // The store parts the owner from the page, if anything does.
                let other = 1 - word;
                let store = Action::Store { va: target.va, word: other, value, into: of_store, copies: None };
                self.look(*owner, store);
            }
            if *owner_stores && !writes_only {
                self.look(*owner, Action::Store { va: target.va, word, value, into: of_store, copies: None });
                self.look(site, Action::DeviceRead { handle: held, word, into });
            } else {
                self.look(site, Action::DeviceWrite { handle: held, word, value, into: None });
                self.look(*owner, Action::Load { va: target.va, word, into });
            }
        }
        Ok(())
    }

    fn look(&mut self, mm: MmId, action: Action) {
        self.row += 1;
        self.steps.push(Step {
            row: self.row,
            place: 0,
            actor: None,
            mm,
            call: None,
            actions: vec![action],
            not_in_control: false,
            after: std::mem::take(&mut self.ended),
            batched: Vec::new(),
            behind: Vec::new(),
        });
    }
}

/// Whether a call takes a page to write it.
const fn to_write(call: Call) -> bool {
    match call {
        Call::Gup { flags, .. } => flags.write,
        Call::ExtractPages { write, .. } => write,
        Call::IoUringRegister { .. } => true,
        _ => false,
    }
}

/// The access by the device of direct I/O.
fn access_of(call: Call, handle: usize, into: Option<Slot>) -> Option<Action> {
    match call {
        Call::DirectRead { word, value, .. } => Some(Action::DeviceWrite { handle, word, value, into }),
        Call::DirectWrite { word, .. } => Some(Action::DeviceRead { handle, word, into }),
        _ => None,
    }
}
