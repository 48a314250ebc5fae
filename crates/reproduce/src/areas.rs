//! How the areas of a diagram get into the state in which they begin.

use cowrace_mm::World;
use cowrace_mm::world::{Area, Backing, MmId, Origin, Populate, Va};

use crate::facility::Facility;
use crate::refusal::{Refusal, Why};

/// One thing that is done to an area, and checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Make {
    /// It is mapped, and nothing more.
    Map,
    /// A page of its own, in no batch.
    Page,
    /// A page of its own, in the batch of this CPU.
    PageInBatch,
    /// The zero page.
    Zero,
    /// The page of a private file.
    File,
    /// It was shared with a child that has exited.
    Parted,
    /// Its entry is clean.
    Clean,
    /// It was given up by `MADV_FREE`.
    LazyFree,
    /// It is swapped out.
    SwappedOut,
    /// The swap cache has it, too.
    InSwapCache,
    /// The swap cache does not have it.
    NotInSwapCache,
    /// It is not soft-dirty.
    SoftClean,
    /// It may not be written.
    ReadOnly,
    /// It is registered with userfaultfd.
    Registered {
        /// What is not populated is protected as well.
        unpopulated: bool,
    },
}

/// What is done to an area at the start, in order.
pub(crate) fn make(world: &World, va: Va) -> Result<Vec<Make>, Refusal> {
    let area = &world.areas[va];
    let refuse = |word| Refusal::of(Why::StartState { area: area.name.clone(), word });
    if area.backing == Backing::Hugetlb || area.thp.is_some() {
        return Err(Refusal::of(Why::HugePages { area: area.name.clone() }));
    }
    if area.wrprotected {
        // Nothing tells user space that the write bit is gone, and newer kernels set it again where they can.
        return Err(refuse("wrprotected"));
    }
    let is_shared = world.mms.iter().any(|mm| mm.origin == Origin::ForkedAtBoot(area.mm));
    if area.lru_batch.is_some() && is_shared {
        return Err(refuse("lru_batch"));
    }
    let mut list = vec![match (area.backing, area.populate) {
        (Backing::PrivateFile, _) => Make::File,
        (Backing::Anon, Populate::None) => Make::Map,
        (Backing::Anon, Populate::ZeroPage) => Make::Zero,
        (Backing::Anon, _) if area.lru_batch.is_some() => Make::PageInBatch,
        (Backing::Anon | Backing::Hugetlb, _) => Make::Page,
    }];
    let more = [
        (area.previously_shared, Make::Parted),
        (area.clean && !area.lazyfree, Make::Clean),
        (area.lazyfree, Make::LazyFree),
        (is_on_swap(area), Make::SwappedOut),
        (area.populate == Populate::SwapCached, Make::InSwapCache),
        (area.populate == Populate::Swapped, Make::NotInSwapCache),
        (area.uffd_wp, Make::Registered { unpopulated: area.wp_unpopulated }),
        (area.soft_clean, Make::SoftClean),
        (area.read_only, Make::ReadOnly),
    ];
    list.extend(more.into_iter().filter(|(is, _)| *is).map(|(_, make)| make));
    Ok(list)
}

const fn is_on_swap(area: &Area) -> bool {
    matches!(area.populate, Populate::Swapped | Populate::SwapCached)
}

impl Make {
    /// The facility that it takes.
    pub(crate) const fn facility(self) -> Option<Facility> {
        match self {
            Self::SwappedOut | Self::InSwapCache | Self::NotInSwapCache => Some(Facility::Swap),
            Self::SoftClean => Some(Facility::SoftDirty),
            Self::Registered { .. } => Some(Facility::WriteProtect),
            _ => None,
        }
    }
}

/// The areas of an mm that is there from the start with memory of its own.
pub(crate) fn of_mm(world: &World, mm: MmId) -> impl Iterator<Item = Va> + '_ {
    (0..world.areas.len()).filter(move |&va| world.areas[va].mm == mm)
}
