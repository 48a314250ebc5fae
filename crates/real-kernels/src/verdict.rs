//! Observations.

/// What a kernel did, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The CPU and the device each see what the other wrote.
    Coherent,
    /// The CPU never sees what the device wrote.
    Lost,
    /// The device reads the old page.
    Stale,
    /// The pipe has the old contents.
    Safe,
    /// The pipe has what another process wrote after the fork.
    Leak,
    /// The page was reused at the write.
    Reuse,
    /// The page was copied at the write.
    Copy,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 7] =
        [Self::Coherent, Self::Lost, Self::Stale, Self::Safe, Self::Leak, Self::Reuse, Self::Copy];

    /// Its name in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Coherent => "COHERENT",
            Self::Lost => "LOST",
            Self::Stale => "STALE",
            Self::Safe => "SAFE",
            Self::Leak => "LEAK",
            Self::Reuse => "REUSE",
            Self::Copy => "COPY",
        }
    }
}

/// What a living child reads in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChildView {
    /// What was there at the fork.
    Clean,
    /// What the device wrote.
    SeesDma,
}

impl ChildView {
    /// Its name in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::SeesDma => "SEES-DMA",
        }
    }
}

/// A cell of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// The verdict.
    pub verdict: Verdict,
    /// Anything else that was seen, as it was recorded: the text in the brackets.
    pub detail: Option<String>,
}

impl Observed {
    /// Parses a cell such as `STALE [page same at pin, COPIED at write]`. `None` if it is not valid.
    pub(crate) fn parse(cell: &str) -> Option<Self> {
        let (word, rest) = cell.split_once(' ').unwrap_or((cell, ""));
        let verdict = Verdict::ALL.into_iter().find(|v| v.name() == word)?;
        let detail = match rest {
            "" => None,
            _ => Some(rest.strip_prefix('[')?.strip_suffix(']')?.to_owned()),
        };
        Some(Self { verdict, detail })
    }

    /// What a living child read in the end, if there was one.
    #[must_use]
    pub fn child(&self) -> Option<ChildView> {
        let (_, seen) = self.detail.as_deref()?.rsplit_once("child=")?;
        [ChildView::Clean, ChildView::SeesDma].into_iter().find(|view| view.name() == seen)
    }
}
