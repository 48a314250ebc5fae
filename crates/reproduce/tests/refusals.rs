//! What user space cannot order is refused: which row, why, and what to write instead.

use cowrace_check::{Bounds, Task};
use cowrace_mm::Era;
use cowrace_reproduce::{Forecast, Plan, Refusal, Why, plan};
use cowrace_scenario::parse;

/// The plan for a scenario of one column.
fn planned(era: &str, area: &str, cells: &[&str], footer: &str) -> Result<Plan, Refusal> {
    let rows = cells.join("\n");
    of(era, &format!("race r\nmm A {{ buf: {area} }}\n\na @A\n{}\n{rows}\n\n{footer}\n", "=".repeat(60)))
}

fn of(era: &str, text: &str) -> Result<Plan, Refusal> {
    let scenario = parse(text).unwrap_or_else(|errors| panic!("{errors:?} in\n{text}"));
    let era = Era::preset(era).expect("a preset");
    let variant = &scenario.variants()[0];
    let task =
        Task { scenario: &scenario, variant, era: &era, arch: Default::default(), specification: None };
    plan(task, &Bounds::default())
}

fn why(planned: Result<Plan, Refusal>) -> Why {
    planned.map(|plan| plan.forecast()).expect_err("it is refused").why
}

const KEPT: &str = "always r == 1";

#[test]
fn a_refusal_names_the_row_and_what_to_write() {
    let cells = ["buf[1] = 2", "recvmsg(buf[0], 1)", "r = buf[0]"];
    let refusal = planned("v6.18", "anon", &cells, KEPT).map(|_| ()).expect_err("kTLS");
    assert_eq!((refusal.row, &refusal.why), (Some(2), &Why::Ktls));
    assert_eq!(
        refusal.to_string(),
        "row 2: `recvmsg(buf[0], 1)` of a: kTLS decrypts at once, and nothing holds it back: write \
         `read(O_DIRECT, fuse, ..)` instead"
    );
}

#[test]
fn references_to_write_are_held_by_older_kernels_only() {
    let cells = ["h = get_user_pages(buf, FOLL_WRITE)", "buf[1] = 2", "dma_write(h[0], 1)", "r = buf[0]"];
    assert_eq!(why(planned("v6.18", "anon", &cells, KEPT)), Why::GetToWrite);
    assert!(planned("v6.6", "anon", &cells, KEPT).is_ok());
}

#[test]
fn a_store_by_force_is_made_at_once_or_not_at_all() {
    let take = "h = get_user_pages_remote(A.buf, FOLL_WRITE|FOLL_FORCE)";
    let at_once = [take, "dma_write(h[0], 1)", "put_page(h)", "r = buf[0]"];
    assert!(planned("v6.18", "anon read_only", &at_once, KEPT).is_ok());
    let held = [take, "x = buf[1]", "dma_write(h[0], 1)", "put_page(h)", "r = buf[0]"];
    assert_eq!(why(planned("v6.18", "anon read_only", &held, KEPT)), Why::HeldByForce);
}

#[test]
fn reclaim_must_not_depend_on_a_batch() {
    let cells = ["madvise(buf, MADV_FREE)", "reclaim(A.buf)", "r = buf[0]"];
    assert_eq!(why(planned("v6.18", "anon = 1, 1", &cells, KEPT)), Why::InABatch);
    let drained = [cells[0], "lru_add_drain_all()", cells[1], cells[2]];
    assert_eq!(
        planned("v6.18", "anon = 1, 1", &drained, KEPT).map(|plan| plan.forecast()),
        Ok(Forecast::Hit)
    );
}

#[test]
fn a_kernel_is_not_stopped_within_a_call() {
    let text = "race r\nmm A { buf: none }\n\na @A              b @A\n================  ==========\n\
                buf[0] = 1 {\n  spin_lock(ptl)\n                  x = buf[0]\n}\n";
    let refusal = of("v6.18", text).map(|_| ()).expect_err("nothing stops it there");
    assert!(matches!(refusal.why, Why::WithinACall { .. }), "{refusal}");
    assert_eq!(refusal.row, Some(2));
    // With something to judge by, the calls begin together.
    let plan =
        of("v6.18", &format!("{text}\nalways x == 0 || x == 1\n")).unwrap_or_else(|other| panic!("{other}"));
    assert_eq!(plan.forecast(), Forecast::Chance);
}

#[test]
fn a_state_that_is_not_seen_is_not_claimed() {
    let cells = ["buf[0] = 1", "r = buf[0]"];
    let refused = why(planned("v6.18", "anon wrprotected", &cells, KEPT));
    assert_eq!(refused, Why::StartState { area: "buf".to_owned(), word: "wrprotected" });
}

#[test]
fn something_must_decide() {
    assert_eq!(why(planned("v6.18", "anon", &["buf[0] = 1", "r = buf[0]"], "")), Why::NothingToJudge);
}

#[test]
fn what_a_kernel_lacks_is_not_applicable() {
    let cells = ["UFFDIO_WRITEPROTECT(A.buf, WP)", "UFFDIO_WRITEPROTECT(A.buf, 0)", "r = buf[0]"];
    let refused = why(planned("v5.4", "anon uffd_wp", &cells, KEPT));
    assert!(matches!(refused, Why::NotApplicable { .. }), "{refused:?}");
}

#[test]
fn a_control_leaves_out_what_makes_the_damage() {
    let cells =
        ["h = io_uring_register(buf)", "B = fork()", "buf[1] = 2", "dma_write(h[0], 1)", "r = buf[0]"];
    let plan = planned("v5.4", "anon", &cells, KEPT).unwrap_or_else(|refusal| panic!("{refusal}"));
    assert_eq!(plan.forecast(), Forecast::Hit);
    let left_out: Vec<usize> =
        plan.steps.iter().filter(|step| step.not_in_control).map(|step| step.row).collect();
    assert_eq!(left_out, [2], "the fork");
}

/// In a deadlock no program comes to its end, and there is nothing to look at.
#[test]
fn damage_that_has_no_end_is_refused() {
    let text = "race r\nmm A { buf: anon }\n\na @A    b @A\n======  ======\nwait f\n        wait g\ng = 1\n        f = 1\n\nalways f == 1\n";
    assert_eq!(why(of("v6.18", text)), Why::Unseen);
}
