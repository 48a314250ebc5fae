//! Words for events: the kernel's names for what the seam calls objects and words.

use std::collections::HashMap;
use std::sync::Arc;

use cowrace_machine::{Addr, Arch, Memory, Narrate, Narration, Obj, Op, Prim};
use cowrace_report::{Change, Kind, Word};

use crate::cpu::Kernel;
use crate::objects::{
    ACTIVE, BATCH_FLUSHED_SHIFT, BATCH_PENDING, Format, GUP_PIN_COUNTING_BIAS, MmStruct, Page, Thing, Whose,
    boot_page, file_page, thing, variable,
};
use crate::pgtable::pte_dirty;
use crate::pte::Pte;
use crate::value::Value;
use crate::world::World;

/// The name of a page: `X` for the one that an area has at the start (`X.buf` if there are several areas),
/// `Y.thread1` for the first that the actor `thread1` allocates, `Y2.thread1` for its second.
#[must_use]
pub(crate) fn page_name(world: &World, page: Obj) -> String {
    if let Some(actor) = page.owner() {
        let who = world.actors.get(usize::from(actor)).map_or("?", |a| a.name.as_str()).replace(' ', "_");
        return match page.nth() {
            0 => format!("Y.{who}"),
            n => format!("Y{}.{who}", n + 1),
        };
    }
    if page == crate::objects::ZERO_PAGE {
        return "zero page".to_owned();
    }
    for (va, area) in world.areas.iter().enumerate() {
        if page == file_page(va) {
            return format!("file page of {}", area.name);
        }
        if page == boot_page(va) {
            return if world.areas.len() == 1 { "X".to_owned() } else { format!("X.{}", area.name) };
        }
    }
    format!("{page:?}")
}

/// A variable's value in words.
#[must_use]
pub(crate) fn value_text(world: &World, value: Value) -> String {
    match value {
        Value::Unset => "unset".to_owned(),
        Value::Number(n) => n.to_string(),
        Value::Errno(errno) => errno.name().to_owned(),
        Value::Handle(h) => {
            let kind = if h.pin { "pin" } else { "reference" };
            let state = if h.released { ", given back" } else { "" };
            format!("{kind} of {}{state}", page_name(world, h.page))
        }
        Value::Child(mm) => world.mms[mm].name.clone(),
    }
}

/// A PTE in words.
fn pte_text(world: &World, arch: Arch, bits: u64) -> String {
    let pte = Pte::from(bits);
    if pte.none() {
        return "none".to_owned();
    }
    let mut text = match () {
        () if pte.is_swap() => format!("swap({})", pte.entry().0),
        () if pte.is_marker() => "marker".to_owned(),
        () => page_name(world, pte.page().obj),
    };
    if pte.present() {
        text.push_str(if pte.write() { " RW" } else { " RO" });
        if pte_dirty(arch, pte) {
            text.push_str(" dirty");
        }
    }
    if pte.swp_exclusive() {
        text.push_str(" exclusive");
    }
    if pte.soft_dirty() {
        text.push_str(" soft-dirty");
    }
    if pte.uffd_wp() {
        text.push_str(" uffd-wp");
    }
    text
}

fn flags_text(flags: &[(u64, &str)], bits: u64) -> String {
    let names: Vec<_> = flags.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| *name).collect();
    if names.is_empty() { "none".to_owned() } else { names.join("|") }
}

/// A reference count: a pin counts as so many references that they can be told apart.
pub(crate) fn count_text(bits: u64) -> String {
    match bits / GUP_PIN_COUNTING_BIAS {
        0 => bits.to_string(),
        1 => format!("{} + 1 pin", bits % GUP_PIN_COUNTING_BIAS),
        pins => format!("{} + {pins} pins", bits % GUP_PIN_COUNTING_BIAS),
    }
}

fn rwsem_text(bits: u64) -> String {
    match bits {
        0 => "free".to_owned(),
        n if n >> 63 != 0 => "write-locked".to_owned(),
        1 => "1 reader".to_owned(),
        n => format!("{n} readers"),
    }
}

/// What kind of word it is.
fn kind(addr: Addr) -> Kind {
    thing(addr).map_or(Kind::Other, |thing| thing.field.kind)
}

/// Narrates the events of one kernel.
#[derive(Debug)]
pub(crate) struct Narrator {
    kernel: Arc<Kernel>,
}

impl Narrator {
    /// A narrator.
    #[must_use]
    pub(crate) const fn new(kernel: Arc<Kernel>) -> Self {
        Self { kernel }
    }

    fn name(&self, addr: Addr) -> String {
        thing(addr).map_or_else(|| format!("{addr:?}"), |thing| self.name_of(&thing))
    }

