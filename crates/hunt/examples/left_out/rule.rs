//! What a hunt leaves out, rule by rule: how scenarios are drawn that a hunt does not try for this reason alone.

use cowrace_hunt::stage::{Stage, areas, plain};
use cowrace_mm::syscall::Argument;
use cowrace_mm::world::{ActorSpec, Area, Backing, FileKind, Mm, Origin, Populate};
use fastrand::Rng;

use crate::draft::Draft;

/// A rule by which scenarios are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Accesses to the second word of a page.
    SecondWord,
    /// Two areas.
    TwoAreas,
    /// Three mms of other origins, or more than three.
    OtherMms,
    /// More than two handles that are held at once.
    ManyHandles,
    /// `FOLL_FORCE` without `FOLL_WRITE`.
    ForceToRead,
    /// Direct I/O with files of 9p and FUSE.
    OtherFiles,
    /// The environment.
    Environment,
    /// At the start, two CPUs of a process with an entry in their TLBs, or a page in the batch of a CPU of the process.
    CpusAtTheStart,
    /// Two threads of a process, one after the other.
    TwoThreads,
    /// A call after another of a second column, while a third runs through both, ordered by a flag.
    Flags,
}

impl Rule {
    /// All of them.
    pub(crate) const ALL: [Self; 10] = [
        Self::SecondWord,
        Self::TwoAreas,
        Self::OtherMms,
        Self::ManyHandles,
        Self::ForceToRead,
        Self::OtherFiles,
        Self::Environment,
        Self::CpusAtTheStart,
        Self::TwoThreads,
        Self::Flags,
    ];

