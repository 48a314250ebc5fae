//! The coverage of a complete search, as text.

use cowrace_report::{Called, Coverage, Order, Unreached};

use crate::Columns;

/// Why lines of the model are not known, and what to do about it.
pub(crate) const STALE: &str = "the model was changed; run `cargo xtask model` to list its lines again";

/// A table of pairs of calls and the orders in which they were seen, and the lines of the model that were never
/// reached, by function.
#[must_use]
pub fn coverage(coverage: &Coverage) -> String {
    let mut text = String::new();
    if !coverage.orders.is_empty() {
        text.push_str(&format!("{}\n", orders(coverage)));
    }
    let (Some(functions), Some(unreached)) = (coverage.functions, &coverage.unreached) else {
        return format!("{text}it is not known which lines of the model were reached: {STALE}\n");
    };
    let entered = format!("{} of {} functions of the model were entered", functions.entered, functions.all);
    if unreached.is_empty() {
        return format!("{text}{entered}, and all of their lines were reached\n");
    }
    text.push_str(&format!("{entered}; these lines of them were never reached:\n"));
    text.extend(unreached.iter().map(|each| format!("  {}\n", lines(each))));
    text
}

fn orders(coverage: &Coverage) -> Columns {
    let mut columns = Columns::new(["first", "second", "seen"]);
    for pair in &coverage.orders {
        let seen = match pair.seen {
            Order::Both => "both orders",
            Order::One => "only first before second",
            Order::Never => "never met",
        };
        columns.row([(0, called(&pair.first)), (1, called(&pair.second)), (2, seen.to_owned())]);
    }
    columns
}

fn called(call: &Called) -> String {
    format!("{}: {}", call.actor, call.call)
}

/// A function and its lines.
pub(crate) fn lines(unreached: &Unreached) -> String {
    let numbers: Vec<String> = unreached.lines.iter().map(u32::to_string).collect();
    let plural = if numbers.len() == 1 { "" } else { "s" };
    format!("{} ({}): line{plural} {}", unreached.function, unreached.file, numbers.join(", "))
}

#[cfg(test)]
mod tests {
    use cowrace_report::{Functions, Pair};

    use super::*;

    fn pair(first: &str, second: &str, seen: Order) -> Pair {
        let called = |text: &str| {
            let (actor, call) = text.split_once(' ').expect("an actor and a call");
            Called { actor: actor.into(), call: call.into() }
        };
        Pair { first: called(first), second: called(second), seen }
    }

    #[test]
    fn calls_are_a_table_and_lines_a_list() {
        let seen = Coverage {
            orders: vec![
                pair("t0 buf[0] = 1", "t1 clear_refs(A)", Order::Both),
                pair("t1 h = get_user_pages(buf)", "t0 x = 0", Order::One),
                pair("t0 x = 0", "t1 clear_refs(A)", Order::Never),
            ],
            unreached: Some(vec![
                Unreached { function: "do_wp_page".into(), file: "a.rs".into(), lines: vec![12, 133] },
                Unreached { function: "zap".into(), file: "b.rs".into(), lines: vec![7] },
            ]),
            functions: Some(Functions { entered: 3, all: 90 }),
        };
        assert_eq!(
            coverage(&seen),
            "\
first                        second             seen
===========================  =================  ========================
t0: buf[0] = 1               t1: clear_refs(A)  both orders
t1: h = get_user_pages(buf)  t0: x = 0          only first before second
t0: x = 0                    t1: clear_refs(A)  never met

3 of 90 functions of the model were entered; these lines of them were never reached:
  do_wp_page (a.rs): lines 12, 133
  zap (b.rs): line 7
"
        );
    }

    #[test]
    fn nothing_is_listed_where_nothing_is_missing() {
        let functions = Some(Functions { entered: 3, all: 90 });
        let seen = Coverage { orders: Vec::new(), unreached: Some(Vec::new()), functions };
        assert_eq!(
            coverage(&seen),
            "3 of 90 functions of the model were entered, and all of their lines were reached\n"
        );
    }

    #[test]
    fn lines_of_a_model_that_was_changed_are_not_told() {
        let seen = Coverage { orders: Vec::new(), unreached: None, functions: None };
        assert!(
            coverage(&seen)
                .starts_with("it is not known which lines of the model were reached: the model was changed")
        );
    }
}