    /// The name that the declaration of a field makes, with those whose it is.
    fn name_of(&self, thing: &Thing) -> String {
        let world = &self.kernel.world;
        let mm_name = |mm: usize| world.mms.get(mm).map_or("?", |m| m.name.as_str());
        let area = |va: usize| world.areas.get(va).map_or("?", |a| a.name.as_str());
        let name = thing.field.name.replace("{n}", &thing.nth.to_string());
        match thing.whose {
            Whose::Kernel => name,
            Whose::Mm(mm) => name.replace("{mm}", mm_name(mm)),
            Whose::Area(mm, va) => name.replace("{mm}", mm_name(mm)).replace("{area}", area(va)),
            Whose::Cpu(cpu) => {
                let cpu = world.actors.get(cpu).map_or("?", |actor| actor.name.as_str());
                name.replace("{cpu}", cpu).replace("{area}", area(thing.nth.into()))
            }
            Whose::Batch(cpu, batch) => {
                let cpu = world.actors.get(cpu).map_or("?", |actor| actor.name.as_str());
                name.replace("{batch}", batch.name()).replace("{cpu}", cpu)
            }
            Whose::Slot(slot) => name.replace("{slot}", &slot.to_string()),
            Whose::Page(page) => name.replace("{page}", &page_name(world, page)),
            Whose::Variable(var) => {
                let variable = world.variables.get(var).cloned();
                name.replace("{variable}", &variable.unwrap_or_else(|| format!("variable {var}")))
            }
            Whose::Call(call) => name.replace("{call}", &call.to_string()),
        }
    }

    fn value(&self, addr: Addr, bits: u64) -> String {
        thing(addr).map_or_else(|| bits.to_string(), |thing| self.value_as(thing.field.format, bits))
    }

    fn value_as(&self, format: Format, bits: u64) -> String {
        let world = &self.kernel.world;
        match format {
            Format::Value => value_text(world, Value::decode(bits)),
            Format::Pte => pte_text(world, self.kernel.arch, bits),
            Format::Flags(flags) => flags_text(flags, bits),
            Format::Refcount => count_text(bits),
            Format::Mapcount if bits >> 32 != 0 => {
                format!("{} active, {} inactive", bits & ACTIVE, bits >> 32)
            }
            Format::Page | Format::Cached if bits != 0 => page_name(world, Obj::from_pfn(bits)),
            Format::Batched if bits >> BATCH_FLUSHED_SHIFT != 0 => {
                format!("{} put off, {} made", bits & BATCH_PENDING, bits >> BATCH_FLUSHED_SHIFT)
            }
            Format::Cached => "empty".to_owned(),
            Format::Spinlock => if bits == 0 { "free" } else { "held" }.to_owned(),
            Format::Rwsem => rwsem_text(bits),
            Format::Interrupts => if bits & 1 == 1 { "irqs off" } else { "irqs on" }.to_owned(),
            Format::Life => if bits == 0 { "free" } else { "allocated" }.to_owned(),
            Format::Number | Format::Mapcount | Format::Page | Format::Batched => bits.to_string(),
        }
    }

    fn text(&self, event: &Narration<'_>) -> String {
        let prim = event.request.prim.name();
        let value = event.answer.value;
        match event.request.op {
            Op::Load { addr, .. } => match event.request.prim {
                Prim::PageCount | Prim::PageMapcount | Prim::PageMaybeDmaPinned => {
                    format!("{prim}({}) reads {}", self.name(addr), self.value(addr, value))
                }
                _ => format!("{prim}({}) = {}", self.name(addr), self.value(addr, value)),
            },
            Op::Store { addr, value } | Op::Xchg { addr, value } => {
                format!("{prim}({}, {})", self.name(addr), self.value(addr, value))
            }
            Op::Add { addr, value, .. } => format!("{prim}({}, {})", self.name(addr), signed(value)),
            Op::SubAndTest { addr, value } => format!("{prim}({}, {value})", self.name(addr)),
            Op::And { addr, clear, .. } => format!("{prim}({})", self.bits(addr, clear)),
            Op::Or { addr, set, .. } => format!("{prim}({})", self.bits(addr, set)),
            Op::CmpXchg { addr, old, new } => {
                format!("{prim}({}, {old} -> {new}) {}", self.name(addr), done(event.answer.ok))
            }
            Op::AddUnless { addr, value, .. } => {
                format!("{prim}({}, {value}) {}", self.name(addr), done(event.answer.ok))
            }
            Op::Lock { addr, .. } | Op::Unlock { addr, .. } => self.lock(prim, addr),
            Op::Trylock { addr, .. } => format!("{} {}", self.lock(prim, addr), done(event.answer.ok)),
            Op::TryReadLock { addr } => format!("{prim}({}) {}", self.name(addr), done(event.answer.ok)),
            Op::ReadLock { addr }
            | Op::ReadUnlock { addr }
            | Op::WriteLock { addr }
            | Op::WriteUnlock { addr }
            | Op::Downgrade { addr }
            | Op::SectionBegin { addr }
            | Op::SectionEnd { addr } => format!("{prim}({})", self.name(addr)),
            Op::Await { addr, .. } => match thing(addr).map(|thing| thing.whose) {
                // Only un-protecting wakes who waits in handle_userfault.
                Some(Whose::Mm(mm)) if addr == MmStruct(mm).userfault_wakes() => {
                    let mm = self.kernel.world.mms.get(mm).map_or("?", |mm| mm.name.as_str());
                    format!("{prim} for UFFDIO_WRITEPROTECT({mm}, 0)")
                }
                _ => format!("{prim} {}", self.name(addr)),
            },
            Op::Join { actor } => format!("{prim} for {}", self.kernel.world.actors[usize::from(actor)].name),
            Op::Barrier { .. } | Op::Fence => prim.to_owned(),
            Op::Alloc { obj, .. } | Op::Free { obj } => {
                format!("{prim}({})", page_name(&self.kernel.world, obj))
            }
            Op::Choose { n } => format!("{prim} {value} of {n}"),
            Op::User(access) => self.user(event, access),
            Op::FlushTlb { tlb, .. } => {
                let actor = match thing(Addr::new(tlb, 0)).map(|thing| thing.whose) {
                    Some(Whose::Cpu(actor)) => self.kernel.world.actors.get(actor),
                    _ => None,
                };
                format!("{prim}({})", actor.map_or("?", |actor| actor.name.as_str()))
            }
        }
    }

