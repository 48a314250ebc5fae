//! Any scenario that can be read: the model and the search handle it, and findings can be drawn.
#![no_main]

use std::sync::LazyLock;

use cowrace_mm::Era;
use cowrace_testkit::properties::run;
use libfuzzer_sys::{Corpus, fuzz_target};

static ERAS: LazyLock<Vec<Era>> = LazyLock::new(Era::presets);

fuzz_target!(|data: &[u8]| -> Corpus {
    let text = String::from_utf8_lossy(data);
    let Ok(scenario) = cowrace_scenario::parse(&text) else { return Corpus::Reject };
    // The era is derived from the text, so that the input alone reproduces a crash.
    let sum: usize = data.iter().map(|&b| usize::from(b)).sum();
    run::runs(&scenario, &ERAS[sum % ERAS.len()]);
    Corpus::Keep
});
