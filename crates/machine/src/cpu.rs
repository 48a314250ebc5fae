//! The handle through which model code touches memory.

use std::cell::RefCell;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use cowrace_report::{Class, Detail, Finding, Reason};

use crate::frame::{self, Encode, Round, Stack};
use crate::seat::Mailbox;
use crate::{Addr, Answer, Cond, Dep, Mark, Obj, Op, Place, Placed, Prim, Request, Used, UserAccess, Value};

/// The CPU on which an actor runs. Every method that returns an [`Ask`] is one request.
#[derive(Clone)]
pub struct Cpu {
    mailbox: Rc<Mailbox>,
}

impl std::fmt::Debug for Cpu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cpu({})", self.actor())
    }
}

/// A pending request: the only thing for which model code ever waits.
#[must_use = "a request does nothing until it is awaited"]
pub struct Ask<'c, T> {
    cpu: &'c Cpu,
    request: Option<Request>,
    decode: fn(Answer, Dep) -> T,
}

impl<T> std::fmt::Debug for Ask<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ask({:?})", self.request)
    }
}

impl<'c, T> Ask<'c, T> {
    /// Decodes the answer in another way.
    pub fn decode<U>(self, decode: fn(Answer, Dep) -> U) -> Ask<'c, U> {
        Ask { cpu: self.cpu, request: self.request, decode }
    }

    /// Sets the source location of the request.
    const fn at(mut self, site: &'static Location<'static>) -> Self {
        if let Some(request) = &mut self.request {
            request.site = site;
        }
        self
    }

    /// Allows the access to hit a dead object: for a lockless lookup that validates what it has read.
    pub fn speculative(mut self) -> Self {
        if let Some(request) = &mut self.request {
            request.speculative = true;
        }
        self
    }
}

impl<T: Encode> Future for Ask<'_, T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        let mailbox = &self.cpu.mailbox;
        if let Some(answer) = mailbox.answer.take() {
            // Whatever of the answer is not in the decoded value, the actor never learns.
            let decoded = (self.decode)(answer, Dep(mailbox.answered.get()));
            mailbox.frames.borrow_mut().answered(decoded);
            return Poll::Ready(decoded);
        }
        let request = self.request.take();
        assert!(request.is_some() && mailbox.request.get().is_none(), "one request at a time");
        self.cpu.mailbox.request.set(request);
        Poll::Pending
    }
}

/// A section that was under way when its word was read.
#[derive(Clone, Copy, Debug)]
pub struct InFlight {
    addr: Addr,
    seen: u64,
    site: &'static Location<'static>,
}

impl InFlight {
    /// Waits until the section has ended: a request with the source location of the read.
    pub async fn over(self, cpu: &Cpu) {
        cpu.wait(self.addr, Cond::Differs(self.seen)).at(self.site).await;
    }
}

const fn nothing(_: Answer, _: Dep) {}

const fn ok(answer: Answer, _: Dep) -> bool {
    answer.ok
}

const fn value(answer: Answer, dep: Dep) -> Value {
    Value { bits: answer.value, dep }
}

const fn nothing_if_ok(answer: Answer, _: Dep) -> Option<Value> {
    if answer.ok { Some(Value { bits: 0, dep: Dep(0) }) } else { None }
}

const fn value_if_ok(answer: Answer, dep: Dep) -> Option<Value> {
    if answer.ok { Some(value(answer, dep)) } else { None }
}

const fn nothing_or_entry(answer: Answer, _: Dep) -> Result<Value, u64> {
    if answer.ok { Ok(Value { bits: 0, dep: Dep(0) }) } else { Err(answer.value) }
}

const fn value_or_entry(answer: Answer, dep: Dep) -> Result<Value, u64> {
    if answer.ok { Ok(value(answer, dep)) } else { Err(answer.value) }
}

impl AsRef<Self> for Cpu {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl Cpu {
    pub(crate) const fn new(mailbox: Rc<Mailbox>) -> Self {
        Self { mailbox }
    }

    /// The actor, which is also the number of its CPU.
    #[must_use]
    pub fn actor(&self) -> u8 {
        self.mailbox.actor
    }

