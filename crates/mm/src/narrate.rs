//! The kernel's names for the machine's objects and words, and the meaning of their bits, as data without sentences.

use std::borrow::Cow;
use std::sync::Arc;

use cowrace_machine::{Addr, Arch, Memory, Narrate, Obj};
use cowrace_report as report;
use cowrace_report::{Amount, Lock, Maps, Owner, Page, Word};

use crate::cpu::Kernel;
use crate::names::page_name;
use crate::objects::{
    BATCH_FLUSHED_SHIFT, BATCH_PENDING, Format, MmIds, Thing, Whose, mappings, references, thing, variable,
};
use crate::pgtable::{Entry, INVALID, MIGRATION_WRITE, Pte, TABLE, pte_dirty};
use crate::value::Value;
use crate::world::World;

/// The value of a variable.
#[must_use]
pub(crate) fn variable_value(world: &World, value: Value) -> report::Value {
    match value {
        Value::Unset => report::Value::Unset,
        Value::Number(n) => report::Value::Number(n),
        Value::Errno(errno) => report::Value::Errno(errno.name().into()),
        Value::Handle(h) => {
            let page = page_name(world, h.page);
            report::Value::Handle(report::Handle { pin: h.pin, page, given_back: h.released })
        }
        Value::Child(mm) => report::Value::Child(mm_name(world, mm)),
    }
}

const fn rwsem(bits: u64) -> Lock {
    match bits {
        0 => Lock::Free,
        n if n >> 63 != 0 => Lock::Writer,
        n => Lock::Readers(n),
    }
}

