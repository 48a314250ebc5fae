//! The calls that scenarios are made of: every row of the model's table of syscalls, with every sensible value of its
//! arguments.

use cowrace_mm::Era;
use cowrace_mm::era::{DirectIo, FuseDirectIo};
use cowrace_mm::syscall::{Argument, Arguments, Gives, Kind, Life, Syscall, rows};
use cowrace_mm::world::{Advice, Arg, Call, FileKind, GupFlags, Target};

use crate::stage::Stage;

/// A call before it is known who makes it: what it does, and with which arguments.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// Its row.
    pub row: &'static Syscall,
    /// Its arguments, but for handles and values.
    pub arguments: Arguments,
    /// Whether the batches of all CPUs are drained just before: a page in a batch is not reclaimed.
    pub drains: bool,
}

impl Template {
    /// The call.
    #[must_use]
    pub fn call(&self) -> Call {
        (self.row.shape.call)(&self.arguments)
    }

    /// Whether it uses a handle.
    #[must_use]
    pub fn uses_handle(&self) -> bool {
        self.row.arguments.iter().any(|argument| is_handle(*argument))
    }
}

/// Whether an argument is a handle.
pub(crate) const fn is_handle(argument: Argument) -> bool {
    matches!(
        argument,
        Argument::Handle | Argument::GivenBack { .. } | Argument::HandleWord | Argument::WritableWord
    )
}

/// The calls that a hunt tries.
#[derive(Clone, Debug)]
pub struct Alphabet {
    templates: Vec<Template>,
}

impl Alphabet {
    /// All calls that each of some kernels has.
    #[must_use]
    pub fn of<'e>(stage: &Stage, eras: impl IntoIterator<Item = &'e Era>) -> Self {
        let mut templates: Vec<Template> = rows().flat_map(|row| templates(row, stage)).collect();
        let eras: Vec<&Era> = eras.into_iter().collect();
        for era in &eras {
            templates.retain(|template| has(era, stage, template));
        }
        let files = files(&eras);
        templates.retain(|template| files.contains(&template.arguments.file));
        Self { templates }
    }

    /// The calls.
    #[must_use]
    pub fn templates(&self) -> &[Template] {
        &self.templates
    }

    /// Keeps the calls whose name, in any of its forms, `keeps` accepts.
    pub fn retain(&mut self, keeps: impl Fn(&[&str]) -> bool) {
        self.templates.retain(|template| keeps(template.row.names));
    }
}

/// Whether a kernel has a call.
fn has(era: &Era, stage: &Stage, template: &Template) -> bool {
    era.lacks(&stage.alone(template)).is_none()
}

/// What a hunt leaves out: calls that only order columns, which parts do, and calls of which another one is the same.
fn is_left_out(row: &Syscall) -> bool {
    row.life == Life::AwaitsExit
        || row.arguments.contains(&Argument::Variable)
        // `f = 1`.
        || row.names.is_empty() && row.access.is_none()
        // Hunts begin without huge pages.
        || row.names.contains(&"split_huge_page")
        // No area is there to move memory to.
        || row.arguments.contains(&Argument::Destination)
        // The same as `dma_read`, of a handle from `vmsplice`.
        || row.names.contains(&"pipe_read")
        // Only with files of FUSE.
        || row.arguments == [Argument::Handle] && row.gives == Gives::Handle
}

/// Kinds of files of which direct I/O does not do the same in all of some kernels.
fn files(eras: &[&Era]) -> Vec<FileKind> {
    let mut files: Vec<(FileKind, Vec<bool>)> = Vec::new();
    for file in FileKind::ALL {
        let pins: Vec<bool> = eras.iter().map(|era| pins(file, era)).collect();
        if files.iter().all(|(_, other)| *other != pins) {
            files.push((file, pins));
        }
    }
    files.into_iter().map(|(file, _)| file).collect()
}

/// Whether direct I/O of a kind of files pins pages (`user.rs` of the model).
fn pins(file: FileKind, era: &Era) -> bool {
    match file {
        FileKind::Block => era.rules().direct_io == DirectIo::Pin,
        FileKind::Fuse => era.rules().fuse_direct_io == FuseDirectIo::Pin,
        FileKind::Nfs | FileKind::NineP => false,
    }
}

fn templates(row: &'static Syscall, stage: &Stage) -> Vec<Template> {
    if is_left_out(row) {
        return Vec::new();
    }
    let is_pin = row.holds.is_some_and(|holds| holds.kind == Kind::Pin);
    let mut all = vec![Arguments::NONE];
    for &argument in row.arguments {
        all = all.iter().flat_map(|arguments| values(argument, *arguments, is_pin, stage)).collect();
    }
    if row.gives == Gives::Child {
        all =
            stage.children().flat_map(|child| all.iter().map(move |&of| Arguments { child, ..of })).collect();
    }
    let reclaims = row.names.contains(&"reclaim");
    let drains: &[bool] = if reclaims { &[false, true] } else { &[false] };
    let both = all.into_iter().flat_map(|arguments| drains.iter().map(move |&drains| (arguments, drains)));
    both.map(|(arguments, drains)| Template { row, arguments, drains }).collect()
}

/// The values of an argument.
fn values(argument: Argument, of: Arguments, is_pin: bool, stage: &Stage) -> Vec<Arguments> {
    let areas = 0..stage.world.areas.len();
    let mms = 0..stage.world.mms.len();
    match argument {
        Argument::Direct
        | Argument::Destination
        | Argument::Handle
        | Argument::GivenBack { .. }
        | Argument::HandleWord
        | Argument::WritableWord
        | Argument::Variable => vec![of],
        Argument::Value => vec![Arguments { value: Arg::Number(1), ..of }],
        Argument::File => FileKind::ALL.map(|file| Arguments { file, ..of }).to_vec(),
        Argument::Area | Argument::Word => areas.map(|va| Arguments { va, ..of }).collect(),
        // In the mm of the caller.
        Argument::OwnMemory => areas.map(|va| Arguments { target: Target { mm: 0, va }, ..of }).collect(),
        Argument::Memory | Argument::Page => {
            let targets = mms.flat_map(|mm| areas.clone().map(move |va| Target { mm, va }));
            targets.map(|target| Arguments { target, ..of }).collect()
        }
        Argument::Mm => mms.map(|mm| Arguments { mm, ..of }).collect(),
        Argument::GupFlags => flags(is_pin).map(|flags| Arguments { flags, ..of }).collect(),
        Argument::Direction | Argument::Protection => {
            [false, true].map(|write| Arguments { write, ..of }).to_vec()
        }
        Argument::Advice => {
            let all = [Advice::DontNeed, Advice::DontFork, Advice::DoFork, Advice::PageOut, Advice::Free];
            all.map(|advice| Arguments { advice, ..of }).to_vec()
        }
        Argument::UffdMode => [false, true].map(|protect| Arguments { protect, ..of }).to_vec(),
    }
}

/// `FOLL_FORCE` makes a difference only to those who write, and only pins are for long.
fn flags(is_pin: bool) -> impl Iterator<Item = GupFlags> {
    let sets = [(false, false), (true, false), (true, true)];
    let all = sets.into_iter().flat_map(|(write, force)| {
        [false, true].map(|longterm| GupFlags { write, force, longterm, ..GupFlags::default() })
    });
    all.filter(move |flags| is_pin || !flags.longterm)
}