    /// What is left out.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::SecondWord => "second word",
            Self::TwoAreas => "two areas",
            Self::OtherMms => "other mms",
            Self::ManyHandles => "three handles",
            Self::ForceToRead => "FOLL_FORCE to read",
            Self::OtherFiles => "other files",
            Self::Environment => "environment",
            Self::CpusAtTheStart => "CPUs at the start",
            Self::TwoThreads => "two threads in turn",
            Self::Flags => "flags",
        }
    }

    /// How many calls scenarios have: what the environment does counts as one, because a hunt has a call for most of it.
    pub(crate) const fn calls(self, calls: usize) -> usize {
        match self {
            Self::Environment => calls - 1,
            _ => calls,
        }
    }

    /// A stage, with two actors in each mm, as the rule needs it; and the second area in words, if there is one.
    pub(crate) fn stage(self, rng: &mut Rng) -> (Stage, Option<String>) {
        let area = match rng.u8(..5) {
            0 => plain(Backing::PrivateFile, false),
            1 => plain(Backing::Anon, true),
            _ => plain(Backing::Anon, false),
        };
        let mut stage = Stage::new(area, rng.bool(), 2);
        match self {
            Self::TwoAreas => {
                let backing = if rng.u8(..4) == 0 { Backing::PrivateFile } else { Backing::Anon };
                let (mut other, words) = any_area(&Stage::new(plain(backing, false), false, 1), rng);
                other.name = "other".to_owned();
                other.words = [3, 4];
                other.adjacent = rng.bool();
                // Not beside columns that only the first area names.
                if words.contains('(') {
                    (other.lru_batch, other.warm) = (None, Vec::new());
                }
                let words: Vec<&str> = words.split(' ').filter(|word| !word.contains('(')).collect();
                let mut words = words.join(" ");
                if other.adjacent {
                    words.push_str(" adjacent");
                }
                if !matches!(other.populate, Populate::None | Populate::ZeroPage) {
                    words.push_str(" = 3, 4");
                }
                stage.world.areas.push(other);
                return (stage, Some(words));
            }
            Self::OtherMms => other_mms(&mut stage, rng),
            _ => {}
        }
        (stage, None)
    }

    /// How the first area is at the start, with the words for it.
    pub(crate) fn begin(self, stage: &Stage, rng: &mut Rng) -> (Area, String) {
        let (mut area, mut words) = any_area(stage, rng);
        if self == Self::CpusAtTheStart {
            let (a, a2) = (0, 1);
            if words.contains("warm(a)") && rng.bool() {
                area.warm = vec![a, a2];
                words = words.replace("warm(a)", "warm(a, a2)");
            } else if area.lru_batch.is_some() {
                area.lru_batch = Some(a);
                words = words.replace("lru_batch(k)", "lru_batch(a)");
            }
        }
        (area, words)
    }

    /// Changes what has been drawn of the calls of a hunt.
    pub(crate) fn change(self, draft: &mut Draft, rng: &mut Rng) {
        let file = rng.choice([FileKind::NineP, FileKind::Fuse]).unwrap_or_default();
        for (column, of) in draft.moves_mut() {
            let arguments = &mut of.template.arguments;
            let has = |argument: Argument| of.template.row.arguments.contains(&argument);
            match self {
                Self::SecondWord
                    if [Argument::Word, Argument::HandleWord, Argument::WritableWord]
                        .into_iter()
                        .any(has) =>
                {
                    arguments.word = rng.u8(..2);
                }
                Self::ForceToRead if has(Argument::GupFlags) && !arguments.flags.write => {
                    arguments.flags.force = true
                }
                Self::OtherFiles if has(Argument::File) => arguments.file = file,
                Self::TwoThreads | Self::CpusAtTheStart | Self::Flags => *column += rng.usize(..2),
                _ => {}
            }
        }
        if self == Self::Environment {
            let words = ["lru_drain", "spec_ref", "tlb_evict", "page_reuse", "reclaim<=1"];
            draft.environment = rng.choice(words);
        }
        draft.in_order_by_flag = self == Self::Flags;
    }

    /// Whether a hunt leaves a draft out by this rule.
    pub(crate) fn leaves_out(self, draft: &Draft) -> bool {
        let any = |is_it: fn(&cowrace_mm::syscall::Arguments) -> bool| {
            draft.moves().any(|(_, of)| is_it(&of.template.arguments))
        };
        match self {
            Self::SecondWord => any(|arguments| arguments.word == 1),
            Self::TwoAreas => draft.areas_used() > 1,
            Self::OtherMms => true,
            Self::ManyHandles => draft.most_handles() > 2,
            Self::ForceToRead => any(|arguments| arguments.flags.force && !arguments.flags.write),
            Self::OtherFiles => any(|arguments| matches!(arguments.file, FileKind::NineP | FileKind::Fuse)),
            Self::Environment => true,
            Self::CpusAtTheStart => draft.area.warm.len() > 1 || draft.area.lru_batch == Some(0),
            Self::TwoThreads => draft.has_second_thread(),
            Self::Flags => draft.moves().count() == 3 && draft.columns() == 3,
        }
    }
}

fn any_area(stage: &Stage, rng: &mut Rng) -> (Area, String) {
    let all = areas(stage);
    let nth = rng.usize(..all.len());
    all[nth].clone()
}

/// Mms that a hunt does not have.
fn other_mms(stage: &mut Stage, rng: &mut Rng) {
    let last = stage.world.mms.len() - 1;
    let with_child = last == 2;
    let more = |stage: &mut Stage, origin: Origin| {
        let nth = stage.world.mms.len();
        let (name, actor) = [("C", "c"), ("D", "d")][nth - 2];
        stage.world.mms.push(Mm { name: name.to_owned(), origin });
        for name in [actor.to_owned(), format!("{actor}2")] {
            stage.world.actors.push(ActorSpec { name, mm: Some(nth), steps: Vec::new() });
        }
    };
    match (with_child, rng.u8(..4)) {
        (true, 0) => stage.world.mms[last].origin = Origin::ForkedAtBoot(0),
        (true, 1) => stage.world.mms[last].origin = Origin::ForkedAtBoot(1),
        (true, 2) => stage.world.mms[last].origin = Origin::Fork(1),
        (true, _) => more(stage, Origin::Fork(0)),
        (false, nth) => more(stage, Origin::Fork(usize::from(nth % 2))),
    }
}
