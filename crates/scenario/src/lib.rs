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
//! # Files
//!
//! Files are UTF-8, have the suffix `.race` and at most a mebibyte. A file is a header, columns, and a
//! footer. A line whose first character that is no blank is `#` is a comment. In the header and the
//! footer, `#` behind two blanks or a tab begins a comment as well; between columns it does not, because
//! two blanks separate cells there.
//!
//! A statement of the header or the footer begins at the left margin; indented lines continue it, and so
//! do lines within braces.
//!
//! Names (of mms, areas, variables, variants) are a letter or `_`, then letters, digits and `_`. Numbers
//! are decimal or `0x` hexadecimal and fit into 32 bits.
//!
//! # Header
//!
//! | statement | meaning |
//! |---|---|
//! | `race NAME` | the name of the scenario: letters, digits, `-`, `_`, `.`. Required, once |
//! | `title "TEXT"` | what goes wrong, in a line. Once |
//! | `link URL` | where to read about it. Any number of times |
//! | `from "TEXT"` | where it was published. Any number of times |
//! | `note "TEXT"` | a remark, as why an expectation differs. Any number of times |
//! | `mm NAME { AREA; AREA; .. }` | an address space and its areas, separated by `;` or by lines |
//! | `mm NAME = fork(PARENT)` | a child that is there from the start and shares all pages of its parent |
//! | `env WORD, WORD, ..` | what the environment may do |
//! | `variant NAME { $word = TEXT; .. }` | a variant, see below |
//!
//! In texts in quotes, `\"` is a quote and `\\` a backslash.
//!
//! ## Areas
//!
//! `NAME: KIND WORD.. [= W0, W1]` is one page of virtual memory with two words, 0 unless given. Its name
//! is an address: unique in the file, and the same page of the address space in every child that inherits
//! it. Words are separated by blanks or commas.
//!
//! | kind | state at the start |
//! |---|---|
//! | `anon` | a page of its own: mapped, exclusive, writable, dirty, soft-dirty, in no LRU batch |
//! | `none` | anonymous memory, nothing mapped |
//! | `zero` | the zero page, mapped read-only |
//! | `swapped` | out on swap |
//! | `swapcached` | out on swap, the page still in the swap cache |
//! | `file` | a private file mapping: the page of the page cache, mapped read-only |
//!
//! | word | meaning | with |
//! |---|---|---|
//! | `wrprotected` | the PTE lacks the write bit although the VMA allows writing | `anon` |
//! | `prevshared` | the page was shared with a child that has exited: write-protected, not known to be exclusive | `anon`, `swapped`, `swapcached` |
//! | `clean` | the PTE is not dirty | `anon` |
//! | `soft_clean` | the PTE is not soft-dirty | all but `none`, `file` |
//! | `lazyfree` | `MADV_FREE` was called and nothing stored since; implies `clean` | `anon` |
//! | `read_only` | the VMA does not allow writing | all |
//! | `uffd_wp` | registered with userfaultfd for write-protection | all but `file` |
//! | `lru_batch(COLUMN)` | the page is in the LRU-add batch of that column's CPU, which holds a reference | `anon` |
//! | `warm`, `warm(COLUMN, ..)` | the TLBs of these columns have the entry; without a list, of all columns of the mm | `anon`, `zero`, `file` |
//!
//! ## Environment
//!
//! Without an `env` line the environment does nothing.
//!
//! | word | meaning | becomes |
//! |---|---|---|
//! | `lru_drain` | somebody drains the LRU batches at some moment | actor `lru_drain` |
//! | `spec_ref` | somebody takes and drops a speculative reference of each anonymous area | actor `spec_ref` |
//! | `tlb_evict` | a TLB entry may go before any access | |
//! | `reclaim<=N` | kswapd runs over each anonymous area `N` times, at most 9 | actor `kswapd` |
//! | `page_reuse` | a freed page may be handed out again | |
//!
//! Those that become actors stand behind the columns, as if they were drawn: windows name them as columns.
//!
//! ## Variants
//!
//! A file with variants is one scenario for each. `$word` in a cell, a predicate or a window is replaced by
//! what the variant says; every variant must replace every word that is used.
//!
//! # Columns
//!
//! The last line above the `====` names the columns, the `====` say where they start: each run of `=`
//! begins a column. `NAME @MM` runs in an mm, a `NAME` alone has none: a kernel thread, a device, another
//! process. A name is words of letters, digits, `_` and `-`, one blank apart; elsewhere in the file the
//! blanks are written `_` or `-`. A column may run in an mm that a `C = fork()` of another column makes;
//! it starts when the child is there.
//!
//! Below, two blanks or the start of a column separate cells; tabs are 8 wide. A cell starts under the
//! `====` of its column, indented or not, and ends before the next column. It is one operation. A column
//! is its program order; what stands in different columns is in no order, wherever the rows are, but in
//! a replay as written, which goes row by row and in a row left to right.
//!
//! ## Cells
//!
//! `buf` is memory of the mm of the column, declared or inherited; `A.buf` is that of mm `A`, from any
//! column. Everything with a result may keep it, as `x = ..`, or drop it.
//!
//! | cell | meaning | result |
//! |---|---|---|
//! | `x = buf[0]`, `buf[0]` | a load by user space | the word, or `SIGSEGV` |
//! | `buf[1] = 2`, `buf[1] = x` | a store by user space | none |
//! | `read(O_DIRECT, buf[0], 1)` | `read(2)`: the device writes 1. Steps `gup`, `dma` | 0 or `EFAULT` |
//! | `write(O_DIRECT, buf[0])` | `write(2)`. Steps `gup`, `dma` | what the device read, or `EFAULT` |
//! | `recvmsg(buf[0], 1)` | kTLS decrypts into the page. Steps `gup`, `dma` | 0 or `EFAULT` |
//! | `get_user_pages_fast(buf, FLAGS)`, `get_fast` | GUP-fast with `FOLL_GET`. Step `gup` | a handle or `EFAULT` |
//! | `get_user_pages(buf, FLAGS)`, `get` | the slow path only | a handle or `EFAULT` |
//! | `pin_user_pages_fast(buf, FLAGS)`, `pin_fast` | GUP-fast with `FOLL_PIN` | a handle or `EFAULT` |
//! | `pin_user_pages(buf, FLAGS)`, `pin` | the slow path only | a handle or `EFAULT` |
//! | `get_user_pages_remote(A.buf, FLAGS)`, `pin_user_pages_remote(A.buf, FLAGS)` | of any mm, from any column, slow | a handle or `EFAULT` |
//! | `put_page(h)`, `unpin_user_page(h)` | gives the handle back | none |
//! | `dma_write(h[0], 1)` | a device writes through a handle. Step `dma` | none |
//! | `dma_read(h[0])` | a device reads through a handle. Step `dma` | the word |
//! | `vmsplice(buf)` | the page goes into a pipe. Step `gup` | a handle |
//! | `pipe_read(p[0])` | reads from the pipe | the word as it is now |
//! | `io_uring_register(buf)` | a fixed buffer. Step `gup` | a handle or `EFAULT` |
//! | `C = fork()` | `C` becomes an mm | none |
//! | `exit()` | the mm goes; the last thing in its column | none |
//! | `munmap(buf)` | | none |
//! | `madvise(buf, ADVICE)` | `MADV_DONTNEED`, `MADV_DONTFORK`, `MADV_DOFORK`, `MADV_PAGEOUT`, `MADV_FREE` | none |
//! | `mprotect(buf, PROT_READ)`, `mprotect(buf, PROT_READ\|PROT_WRITE)` | | none |
//! | `clear_refs(A)` | 4 into `/proc/PID/clear_refs` | none |
//! | `soft_dirty(A.buf)` | the bit of `/proc/PID/pagemap` | 0 or 1 |
//! | `UFFDIO_WRITEPROTECT(A.buf, WP)`, `UFFDIO_WRITEPROTECT(A.buf, 0)` | protects, un-protects | none |
//! | `reclaim(A.buf)` | `shrink_page_list` of the page. Steps `add_to_swap`, `try_to_unmap`, `pageout`, `remove_mapping` | none |
//! | `speculative_ref(A.buf)` | a lockless lookup. Steps `get`, `put` | none |
//! | `lru_add_drain_all()` | every CPU's batch | none |
//! | `f = 1`, `f = x` | sets a variable: a flag | none |
//! | `wait f` | until the variable is set | none |
//! | `wait C` | until every column of mm `C` has finished | none |
//!
//! `FLAGS` are `FOLL_WRITE`, `FOLL_FORCE` and, for pins, `FOLL_LONGTERM`, joined by `,` or `|`. What uses a
//! variable of another column waits until it is set.
//!
//! ## Calls that span rows
//!
//! A cell that ends in `{` opens a call, a cell `}` further down in the column closes it. Between them stand
//! steps of the call: a step from the table, a primitive (`page_count`, `spin_lock(ptl)`) or a kernel function
//! (`wp_page_copy`) of the model. `page_count #2` is the second since the row above in the column. Loads and
//! stores may span rows, too. Exploring ignores the steps, a replay as written obeys them.
//!
//! ## Barriers
//!
//! `=== all ===` on a line is a barrier of all columns, `=== a other_process ===` of some. Actors of the
//! environment take no part. A column cannot take part within a call.
//!
//! # Footer
//!
//! ## Predicates
//!
//! `always EXPR [else CLASS]` must be true at the end of every execution, `never EXPR [else CLASS]` at the
//! end of none. The class names the damage; without it, it is `assertion`. `EXPR` has `==`, `!=`, `<`, `<=`,
//! `>`, `>=`, `&&`, `||`, `!` and parentheses over numbers, variables, `A.buf[0]` (as its owner would load it
//! at the end), `copies(A)` (copies by write faults of `A` of pages that nobody else mapped), `SIGSEGV`, `EFAULT` and
//! `EAGAIN`.
//!
//! ## Windows
//!
//! `window P < P < ..` is an order that some execution must show, or the verdict is `vacuous`. A point is
//! `[COLUMN.]NAME[#N][.STEP]`. `NAME` is the word of a call (`clear_refs`), a word of memory that is stored to
//! (`buf[1]`; that is loaded, if nobody stores to it), the variable that gets a result, or a step from the table,
//! which means that step of the only call that has it. A step that is drawn within a call can be named as
//! well. `STEP` is any step, primitive or function. If several match, `#2` is the second in the order of the
//! file; behind a word of memory, the name of an mm may stand instead of a column.
//!
//! ## Expectations
//!
//! `expect [variant V:] CASE; CASE; ..` says what a check finds. A case is `ERAS TOGGLES OUTCOME` or
//! `else OUTCOME`.
//!
//! - `ERAS`: names and ranges `A..B`, `A..`, `..B`, separated by commas. Ranges run over mainline releases, both
//!   ends included. The name of an era file stands in quotes.
//! - `TOGGLES`: `with COMMIT`, `without COMMIT`, `set KEY=VALUE`, any number.
//! - `OUTCOME`: `holds`, `vacuous`, a class of damage, or `violated` for any.
//!
//! An era gets the outcome of the first case that names it with exactly its toggles. Failing that, a preset without
//! toggles gets that of `else`. Anything else is not judged. Lines for a variant go before those for all.
//!
//! # Limits
//!
//! 16 columns (with the actors of the environment), 8 areas, 15 variables, 6 mms, 16 variants, 500 rows,
//! 100 barriers, 50 errors.

mod anchors;
mod area;
mod cell;
mod diagnostic;
mod diagram;
mod expect;
mod expectation;
mod expr;
mod footer;
mod grammar;
mod grid;
mod header;
mod lex;
mod load;
mod lower;
mod nearest;
mod ops;
mod print;
mod scan;
mod scenario;
mod syntax;
mod text;

pub use diagnostic::{Diagnostic, Span};
pub use diagram::{AsWritten, Cell, CellKind, Column, Until};
pub use expectation::Expectation;
pub use load::{LoadError, MAX_BYTES, SUFFIX, Source, load};
pub use print::{environment, print};
pub use scenario::{Scenario, Variant, parse};