fn flags(names: &[(u64, &'static str)], bits: u64) -> Vec<Cow<'static, str>> {
    names.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| Cow::from(*name)).collect()
}

fn mm_name(world: &World, mm: usize) -> String {
    world.mms.get(mm).map_or_else(|| format!("mm {mm}"), |mm| mm.name.clone())
}

fn area_name(world: &World, va: usize) -> String {
    world.label(va).unwrap_or_else(|| format!("area {va}"))
}

/// Names the words of one kernel.
#[derive(Debug)]
pub(crate) struct Narrator {
    kernel: Arc<Kernel>,
}

impl Narrator {
    /// A narrator for a kernel.
    #[must_use]
    pub(crate) const fn new(kernel: Arc<Kernel>) -> Self {
        Self { kernel }
    }

    fn owner(&self, thing: &Thing) -> Owner {
        let world = &self.kernel.world;
        let cpu = |actor: usize| self.actor(actor as u8);
        match thing.whose {
            Whose::Kernel => Owner::Kernel,
            Whose::Mm(mm) => Owner::Mm(mm_name(world, mm)),
            Whose::PageTable(mm, va) => {
                Owner::PageTable { mm: mm_name(world, mm), area: area_name(world, va) }
            }
            Whose::Directory(mm, va) => {
                Owner::PageTable { mm: mm_name(world, mm), area: area_name(world, va) }
            }
            Whose::Vma(mm, va) => Owner::Vma { mm: mm_name(world, mm), area: area_name(world, va) },
            Whose::Tlb(actor) => {
                Owner::Tlb { cpu: cpu(actor), area: area_name(world, thing.nth.map_or(0, usize::from)) }
            }
            Whose::Cpu(actor) => Owner::Cpu(cpu(actor)),
            Whose::Batch(actor, batch) => Owner::Batch { cpu: cpu(actor), batch: batch.name().into() },
            Whose::Slot(slot) => Owner::Slot(slot),
            Whose::Page(page) => Owner::Page(page_name(world, page)),
            Whose::Variable(var) => {
                let name = world.variables.get(var).cloned();
                Owner::Variable(name.unwrap_or_else(|| format!("variable {var}")))
            }
            Whose::Call(call) => Owner::Call(call),
        }
    }

    fn word_of(&self, thing: &Thing) -> Word {
        let field = thing.field;
        // The entries of a TLB are identified by their areas, and to a reader the lists of variables and failures are
        // not lists.
        let is_array = matches!(thing.whose, Whose::Page(_) | Whose::Slot(_) | Whose::Batch(..));
        let nth = thing.nth.filter(|_| is_array);
        Word { of: self.owner(thing), field: field.name.into(), nth, kind: field.kind }
    }

    fn value_as(&self, format: Format, bits: u64) -> report::Value {
        let world = &self.kernel.world;
        match format {
            Format::Number => report::Value::Number(bits),
            Format::Value => variable_value(world, Value::decode(bits)),
            Format::Pte => report::Value::Pte(self.pte(bits)),
            Format::Flags(names) => report::Value::Flags(flags(names, bits)),
            Format::Refcount => report::Value::References(references(bits)),
            Format::Mapcount => report::Value::Mappings(mappings(bits)),
            Format::MmIds => {
                let ids = MmIds::decode(bits);
                let mms =
                    ids.slots().map(|(mm, count)| Cow::from(format!("{}: {count}", mm_name(world, mm))));
                let marks = [(ids.is_shared(), "shared"), (bits & MmIds::LOCK != 0, "locked")];
                let marks = marks.into_iter().filter(|(is, _)| *is).map(|(_, mark)| Cow::from(mark));
                report::Value::Flags(mms.chain(marks).collect())
            }
            Format::Page => report::Value::Page((bits != 0).then(|| page_name(world, Obj::from_pfn(bits)))),
            Format::Batched => {
                let (put_off, made) = (bits & BATCH_PENDING, bits >> BATCH_FLUSHED_SHIFT);
                report::Value::Flushes { put_off, made }
            }
            Format::Spinlock => report::Value::Lock(if bits == 0 { Lock::Free } else { Lock::Held }),
            Format::Rwsem => report::Value::Lock(rwsem(bits)),
            Format::Interrupts => report::Value::Interrupts { off: bits & 1 == 1 },
            Format::Life => report::Value::Alive(bits != 0),
        }
    }
}

impl Narrate for Narrator {
    fn word(&self, addr: Addr) -> Word {
        let unknown = || Word {
            of: Owner::Object(format!("{:?}", addr.obj())),
            field: "word".into(),
            nth: Some(addr.word()),
            kind: report::Kind::Other,
        };
        thing(addr).map_or_else(unknown, |thing| self.word_of(&thing))
    }

    fn value(&self, addr: Addr, bits: u64) -> report::Value {
        thing(addr).map_or(report::Value::Number(bits), |thing| self.value_as(thing.field.format, bits))
    }

    fn amount(&self, addr: Addr, added: u64) -> Amount {
        let added = added as i64;
        let inactive = match thing(addr).map(|thing| thing.field.format) {
            Some(Format::Mapcount) => (added + (1 << 31)) >> 32,
            _ => 0,
        };
        Amount { plain: added - (inactive << 32), inactive }
    }

    fn pte(&self, bits: u64) -> report::Pte {
        let (pte, arch): (Pte, Arch) = (Pte::from(bits), self.kernel.arch);
        let maps = match pte.entry() {
            _ if pte.has(TABLE) => Maps::Table,
            _ if pte.has(INVALID) => Maps::Invalid(page_name(&self.kernel.world, pte.page().obj)),
            Entry::None => Maps::Nothing,
            Entry::Swap(entry) => Maps::Swap(entry.0.into()),
            Entry::Migration(page) => Maps::Migration(page_name(&self.kernel.world, page.obj)),
            Entry::Marker => Maps::Marker,
            Entry::Page(page) => Maps::Page(page_name(&self.kernel.world, page.obj)),
        };
        report::Pte {
            maps,
            writable: pte.present() && pte.write(),
            dirty: pte.present() && pte_dirty(arch, pte),
            exclusive: pte.swp_exclusive() || pte.has(MIGRATION_WRITE),
            soft_dirty: pte.soft_dirty(),
            uffd_wp: pte.uffd_wp(),
        }
    }

    fn page(&self, page: Obj) -> Page {
        page_name(&self.kernel.world, page)
    }

    fn actor(&self, actor: u8) -> String {
        let spec = self.kernel.world.actors.get(usize::from(actor));
        spec.map_or_else(|| format!("actor {actor}"), |spec| spec.name.clone())
    }

    fn words(&self, memory: &Memory) -> Vec<(Word, report::Value)> {
        let word = |(index, bits): (usize, u64)| {
            let thing = thing(Addr::at(index))?;
            Some((self.word_of(&thing), self.value_as(thing.field.format, bits)))
        };
        memory.nonzero().filter_map(word).collect()
    }

    fn variables(&self, memory: &Memory) -> Vec<(String, report::Value)> {
        let world = &self.kernel.world;
        let value = |var: usize| variable_value(world, Value::decode(memory.get(variable(var))));
        world.variables.iter().enumerate().map(|(var, name)| (name.clone(), value(var))).collect()
    }
}
