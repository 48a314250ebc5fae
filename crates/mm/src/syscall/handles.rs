//! Handles of the kernel's own: gets and pins, and what gives them back.

use super::arguments::{Arguments, Shape, shape};
use super::{About, Api, Argument, Gives, Holds, Kind, Of, Syscall, Way};
use crate::world::{Call, GupFlags};

const MARKS: &[&str] = &["gup"];
const HANDLE: &str = "a handle or `EFAULT`";

/// One of the GUP family.
const fn gup<const PIN: bool, const FAST: bool, const REMOTE: bool>(about: About) -> Syscall {
    let (kind, api) = if PIN { (Kind::Pin, Api::Pin) } else { (Kind::Get, Api::Get) };
    Syscall {
        arguments: match REMOTE {
            true => &[Argument::Memory, Argument::GupFlags],
            false => &[Argument::OwnMemory, Argument::GupFlags],
        },
        own_mm: !REMOTE,
        holds: Some(Holds { kind, way: Way::Asked, of: Of::Memory, api, fast: FAST }),
        marks: MARKS,
        gives: Gives::Handle,
        about,
        ..Syscall::of(Shape {
            variant: "Gup",
            call: gup_call::<PIN, FAST, REMOTE>,
            arguments: gup_arguments::<PIN, FAST>,
        })
    }
}

/// GUP-fast falls back to a path that may wait. Of the others, `process_vm_access.c` passes a `locked` and pins;
/// `/proc/PID/mem` and ptrace, which pass none, take references.
const fn gup_call<const PIN: bool, const FAST: bool, const REMOTE: bool>(arguments: &Arguments) -> Call {
    let flags = GupFlags { unlockable: FAST || (REMOTE && PIN), ..arguments.flags };
    Call::Gup { target: arguments.target, pin: PIN, fast: FAST, flags }
}

const fn gup_arguments<const PIN: bool, const FAST: bool>(call: &Call) -> Option<Arguments> {
    match *call {
        Call::Gup { target, pin, fast, flags } if pin == PIN && fast == FAST => {
            Some(Arguments { target, flags, ..Arguments::NONE })
        }
        _ => None,
    }
}

pub(super) const ROWS: &[Syscall] = &[
    Syscall {
        names: &["get_user_pages_fast", "get_fast"],
        ..gup::<false, true, false>(About {
            usage: "h = get_user_pages_fast(buf, FOLL_WRITE|FOLL_FORCE)",
            form: "`get_user_pages_fast(buf, FLAGS)`, `get_fast`",
            meaning: "GUP-fast with `FOLL_GET`",
            gives: HANDLE,
        })
    },
    Syscall {
        names: &["get_user_pages", "get"],
        ..gup::<false, false, false>(About {
            usage: "h = get_user_pages(buf, FOLL_WRITE|FOLL_FORCE)",
            form: "`get_user_pages(buf, FLAGS)`, `get`",
            meaning: "the slow path only",
            gives: HANDLE,
        })
    },
    Syscall {
        names: &["pin_user_pages_fast", "pin_fast"],
        ..gup::<true, true, false>(About {
            usage: "h = pin_user_pages_fast(buf, FOLL_WRITE|FOLL_LONGTERM)",
            form: "`pin_user_pages_fast(buf, FLAGS)`, `pin_fast`",
            meaning: "GUP-fast with `FOLL_PIN`",
            gives: HANDLE,
        })
    },
    Syscall {
        names: &["pin_user_pages", "pin"],
        ..gup::<true, false, false>(About {
            usage: "h = pin_user_pages(buf, FOLL_WRITE|FOLL_LONGTERM)",
            form: "`pin_user_pages(buf, FLAGS)`, `pin`",
            meaning: "the slow path only",
            gives: HANDLE,
        })
    },
    Syscall {
        names: &["get_user_pages_remote"],
        ..gup::<false, false, true>(About {
            usage: "h = get_user_pages_remote(A.buf, FOLL_WRITE)",
            form: "`get_user_pages_remote(A.buf, FLAGS)`",
            meaning: "a get of any mm, from any column, slow, as `/proc/PID/mem` and ptrace take it",
            gives: HANDLE,
        })
    },
    Syscall {
        names: &["pin_user_pages_remote"],
        ..gup::<true, false, true>(About {
            usage: "h = pin_user_pages_remote(A.buf, FOLL_WRITE)",
            form: "`pin_user_pages_remote(A.buf, FLAGS)`",
            meaning: "a pin of any mm, from any column, slow, as `process_vm_readv` takes it",
            gives: HANDLE,
        })
    },
    Syscall {
        names: &["iov_iter_extract_pages", "extract_pages"],
        arguments: &[Argument::File, Argument::Area, Argument::Direction],
        own_mm: true,
        holds: Some(Holds {
            kind: Kind::ByEra,
            way: Way::Asked,
            of: Of::Memory,
            api: Api::DirectIo,
            fast: true,
        }),
        marks: MARKS,
        gives: Gives::Handle,
        about: About {
            usage: "h = iov_iter_extract_pages(buf, FOLL_WRITE)",
            form: "`iov_iter_extract_pages(buf, FOLL_WRITE)`, `extract_pages(FILE, buf, FOLL_WRITE)`",
            meaning: "takes the page as `O_DIRECT` does, a get or a pin by era and file, and holds it; without \
                      `FOLL_WRITE` to read from it",
            gives: HANDLE,
        },
        ..Syscall::of(shape!(ExtractPages { file, va, write }))
    },
    Syscall {
        names: &["put_page"],
        arguments: &[Argument::GivenBack { pin: false }],
        about: About {
            usage: "put_page(h)",
            form: "`put_page(h)`",
            meaning: "gives a get back. A later use of the handle uses the page as it is then",
            gives: "none",
        },
        ..Syscall::of(shape!(Release { handle }))
    },
    Syscall {
        names: &["unpin_user_page"],
        arguments: &[Argument::GivenBack { pin: true }],
        about: About {
            usage: "unpin_user_page(h)",
            form: "`unpin_user_page(h)`",
            meaning: "gives a pin back",
            gives: "none",
        },
        ..Syscall::of(shape!(Release { handle }))
    },
];