    /// Runs a kernel function in a frame: requests carry the function's name, and the machine knows what the function
    /// remembers.
    ///
    /// The body captures nothing, which is checked when it is compiled:
    ///
    /// ```compile_fail
    /// # use cowrace_machine::Cpu;
    /// async fn hidden(cpu: &Cpu, hidden: u64) -> u64 {
    ///     cpu.call("hidden", (), async |_: &Cpu, ()| hidden).await
    /// }
    /// # fn main() { drop(cowrace_machine::Seat::new(0, |cpu| Box::pin(async move { hidden(&cpu, 1).await; }))); }
    /// ```
    ///
    /// Its arguments and its result are values that can be encoded, not references through which something can be
    /// written:
    ///
    /// ```compile_fail
    /// # use cowrace_machine::Cpu;
    /// async fn written(cpu: &Cpu, into: &mut u64) {
    ///     cpu.call("written", (into,), async |_: &Cpu, (into,): (&mut u64,)| *into = 1).await
    /// }
    /// ```
    ///
    /// ```
    /// # use cowrace_machine::Cpu;
    /// async fn double(cpu: &Cpu, number: u64) -> u64 {
    ///     cpu.call("double", (number,), async |_: &Cpu, (number,)| 2 * number).await
    /// }
    /// ```
    #[track_caller]
    pub fn call<A: Encode, R: Encode, F: AsyncFnOnce(&Self, A) -> R>(
        &self,
        function: &'static str,
        arguments: A,
        body: F,
    ) -> impl Future<Output = R> {
        frame::call(self, function, Location::caller(), arguments, body)
    }

    /// Runs a part of a function in a frame of its own: only its result is remembered when it has ended. For what a long
    /// function reads, decides by, and never uses again.
    #[track_caller]
    pub fn part<A: Encode, R: Encode, F: AsyncFnOnce(&Self, A) -> R>(
        &self,
        arguments: A,
        body: F,
    ) -> impl Future<Output = R> {
        frame::part(self, Location::caller(), arguments, body)
    }

    /// Runs rounds of a loop until one is the last. A round is remembered only by the state that it passes to the next
    /// one.
    #[track_caller]
    pub fn rounds<S: Encode, R: Encode, F: AsyncFn(&Self, S) -> Round<S, R>>(
        &self,
        first: S,
        body: F,
    ) -> impl Future<Output = R> {
        frame::rounds(self, Location::caller(), first, body)
    }

    pub(crate) fn frames(&self) -> &RefCell<Stack> {
        &self.mailbox.frames
    }

    /// The kernel function that is running; `user` outside the kernel.
    pub(crate) fn function(&self) -> &'static str {
        self.mailbox.frames.borrow().function().unwrap_or("user")
    }

    /// Names the step that the last request completed.
    pub fn step(&self, name: &'static str) {
        self.mark(Mark::Step(name));
    }

    /// Sets a mark.
    pub fn mark(&self, mark: Mark) {
        self.mailbox.marks.borrow_mut().push(Placed { at: self.mailbox.answered.get(), mark });
    }

    /// Records the reason for the branch that is taken, if reasons are wanted.
    pub fn why(&self, reason: impl FnOnce() -> Reason) {
        if let Some(reasons) = self.mailbox.reasons.borrow_mut().as_mut() {
            reasons.push((self.mailbox.answered.get(), reason()));
        }
    }

    /// Declares the execution bad. May depend only on the answers to this actor.
    pub fn finding(&self, class: Class, detail: impl FnOnce() -> Detail) {
        self.mailbox.finding.borrow_mut().get_or_insert_with(|| Finding { class, detail: detail() });
    }

