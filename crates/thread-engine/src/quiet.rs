//! Panics of engines are answers here, so they are not printed.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
    static SAID: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Installs a panic hook that calls the current one, except for panics under [`quietly`]. An engine that has a hook of
/// its own calls this after installing that hook; calling it once is enough.
pub fn hush() {
    let aloud = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if QUIET.get() {
            let payload = info.payload();
            let text = payload.downcast_ref::<&str>().copied();
            let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
            SAID.set(Some(text.unwrap_or("a panic without words").to_owned()));
        } else {
            aloud(info);
        }
    }));
}

/// Runs a function that may panic. If it does, returns the payload of the panic and its last message.
///
/// # Errors
///
/// If it panics.
pub fn quietly<R>(run: impl FnOnce() -> R) -> Result<R, (Box<dyn std::any::Any + Send>, String)> {
    let before = QUIET.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(run));
    QUIET.set(before);
    let said = SAID.take();
    result.map_err(|payload| (payload, said.unwrap_or_else(|| "it failed without words".to_owned())))
}
