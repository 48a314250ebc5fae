//! The stage of generated scenarios: address spaces, areas and actors, which are the same in all that may be continued
//! alike; and the states in which they begin.

use cowrace_mm::World;
use cowrace_mm::world::{
    ActorId, ActorSpec, Area, Backing, CallSpec, Environment, Mm, MmId, Origin, Populate, Step, VarId,
};

use crate::alphabet::Template;
use crate::start::is_wanted;

/// Handles that are held at the same time.
pub const HANDLES: usize = 2;
/// Variables for handles: of the calls of a scenario each may take one.
pub const HANDLE_VARIABLES: usize = 16;
/// Variables for results: each call of a part may have one.
pub const RESULTS: usize = 16;

/// Address spaces, areas and actors.
#[derive(Clone, Debug)]
pub struct Stage {
    /// All of it, without a call.
    pub world: World,
    /// What the area of a scenario begins with in the words of the language: any of these; there are all areas if there is
    /// none.
    pub starts: Vec<String>,
}

/// A state in which scenarios begin.
#[derive(Clone, Debug)]
pub struct Beginning {
    /// The stage, with areas as they are at the start.
    pub world: World,
    /// The areas in the words of the language.
    pub words: String,
}

impl Stage {
    /// An mm with one area, a child that it can fork, and perhaps one that is there from the start; and `columns` actors
    /// in each mm and beside them.
    #[must_use]
    pub fn new(area: Area, child_at_start: bool, columns: usize) -> Self {
        let mut mms = vec![Mm { name: "A".to_owned(), origin: Origin::Boot }];
        if child_at_start {
            mms.push(Mm { name: "B".to_owned(), origin: Origin::ForkedAtBoot(0) });
        }
        let child = if child_at_start { "C" } else { "B" };
        mms.push(Mm { name: child.to_owned(), origin: Origin::Fork(0) });
        let mut actors = Vec::new();
        let threads = ["a", "b", "c"].into_iter().zip((0..mms.len()).map(Some));
        for (name, mm) in threads.chain([("k", None)]) {
            for nth in 0..columns {
                let name = if nth == 0 { name.to_owned() } else { format!("{name}{}", nth + 1) };
                actors.push(ActorSpec { name, mm, steps: Vec::new() });
            }
        }
        let variables = (0..HANDLE_VARIABLES)
            .map(|nth| format!("h{nth}"))
            .chain((0..RESULTS).map(|nth| format!("x{nth}")));
        let world = World {
            name: "hunt".to_owned(),
            mms,
            areas: vec![area],
            variables: variables.collect(),
            actors,
            barriers: Vec::new(),
            predicates: Vec::new(),
            coherent: Vec::new(),
            windows: Vec::new(),
            environment: Environment::default(),
        };
        Self { world, starts: Vec::new() }
    }

    /// The mms that a fork can make.
    pub fn children(&self) -> impl Iterator<Item = MmId> + '_ {
        let mms = self.world.mms.iter().enumerate();
        mms.filter(|(_, mm)| matches!(mm.origin, Origin::Fork(_))).map(|(child, _)| child)
    }

    /// The actors of an mm, or those that have none.
    pub fn actors(&self, mm: Option<MmId>) -> impl Iterator<Item = ActorId> + '_ {
        let all = self.world.actors.iter().enumerate();
        all.filter(move |(_, spec)| spec.mm == mm).map(|(actor, _)| actor)
    }

    /// A scenario of one call.
    pub(crate) fn alone(&self, template: &Template) -> World {
        let mut world = self.world.clone();
        let call = CallSpec { id: 0, dest: None, call: template.call() };
        world.actors[0].steps.push(Step::Call(call));
        world
    }
}

/// The variable for the `nth` result of a part.
#[must_use]
pub const fn result(nth: usize) -> VarId {
    HANDLE_VARIABLES + nth
}

/// An area that is mapped at the start, as an area may be when calls have been made.
#[must_use]
pub fn plain(backing: Backing, uffd_wp: bool) -> Area {
    Area {
        name: "buf".to_owned(),
        mm: 0,
        backing,
        thp: None,
        populate: Populate::Mapped,
        wrprotected: false,
        previously_shared: false,
        clean: false,
        soft_clean: false,
        lazyfree: false,
        read_only: false,
        uffd_wp,
        adjacent: false,
        wp_unpopulated: false,
        lru_batch: None,
        warm: Vec::new(),
        // Zero would hide what is lost.
        words: [1, 2],
    }
}

/// What a word of the language says of an area.
type Change = fn(&mut Area);

/// What an area may be at the start, in the words of the language.
#[must_use]
pub fn areas(stage: &Stage) -> Vec<(Area, String)> {
    let of = &stage.world.areas[0];
    let (a, k) = (stage.actors(Some(0)).next().unwrap_or(0), stage.actors(None).next().unwrap_or(0));
    let mut all = Vec::new();
    let mut push = |change: &dyn Fn(&mut Area), words: &str| {
        let mut area = of.clone();
        change(&mut area);
        let words = if of.uffd_wp { format!("{words} uffd_wp") } else { words.to_owned() };
        all.push((area, words));
    };
    if of.backing == Backing::PrivateFile {
        push(&|_| {}, "file");
        push(&|area| area.read_only = true, "file read_only");
        push(&|area| area.warm = vec![a], "file warm(a)");
        return all;
    }
    push(&|area| area.populate = Populate::None, "none");
    push(&|area| area.populate = Populate::ZeroPage, "zero");
    for (populate, kind) in [(Populate::Swapped, "swapped"), (Populate::SwapCached, "swapcached")] {
        push(&|area| area.populate = populate, kind);
        push(
            &|area| (area.populate, area.previously_shared) = (populate, true),
            &format!("{kind} prevshared"),
        );
        push(&|area| (area.populate, area.soft_clean) = (populate, true), &format!("{kind} soft_clean"));
    }
    // How the page is mapped, where it is, and who has an entry for it.
    let mapped: [(&str, Change); 8] = [
        ("", |_| {}),
        (" wrprotected", |area| area.wrprotected = true),
        (" prevshared", |area| area.previously_shared = true),
        (" clean", |area| area.clean = true),
        (" clean wrprotected", |area| (area.clean, area.wrprotected) = (true, true)),
        (" soft_clean", |area| area.soft_clean = true),
        (" lazyfree", |area| area.lazyfree = true),
        (" read_only", |area| area.read_only = true),
    ];
    for (words, change) in mapped {
        for (batch, of_batch) in [(None, String::new()), (Some(k), " lru_batch(k)".to_owned())] {
            for (warm, of_warm) in [(Vec::new(), ""), (vec![a], " warm(a)")] {
                let all = |area: &mut Area| {
                    change(area);
                    area.lru_batch = batch;
                    area.warm.clone_from(&warm);
                };
                push(&all, &format!("anon{words}{of_batch}{of_warm}"));
            }
        }
    }
    all
}

/// The states in which scenarios on a stage begin.
#[must_use]
pub fn beginnings(stage: &Stage) -> Vec<Beginning> {
    let begin =
        |(area, words)| Beginning { world: World { areas: vec![area], ..stage.world.clone() }, words };
    areas(stage).into_iter().filter(|(_, words)| is_wanted(words, &stage.starts)).map(begin).collect()
}