    #[track_caller]
    fn ask<T>(
        &self,
        op: Op,
        prim: Prim,
        address: Dep,
        data: Dep,
        decode: fn(Answer, Dep) -> T,
    ) -> Ask<'_, T> {
        let function = self.function();
        let site = Location::caller();
        let request = Request { op, prim, function, site, address, data, speculative: false };
        Ask { cpu: self, request: Some(request), decode }
    }

    /// Reads a word.
    #[track_caller]
    pub fn load(&self, place: impl Into<Place>, prim: Prim) -> Ask<'_, Value> {
        self.load_bits(place, u64::MAX, prim)
    }

    /// Reads some bits of a word; the rest may change without a conflict.
    #[track_caller]
    pub fn load_bits(&self, place: impl Into<Place>, mask: u64, prim: Prim) -> Ask<'_, Value> {
        let Place { addr, dep } = place.into();
        self.ask(Op::Load { addr, mask }, prim, dep, Dep::default(), value)
    }

    /// Writes a word.
    #[track_caller]
    pub fn store(&self, place: impl Into<Place>, new: impl Into<Value>, prim: Prim) -> Ask<'_, ()> {
        let (Place { addr, dep }, new) = (place.into(), new.into());
        self.ask(Op::Store { addr, value: new.bits }, prim, dep, new.dep, nothing)
    }

    /// Writes a word and returns the old value.
    #[track_caller]
    pub fn xchg(&self, place: impl Into<Place>, new: impl Into<Value>, prim: Prim) -> Ask<'_, Value> {
        let (Place { addr, dep }, new) = (place.into(), new.into());
        self.ask(Op::Xchg { addr, value: new.bits }, prim, dep, new.dep, value)
    }

    /// Adds; the result is not used.
    #[track_caller]
    pub fn add(&self, place: impl Into<Place>, amount: i64, prim: Prim) -> Ask<'_, ()> {
        let Place { addr, dep } = place.into();
        let op = Op::Add { addr, value: amount as u64, used: Used::Nothing };
        self.ask(op, prim, dep, Dep::default(), nothing)
    }

    /// Adds and returns the old value.
    #[track_caller]
    pub fn fetch_add(&self, place: impl Into<Place>, amount: i64, prim: Prim) -> Ask<'_, Value> {
        let Place { addr, dep } = place.into();
        let op = Op::Add { addr, value: amount as u64, used: Used::All };
        self.ask(op, prim, dep, Dep::default(), value)
    }

    /// Sets bits; the result is not used.
    #[track_caller]
    pub fn set_bits(&self, place: impl Into<Place>, set: u64, prim: Prim) -> Ask<'_, ()> {
        let Place { addr, dep } = place.into();
        self.ask(Op::Or { addr, set, used: Used::Nothing }, prim, dep, Dep::default(), nothing)
    }

    /// Clears bits; the result is not used.
    #[track_caller]
    pub fn clear_bits(&self, place: impl Into<Place>, clear: u64, prim: Prim) -> Ask<'_, ()> {
        let Place { addr, dep } = place.into();
        self.ask(Op::And { addr, clear, used: Used::Nothing }, prim, dep, Dep::default(), nothing)
    }

    /// Sets bits and returns the old value.
    #[track_caller]
    pub fn fetch_set_bits(&self, place: impl Into<Place>, set: u64, prim: Prim) -> Ask<'_, Value> {
        let Place { addr, dep } = place.into();
        self.ask(Op::Or { addr, set, used: Used::All }, prim, dep, Dep::default(), value)
    }

    /// Clears bits and returns the old value.
    #[track_caller]
    pub fn fetch_clear_bits(&self, place: impl Into<Place>, clear: u64, prim: Prim) -> Ask<'_, Value> {
        let Place { addr, dep } = place.into();
        self.ask(Op::And { addr, clear, used: Used::All }, prim, dep, Dep::default(), value)
    }

    /// Replaces a word that has the value `old`; tells whether it did.
    #[track_caller]
    pub fn cmpxchg(&self, place: impl Into<Place>, old: u64, new: u64, prim: Prim) -> Ask<'_, bool> {
        let Place { addr, dep } = place.into();
        self.ask(Op::CmpXchg { addr, old, new }, prim, dep, Dep::default(), ok)
    }

    /// Adds unless the word has the value `unless`; tells whether it did.
    #[track_caller]
    pub fn add_unless(&self, place: impl Into<Place>, amount: u64, unless: u64, prim: Prim) -> Ask<'_, bool> {
        let Place { addr, dep } = place.into();
        self.ask(Op::AddUnless { addr, value: amount, unless }, prim, dep, Dep::default(), ok)
    }

    /// Subtracts; tells whether the result is zero.
    #[track_caller]
    pub fn sub_and_test(&self, place: impl Into<Place>, amount: u64, prim: Prim) -> Ask<'_, bool> {
        let Place { addr, dep } = place.into();
        self.ask(Op::SubAndTest { addr, value: amount }, prim, dep, Dep::default(), ok)
    }

    /// Takes a lock that is one bit of a word.
    #[track_caller]
    pub fn lock(&self, place: impl Into<Place>, bit: u64, prim: Prim) -> Ask<'_, ()> {
        let Place { addr, dep } = place.into();
        self.ask(Op::Lock { addr, bit }, prim, dep, Dep::default(), nothing)
    }

    /// Takes a lock that is one bit of a word, if it is free; tells whether it was.
    #[track_caller]
    pub fn trylock(&self, place: impl Into<Place>, bit: u64, prim: Prim) -> Ask<'_, bool> {
        let Place { addr, dep } = place.into();
        self.ask(Op::Trylock { addr, bit }, prim, dep, Dep::default(), ok)
    }

    /// Releases a lock that is one bit of a word.
    #[track_caller]
    pub fn unlock(&self, place: impl Into<Place>, bit: u64, prim: Prim) -> Ask<'_, ()> {
        let Place { addr, dep } = place.into();
        self.ask(Op::Unlock { addr, bit }, prim, dep, Dep::default(), nothing)
    }

    /// Takes a reader/writer lock for reading.
    #[track_caller]
    pub fn read_lock(&self, addr: Addr, prim: Prim) -> Ask<'_, ()> {
        self.ask(Op::ReadLock { addr }, prim, Dep::default(), Dep::default(), nothing)
    }

    /// Takes a reader/writer lock for reading if there is no writer; tells whether it did.
    #[track_caller]
    pub fn try_read_lock(&self, addr: Addr, prim: Prim) -> Ask<'_, bool> {
        self.ask(Op::TryReadLock { addr }, prim, Dep::default(), Dep::default(), ok)
    }

    /// Releases a reader/writer lock that is held for reading.
    #[track_caller]
    pub fn read_unlock(&self, addr: Addr, prim: Prim) -> Ask<'_, ()> {
        self.ask(Op::ReadUnlock { addr }, prim, Dep::default(), Dep::default(), nothing)
    }

    /// Takes a reader/writer lock for writing.
    #[track_caller]
    pub fn write_lock(&self, addr: Addr, prim: Prim) -> Ask<'_, ()> {
        self.ask(Op::WriteLock { addr }, prim, Dep::default(), Dep::default(), nothing)
    }

    /// Releases a reader/writer lock that is held for writing.
    #[track_caller]
    pub fn write_unlock(&self, addr: Addr, prim: Prim) -> Ask<'_, ()> {
        self.ask(Op::WriteUnlock { addr }, prim, Dep::default(), Dep::default(), nothing)
    }

    /// Turns a write lock into a read lock.
    #[track_caller]
    pub fn downgrade(&self, addr: Addr, prim: Prim) -> Ask<'_, ()> {
        self.ask(Op::Downgrade { addr }, prim, Dep::default(), Dep::default(), nothing)
    }

    /// Waits for a condition that stays true once it is.
    #[track_caller]
    pub fn wait(&self, addr: Addr, cond: Cond) -> Ask<'_, Value> {
        self.ask(Op::Await { addr, cond }, Prim::Wait, Dep::default(), Dep::default(), value)
    }

    /// Waits until an actor has finished.
    #[track_caller]
    pub fn join(&self, actor: u8) -> Ask<'_, ()> {
        self.ask(Op::Join { actor }, Prim::Wait, Dep::default(), Dep::default(), nothing)
    }

    /// Waits for the other participants of a barrier.
    #[track_caller]
    pub fn barrier(&self, id: u8) -> Ask<'_, ()> {
        self.ask(Op::Barrier { id }, Prim::Barrier, Dep::default(), Dep::default(), nothing)
    }

    /// The name of the next object that this actor allocates. This is not a request, since each actor has its own
    /// names.
    #[must_use]
    pub fn fresh(&self) -> Obj {
        let nth = self.mailbox.allocated.get();
        self.mailbox.allocated.set(nth + 1);
        Obj::allocated(self.actor(), nth)
    }

    /// Brings an object to life, with all words zero except `word`.
    #[track_caller]
    pub fn alloc(&self, obj: Obj, word: u8, first: u64, prim: Prim) -> Ask<'_, ()> {
        self.ask(Op::Alloc { obj, word, value: first }, prim, Dep::default(), Dep::default(), nothing)
    }

    /// Ends an object's life.
    #[track_caller]
    pub fn free(&self, obj: Obj, prim: Prim) -> Ask<'_, ()> {
        self.ask(Op::Free { obj }, prim, Dep::default(), Dep::default(), nothing)
    }

    /// Picks a number below `n`.
    #[track_caller]
    pub fn choose(&self, n: u32, prim: Prim) -> Ask<'_, u32> {
        self.ask(Op::Choose { n }, prim, Dep::default(), Dep::default(), |answer, _| answer.value as u32)
    }

    /// Enters a section of this CPU whose word is `addr`.
    #[track_caller]
    pub fn section_begin(&self, addr: Addr, prim: Prim) -> Ask<'_, ()> {
        self.ask(Op::SectionBegin { addr }, prim, Dep::default(), Dep::default(), nothing)
    }

    /// Leaves the section.
    #[track_caller]
    pub fn section_end(&self, addr: Addr, prim: Prim) -> Ask<'_, ()> {
        self.ask(Op::SectionEnd { addr }, prim, Dep::default(), Dep::default(), nothing)
    }

    /// The section that is in flight at `addr`, if any.
    #[track_caller]
    pub fn section_in_flight(&self, addr: Addr) -> impl Future<Output = Option<InFlight>> {
        let (site, load) = (Location::caller(), self.load(addr, Prim::Synchronize));
        async move {
            let seen = load.await.bits;
            (seen & 1 == 1).then_some(InFlight { addr, seen, site })
        }
    }

    /// Waits until the section that is in flight at `addr`, if any, has ended: up to two requests, both with the source
    /// location of the caller.
    #[track_caller]
    pub fn wait_for_section(&self, addr: Addr) -> impl Future<Output = ()> {
        let section = self.section_in_flight(addr);
        async move {
            if let Some(section) = section.await {
                section.over(self).await;
            }
        }
    }

    /// A memory barrier.
    #[track_caller]
    pub fn fence(&self, prim: Prim) -> Ask<'_, ()> {
        self.ask(Op::Fence, prim, Dep::default(), Dep::default(), nothing)
    }

    /// A load or store by user space; `None` if the MMU refuses and the kernel must handle a fault. The value of a store
    /// is 0.
    #[track_caller]
    pub fn user(&self, access: UserAccess) -> Ask<'_, Option<Value>> {
        let (prim, decode): (_, fn(Answer, Dep) -> Option<Value>) = match access.store {
            Some(_) => (Prim::UserStore, nothing_if_ok),
            None => (Prim::UserLoad, value_if_ok),
        };
        self.ask(Op::User(access), prim, Dep::default(), Dep::default(), decode)
    }

    /// As [`Cpu::user`], for an entry below which there may be another table: tells the entry that the walker refused.
    #[track_caller]
    pub fn user_or_entry(&self, access: UserAccess) -> Ask<'_, Result<Value, u64>> {
        let (op, none) = (Op::User(access), Dep::default());
        match access.store {
            Some(_) => self.ask(op, Prim::UserStore, none, none, nothing_or_entry),
            None => self.ask(op, Prim::UserLoad, none, none, value_or_entry),
        }
    }

    /// Drops entries of one CPU's TLB: bit `i` of `entries` stands for word `i` of `tlb`.
    #[track_caller]
    pub fn flush_tlb(&self, tlb: Obj, entries: u16, prim: Prim) -> Ask<'_, ()> {
        self.ask(Op::FlushTlb { tlb, entries }, prim, Dep::default(), Dep::default(), nothing)
    }
}
