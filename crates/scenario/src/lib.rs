//! The scenario language: race diagrams as text.
//!
//! A scenario is a diagram as kernel developers draw it into their mails, with a header that says what
//! memory is like and a footer that says what must be true. [`load`] finds files, [`parse`] reads one and
//! checks it, [`Variant::world`] is what it lowers to, [`print()`] writes it in its canonical form.
//!
//! ```
//! let text = r#"
//! race odirect-clear-refs-lost-read
//! title "An O_DIRECT read is lost when clear_refs write-protects the buffer under DMA"
//! link  lkml:20210107200402.31095-1-aarcange@redhat.com
//!
//! mm A { buf: anon }          # exclusive, writable, dirty, two words 0
//!
//! thread0 @A                   thread1 @A      other process
//! ===========================  ==============  =================
//! read(O_DIRECT, buf[0], 1) {
//!   gup
//!                                              clear_refs(A)
//!                              buf[1] = 2
//!   dma
//! }
//! r = buf[0]
//!
//! always r == 1 else lost-read
//! window gup < clear_refs < thread1.buf[1] < dma
//! expect v5.9..v5.18 lost-read; else holds
//! "#;
//! let scenario = cowrace_scenario::parse(text).map_err(|errors| errors[0].to_string())?;
//! let variant = &scenario.variants()[0];
//! assert_eq!(variant.world().actors.len(), 3);
//! assert_eq!(variant.call_text(1), "clear_refs(A)");
//! # Ok::<(), String>(())
//! ```
//!
#![doc = include_str!("../../../docs/language.md")]

mod alone;
mod anchors;
mod area;
mod cell;
mod diagnostic;
mod diagram;
mod expect;
mod expectation;
mod expected;
mod expr;
mod footer;
mod grammar;
mod grid;
mod header;
mod heading;
mod invisible;
mod known;
mod lex;
mod line_kind;
mod load;
mod lower;
mod mail;
mod nearest;
mod phrases;
mod print;
mod remark;
mod scan;
mod scenario;
mod subject;
mod syntax;
mod text;
mod unknown;
mod unused;
mod variant;
mod without;

pub use diagnostic::{Diagnostic, Span};
pub use diagram::{AsWritten, Cell, CellKind, Column, Until};
pub use expectation::Expectation;
pub use load::{LoadError, MAX_BYTES, SUFFIX, Source, load};
pub use nearest::near;
pub use phrases::phrases;
pub use print::{environment, print};
pub use scenario::{Scenario, parse};
pub use subject::Subject;
pub use variant::Variant;