    fn lock(&self, prim: &str, addr: Addr) -> String {
        let name = self.name(addr);
        if prim.ends_with(')') {
            format!("{prim}: {name}")
        } else {
            format!("{prim}({})", name.trim_end_matches(".flags"))
        }
    }

    fn bits(&self, addr: Addr, bits: u64) -> String {
        let format = thing(addr).map(|thing| thing.field.format);
        match format {
            Some(Format::Flags(flags)) if addr == Page::from(addr.obj()).flags().addr => {
                format!("{}, {}", self.name(addr).trim_end_matches(".flags"), flags_text(flags, bits))
            }
            _ => self.name(addr),
        }
    }

    fn user(&self, event: &Narration<'_>, access: cowrace_machine::UserAccess) -> String {
        let prim = event.request.prim.name();
        let area = match thing(access.pte).map(|thing| thing.whose) {
            Some(Whose::Area(_, va)) => self.kernel.world.areas.get(va),
            _ => None,
        };
        let what = area.map_or("?", |area| area.name.as_str());
        if !event.answer.ok {
            return format!(
                "{prim} {what}[{}]: page fault, PTE {}",
                access.word,
                pte_text(&self.kernel.world, self.kernel.arch, event.answer.value)
            );
        }
        let walked = event.changes.iter().any(|c| c.0 == access.tlb);
        let way = if walked { "walk" } else { "TLB" };
        match access.store {
            Some(value) => format!("{what}[{}] = {value} ({way})", access.word),
            None => format!("{what}[{}] is {} ({way})", access.word, event.answer.value),
        }
    }
}

fn signed(value: u64) -> String {
    let value = value as i64;
    let inactive = (value + (1 << 31)) >> 32;
    if inactive == 0 {
        format!("{value:+}")
    } else {
        format!("{:+} active, {inactive:+} inactive", value - (inactive << 32))
    }
}

const fn done(ok: bool) -> &'static str {
    if ok { "succeeds" } else { "fails" }
}

impl Narrate for Narrator {
    fn event(&self, event: &Narration<'_>) -> (String, Vec<Change>) {
        let changes = event
            .changes
            .iter()
            .map(|&(addr, from, to)| Change {
                kind: kind(addr),
                what: self.name(addr),
                from: self.value(addr, from),
                to: self.value(addr, to),
            })
            .collect();
        (self.text(event), changes)
    }

    fn words(&self, memory: &Memory) -> Vec<Word> {
        let word = |(index, bits): (usize, u64)| {
            let thing = thing(Addr::at(index))?;
            let (what, value) = (self.name_of(&thing), self.value_as(thing.field.format, bits));
            Some(Word { kind: thing.field.kind, what, value })
        };
        memory.nonzero().filter_map(word).collect()
    }

    fn variables(&self, memory: &Memory, _: &HashMap<Obj, usize>) -> Vec<(String, String)> {
        let world = &self.kernel.world;
        let value = |var: usize| value_text(world, Value::decode(memory.get(variable(var))));
        world.variables.iter().enumerate().map(|(var, name)| (name.clone(), value(var))).collect()
    }
}
