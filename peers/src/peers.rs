//! All checkers, ours first.

use crate::loom::{LoadsAndStores, ReadModifyWrite};
use crate::peer::{Kind, Peer};
use crate::{clang, explore, loom, shuttle, spin, stateright};

pub(crate) const PEERS: &[Peer] = &[
    Peer {
        name: "explore",
        kind: Kind::Ours,
        known: false,
        available: || Ok(()),
        prepare: |task| Ok(explore::prepare(task, true)),
    },
    Peer {
        name: "explore, adds ordered",
        kind: Kind::Ours,
        known: false,
        available: || Ok(()),
        prepare: |task| Ok(explore::prepare(task, false)),
    },
    Peer {
        name: "Nidhugg",
        kind: Kind::Stateless,
        known: false,
        available: clang::nidhugg_installed,
        prepare: clang::nidhugg,
    },
    Peer {
        name: "GenMC",
        kind: Kind::Stateless,
        known: false,
        available: clang::genmc_installed,
        prepare: clang::genmc,
    },
    Peer {
        name: "loom, RMWs only",
        kind: Kind::Stateless,
        known: false,
        available: || Ok(()),
        prepare: |task| Ok(loom::prepare::<ReadModifyWrite>(task, None)),
    },
    Peer {
        name: "loom, 2 preemptions",
        kind: Kind::Stateless,
        known: false,
        available: || Ok(()),
        prepare: |task| Ok(loom::prepare::<ReadModifyWrite>(task, Some(2))),
    },
    Peer {
        name: "loom, loads and stores",
        kind: Kind::Stateless,
        known: true,
        available: || Ok(()),
        prepare: |task| Ok(loom::prepare::<LoadsAndStores>(task, None)),
    },
    Peer {
        name: "shuttle, DFS",
        kind: Kind::Stateless,
        known: false,
        available: || Ok(()),
        prepare: |task| Ok(shuttle::depth_first(task)),
    },
    Peer {
        name: "shuttle, PCT",
        kind: Kind::Random,
        known: false,
        available: || Ok(()),
        prepare: |task| Ok(shuttle::random_priorities(task)),
    },
    Peer {
        name: "stateright, DFS",
        kind: Kind::Stateful,
        known: false,
        available: || Ok(()),
        prepare: |task| Ok(stateright::prepare(task)),
    },
    Peer {
        name: "SPIN",
        kind: Kind::Stateful,
        known: false,
        available: spin::installed,
        prepare: spin::prepare,
    },
];
