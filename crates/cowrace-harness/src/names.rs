//! Names of tests.

use cowrace::Kernel;
use libtest_mimic::Arguments;

/// The name of a test: `SCENARIO[:VARIANT]::KERNEL`, without blanks, so that a name is one word in a shell.
pub(crate) fn of(scenario: &str, variant: Option<&str>, kernel: &Kernel) -> String {
    let variant = variant.map(|variant| format!(":{variant}")).unwrap_or_default();
    let kernel = kernel.to_string().replace(" --set ", ":").replace(" --", ":").replace(' ', "=");
    format!("{scenario}{variant}::{kernel}")
}

/// The only test that is selected, if there is only one: if each test runs in its own process, the other files need
/// not be read.
pub(crate) fn only(arguments: &Arguments) -> Option<&str> {
    arguments.filter.as_deref().filter(|_| arguments.exact)
}

/// Whether a test of a scenario with this name may have this name.
pub(crate) fn may_be_of(test: &str, scenario: &str) -> bool {
    test.strip_prefix(scenario).is_some_and(|rest| rest.starts_with(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_word() {
        let kernel = Kernel::new("v6.12").without("57efa1fe5957").set("wp_reuse", "count");
        assert_eq!(of("race", None, &Kernel::new("v6.12")), "race::v6.12");
        assert_eq!(of("race", Some("fast"), &kernel), "race:fast::v6.12:without=57efa1fe5957:wp_reuse=count");
    }

    #[test]
    fn tests_of_other_scenarios_are_told_apart() {
        assert!(may_be_of("race::v6.12", "race") && may_be_of("race:fast::v6.12", "race"));
        assert!(!may_be_of("race-two::v6.12", "race"));
    }
}
