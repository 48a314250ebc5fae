//! Properties of any text that is read as a scenario.

use cowrace_scenario::{Scenario, parse, print};

/// Reads a text. Errors point into it; a valid scenario can be printed and is the same when read again.
pub fn reads(text: &str) -> Option<Scenario> {
    let scenario = match parse(text) {
        Ok(scenario) => scenario,
        Err(errors) => {
            assert!(!errors.is_empty(), "refused without a reason");
            for error in errors {
                assert!(error.span.start <= error.span.end, "{error:?}");
                assert!(text.get(error.span.clone()).is_some(), "{error:?} in {text:?}");
                assert!(!error.message.is_empty() && !error.message.contains('\n'), "{error:?}");
            }
            return None;
        }
    };
    let printed = print(&scenario);
    let again = parse(&printed).unwrap_or_else(|errors| panic!("{errors:?} in what was printed:\n{printed}"));
    assert_eq!(again, scenario, "{printed}");
    assert_eq!(print(&again), printed);
    for (variant, same) in scenario.variants().iter().zip(again.variants()) {
        assert_eq!(variant.as_written().len(), same.as_written().len());
    }
    Some(scenario)
}
