//! What files are lowered to.

use crate::common::good;
use cowrace_mm::world::{
    Advice, Arg, Backing, Call, Errno, Expr, FileKind, GupFlags, Modality, Origin, Populate, Relation, Step,
    Target, Term,
};
use cowrace_mm::{Era, World};
use cowrace_report::Class;
use cowrace_scenario::{CellKind, Scenario, Subject, Until};

const ODIRECT: &str = include_str!("../files/odirect.race");
const EVERYTHING: &str = include_str!("../files/everything.race");

fn world(text: &str) -> World {
    good(text).variants()[0].world().clone()
}

fn calls(world: &World, actor: &str) -> Vec<Call> {
    let actor = world.actors.iter().find(|a| a.name == actor).unwrap();
    actor.steps.iter().filter_map(|s| if let Step::Call(c) = s { Some(c.call) } else { None }).collect()
}

/// The cells of one column in mm `A { buf: anon; lib: file; spare: none }`, beside a column of mm `B { other: anon }`.
fn column(cells: &[&str]) -> Vec<Call> {
    let rows: String = cells.iter().map(|c| format!("{c}\n")).collect();
    let text = format!(
        "race r\nmm A {{ buf: anon; lib: file; spare: none }}\nmm B {{ other: anon }}\n\n\
         t @A                                              u @B\n\
         ================================================  ================\n\
         {:50}h = pin_user_pages(other, FOLL_WRITE)\n{:50}p = vmsplice(other)\n{:50}y = other[0]\n{rows}",
        "", "", ""
    );
    calls(&world(&text.replace("  ================\n", "  =========================\n")), "t")
}

#[test]
fn the_diagram_of_the_mail() {
    let scenario = good(ODIRECT);
    assert_eq!(scenario.name(), "odirect-clear-refs-lost-read");
    assert!(scenario.title().unwrap().starts_with("An O_DIRECT read is lost"));
    assert_eq!(scenario.subject(), Some(Subject::SoftDirty));
    assert_eq!(scenario.links(), ["lkml:20210107200402.31095-1-aarcange@redhat.com"]);
    assert_eq!(scenario.from(), ["aa tree, 2021"]);
    assert_eq!(scenario.notes(), ["as \"published\"  # not a comment"]);
    let heads: Vec<_> = scenario.columns().iter().map(|c| (c.head(), c.start)).collect();
    assert_eq!(heads, [("thread0 @A".into(), 0), ("thread1 @A".into(), 29), ("other process".into(), 45)]);

    let [variant] = scenario.variants() else { panic!("one variant") };
    assert_eq!(variant.name(), None);
    let world = variant.world();
    assert_eq!(
        calls(world, "thread0"),
        [
            Call::DirectRead { file: FileKind::Block, va: 0, word: 0, value: Arg::Number(1) },
            Call::Load { va: 0, word: 0 },
        ]
    );
    assert_eq!(calls(world, "other process"), [Call::ClearRefs { mm: 0 }]);
    assert_eq!(world.actors[2].mm, None);
    let [predicate] = world.predicates.as_slice() else { panic!("one predicate") };
    assert_eq!(predicate.modality, Modality::Always);
    assert_eq!(predicate.class, Class::LostRead);
    assert_eq!(predicate.expr, Expr::Compare(Term::Variable(0), Relation::Equal, Term::Number(1)));
    let points: Vec<_> = world.windows[0].points.iter().map(|p| (p.call, p.step.as_deref())).collect();
    assert_eq!(points, [(0, Some("gup")), (1, None), (2, None), (0, Some("dma"))]);
    assert_eq!(variant.call_text(0), "read(O_DIRECT, block, buf[0], 1)");
    assert_eq!(variant.call_text(99), "");
}

#[test]
fn it_replays_as_written_row_by_row() {
    let scenario = good(ODIRECT);
    let moves = scenario.variants()[0].as_written();
    let step = |name: &str| Until::Step { call: 0, name: name.to_owned(), nth: 1 };
    let untils: Vec<_> = moves.iter().map(|m| (m.actor, m.until.clone())).collect();
    assert_eq!(
        untils,
        [
            (0, Until::Begin(0)),
            (0, step("gup")),
            (2, Until::End(1)),
            (1, Until::End(2)),
            (0, step("dma")),
            (0, Until::End(0)),
            (0, Until::End(3)),
        ]
    );
    let texts: Vec<_> = moves.iter().map(|m| (&ODIRECT[m.span.clone()], m.line)).collect();
    assert_eq!(texts[0].0, "read(O_DIRECT, buf[0], 1) {");
    assert_eq!(texts[3].0, "buf[1] = 2");
    assert_eq!(ODIRECT.lines().nth(texts[3].1 - 1).unwrap().trim(), "buf[1] = 2");
}

#[test]
fn variants_replace_words_everywhere() {
    let scenario = good(EVERYTHING);
    let names: Vec<_> = scenario.variants().iter().map(|v| v.name().unwrap()).collect();
    assert_eq!(names, ["get", "pin"]);
    for (variant, pinned) in scenario.variants().iter().zip([false, true]) {
        let gup = calls(variant.world(), "main")[1];
        assert!(matches!(gup, Call::Gup { pin, fast: true, .. } if pin == pinned));
        assert_eq!(variant.call_text(1).contains("pin_user_pages_fast"), pinned);
        assert_eq!(variant.world().windows[0].points[1].call, 1);
    }
    assert!(scenario.variant(Some("pin")).is_some() && scenario.variant(None).is_none());
}

#[test]
fn children_and_areas() {
    let scenario = good(EVERYTHING);
    let world = scenario.variants()[0].world();
    let mms: Vec<_> = world.mms.iter().map(|m| (m.name.as_str(), m.origin)).collect();
    assert_eq!(mms, [("A", Origin::Boot), ("B", Origin::ForkedAtBoot(0)), ("C", Origin::Fork(0))]);
    assert_eq!(world.actors[1].mm, Some(2));
    assert_eq!(calls(world, "main")[0], Call::Fork { child: 2 });
    let area = |name: &str| world.areas.iter().find(|a| a.name == name).unwrap();
    assert_eq!(area("buf").words, [1, 2]);
    assert!(area("buf").wrprotected);
    assert_eq!(area("buf").lru_batch, Some(0));
    assert_eq!(area("cold").populate, Populate::None);
    assert!(area("cold").read_only);
    assert_eq!(area("zip").warm, [0]);
    assert_eq!(area("lib").backing, Backing::PrivateFile);
    assert_eq!(area("lib").warm, [0]);
    assert_eq!(area("out").populate, Populate::Swapped);
    assert!(area("out").previously_shared && area("out").uffd_wp);
}

#[test]
fn words_that_imply_others() {
    let world =
        world("race r\nmm A { a: anon lazyfree; b: anon soft_clean clean }\n\nt @A\n====\na[0] = 1\n");
    assert!(world.areas[0].lazyfree && world.areas[0].clean && !world.areas[0].soft_clean);
    assert!(world.areas[1].soft_clean && world.areas[1].clean && !world.areas[1].lazyfree);
}

#[test]
fn the_environment_gets_actors_after_the_columns() {
    let scenario = good(EVERYTHING);
    let variant = &scenario.variants()[0];
    let world = variant.world();
    let names: Vec<_> = world.actors[4..].iter().map(|a| (a.name.as_str(), a.steps.len())).collect();
    // Four anonymous areas, each of which kswapd takes twice.
    assert_eq!(names, [("lru_drain", 1), ("spec_ref", 4), ("kswapd", 8)]);
    assert!(world.environment.tlb_evict && !world.environment.page_reuse);
    assert_eq!(world.environment.reclaim, 2);
    let Step::Call(last) = &world.actors[6].steps[7] else { panic!("a call") };
    assert_eq!(variant.call_text(last.id), "reclaim(A.out)");
    // A window names these actors like columns.
    let point = &world.windows[1].points[1];
    assert_eq!(variant.call_text(point.call), "reclaim(A.cold)");
    assert_eq!(point.step.as_deref(), Some("try_to_unmap"));
}

#[test]
fn barriers() {
    let scenario = good(EVERYTHING);
    let variant = &scenario.variants()[0];
    assert_eq!(variant.world().barriers, [vec![0, 1, 2, 3], vec![0, 2]]);
    assert!(variant.world().actors[2].steps.contains(&Step::Barrier(1)));
    let drawn: Vec<_> = variant.cells().iter().filter(|c| matches!(c.kind, CellKind::Barrier(_))).collect();
    assert_eq!(drawn[1].text, "=== main other_process ===");
}

#[test]
fn every_call() {
    let own = Target { mm: 0, va: 0 };
    let other = Target { mm: 1, va: 3 };
    let gup = |target, pin, fast, flags| Call::Gup { target, pin, fast, flags };
    let none = GupFlags::default();
    let got = column(&[
        "s = write(O_DIRECT, buf[1])",
        "recvmsg(A.buf[0], y)",
        "get(buf)",
        "get_fast(buf, FOLL_WRITE, FOLL_FORCE)",
        "pin_fast(buf, FOLL_LONGTERM | FOLL_WRITE)",
        "g = get_user_pages_remote(B.other)",
        "pin_user_pages_remote(buf)",
        "unpin_user_page(h)",
        "d = dma_read(h[1])",
        "dma_write(h[0], 0x10)",
        "q = pipe_read(p[0])",
        "io_uring_register(lib)",
        "e = iov_iter_extract_pages(buf, FOLL_WRITE)",
        "extract_pages(lib)",
        "munmap(buf)",
        "mremap(buf, spare)",
        "madvise(buf, MADV_PAGEOUT)",
        "madvise(buf, MADV_COLLAPSE)",
        "mprotect(buf, PROT_READ)",
        "mprotect(buf, PROT_WRITE|PROT_READ)",
        "soft_dirty(buf)",
        "UFFDIO_WRITEPROTECT(B.other, WP)",
        "reclaim(B.other)",
        "khugepaged_collapse(B.other)",
        "speculative_ref(buf)",
        "lru_add_drain_all()",
        "f = y",
        "wait f",
        "wait B",
        "exit()",
    ]);
    // Variables in the order of the file: h, p, y, s, g, d, q, e, f.
    let write = GupFlags { write: true, ..none };
    assert_eq!(
        got,
        [
            Call::DirectWrite { file: FileKind::Block, va: 0, word: 1 },
            Call::Recvmsg { va: 0, word: 0, value: Arg::Variable(2) },
            gup(own, false, false, none),
            gup(own, false, true, GupFlags { force: true, unlockable: true, ..write }),
            gup(own, true, true, GupFlags { longterm: true, unlockable: true, ..write }),
            gup(other, false, false, none),
            gup(own, true, false, GupFlags { unlockable: true, ..none }),
            Call::Release { handle: 0 },
            Call::DmaRead { handle: 0, word: 1 },
            Call::DmaWrite { handle: 0, word: 0, value: Arg::Number(16) },
            Call::PipeRead { handle: 1, word: 0 },
            Call::IoUringRegister { va: 1 },
            Call::ExtractPages { file: FileKind::Block, va: 0, write: true },
            Call::ExtractPages { file: FileKind::Block, va: 1, write: false },
            Call::Munmap { va: 0 },
            Call::Mremap { va: 0, to: 2 },
            Call::Madvise { va: 0, advice: Advice::PageOut },
            Call::Madvise { va: 0, advice: Advice::Collapse },
            Call::Mprotect { va: 0, write: false },
            Call::Mprotect { va: 0, write: true },
            Call::SoftDirty { target: own },
            Call::UffdWriteProtect { target: other, protect: true },
            Call::Reclaim { target: other },
            Call::KhugepagedCollapse { target: other },
            Call::SpeculativeRef { target: own },
            Call::LruAddDrainAll,
            Call::Set { value: Arg::Variable(2) },
            Call::WaitVariable { variable: 8 },
            Call::WaitExit { mm: 1 },
            Call::Exit,
        ]
    );
}

#[test]
fn predicates_bind_as_in_c() {
    let text = "race r\nmm A { a: anon }\n\nt @A\n========\nx = a[0]\n\nalways !(x == 1) && A.a[1] >= 2 || copies(A) != EFAULT\n";
    let world = world(text);
    let compare = |a, r, b| Expr::Compare(a, r, b);
    let not = Expr::Not(Box::new(compare(Term::Variable(0), Relation::Equal, Term::Number(1))));
    let memory = Term::Memory { target: Target { mm: 0, va: 0 }, word: 1 };
    let and = Expr::And(Box::new(not), Box::new(compare(memory, Relation::GreaterEqual, Term::Number(2))));
    let copies = compare(Term::Copies(0), Relation::NotEqual, Term::Errno(Errno::Efault));
    assert_eq!(world.predicates[0].expr, Expr::Or(Box::new(and), Box::new(copies)));
    assert_eq!(world.predicates[0].class, Class::Assertion);
}

#[test]
fn windows_find_calls_by_every_name() {
    let text = "race r\nmm A { a: anon }\n\n\
                t @A              cpu 1 @A          dev\n\
                ================  ================  ================\n\
                h = get(a)        x = a[0]          dma_read(h[0])\n\
                a[0] = 1 {\n\
                \x20 wp_page_copy\n\
                }\n\
                put_page(h)       a[0] = 2\n\n\
                window h < wp_page_copy < dev.dma < put_page\n\
                window cpu-1.a[0] < x < a[0]#2 < A.a[0]#1.do_wp_page\n\
                window get < cpu_1.a[0].page_count\n";
    let world = world(&text.replace("================\n", "=================\n"));
    let points = |i: usize| -> Vec<_> {
        world.windows[i].points.iter().map(|p| (p.call, p.step.as_deref().unwrap_or("-"))).collect()
    };
    assert_eq!(points(0), [(0, "-"), (3, "wp_page_copy"), (2, "dma"), (4, "-")]);
    assert_eq!(points(1), [(5, "-"), (1, "-"), (5, "-"), (3, "do_wp_page")]);
    assert_eq!(points(2), [(0, "-"), (5, "page_count")]);
}

#[test]
fn promises_find_calls_as_windows_do() {
    let promised = |footer: &str| {
        let text = format!(
            "race r\nmm A {{ a: anon; b: anon }}\n\n\
             t @A                     cpu 1 @A          dev\n\
             =======================  ================  ============================\n\
             h = get(a)               p = vmsplice(a)   g = pin_user_pages_remote(A.a)\n\
             read(O_DIRECT, a[0], 1)  recvmsg(a[0], 1)\n\
             write(O_DIRECT, a[0])    h = pin(b)\n\
             io_uring_register(a)     extract_pages(a)\n\
             put_page(h)              pin_fast(a)\n{footer}\n"
        );
        world(&text.replace("============================\n", "==============================\n")).coherent
    };
    assert_eq!(promised(""), [0; 0]);
    assert_eq!(promised("promise coherent(get)"), [0]);
    assert_eq!(promised("promise coherent(h#2)"), [6]);
    assert_eq!(promised("promise coherent(cpu-1.h)\npromise coherent(t.h)"), [0, 6]);
    assert_eq!(promised("promise coherent(p)\npromise coherent(vmsplice)"), [1]);
    assert_eq!(
        promised("promise coherent(read)\npromise coherent(recvmsg)\npromise coherent(write)"),
        [3, 4, 5]
    );
    assert_eq!(promised("promise coherent(dev.g)\npromise\n  coherent(io_uring_register)"), [2, 7]);
    assert_eq!(promised("promise coherent(extract_pages)\npromise coherent(pin_fast)"), [8, 10]);
}

#[test]
fn promises_of_variants() {
    for (variant, name) in good(EVERYTHING).variants().iter().zip(["get", "pin"]) {
        assert_eq!(variant.name(), Some(name));
        assert_eq!(variant.world().coherent, [1, 2]);
    }
}

#[test]
fn tabs_wide_characters_and_line_ends() {
    let text = "\u{feff}race r\r\nmm A { a: anon }\r\n\r\nt @A\t\tü @A\r\n====\t\t====\r\na[0] = 1\ta[1] = 1\r\n\t\ta[0] = 3\r\n";
    let world = world(&text.replace("====\t\t====", "========\t========"));
    assert_eq!(world.actors[0].steps.len(), 1);
    assert_eq!(world.actors[1].steps.len(), 2);
}

#[test]
fn a_grandchild_may_be_forked_above_its_parent() {
    let text = "race r\nmm A { a: anon }\n\n\
                c @C        t @A        d @D\n==========  ==========  ========\nD = fork()\n            C = fork()\n                        a[0] = 1\n";
    let world = world(text);
    let mms: Vec<_> = world.mms.iter().map(|m| (m.name.as_str(), m.origin)).collect();
    assert_eq!(mms, [("A", Origin::Boot), ("C", Origin::Fork(0)), ("D", Origin::Fork(1))]);
}

#[test]
fn text_around_the_diagram() {
    let scenario = good(EVERYTHING);
    let header = scenario.header_text();
    assert!(header.ends_with("}\n\n") && header.starts_with("race everything\n"));
    assert!(
        EVERYTHING.ends_with(scenario.footer_text()) && scenario.footer_text().starts_with("always x == 1")
    );
    let without = scenario.header_of(&scenario.variants()[0]);
    assert!(without.ends_with("\nenv tlb_evict  # and\nvariant get { }\n\n"), "{without}");
    let scenario = good("race r\nmm A { a: anon }\nenv reclaim<=1\n\nt @A\n====\na[0]\n");
    assert_eq!(scenario.header_of(&scenario.variants()[0]), "race r\nmm A { a: anon }\n\n");
}

/// The model accepts every world that the language produces.
#[test]
fn the_model_takes_it() {
    for text in [ODIRECT, EVERYTHING] {
        for variant in good(text).variants() {
            for era in Era::presets() {
                let program = cowrace_mm::program(variant.world(), &era, cowrace_machine::Arch::Generic);
                assert_eq!(program.actors.len(), variant.world().actors.len());
            }
        }
    }
}

#[test]
fn canonical_form() {
    let print = |scenario: &Scenario| cowrace_scenario::print(scenario);
    insta::assert_snapshot!(print(&good(EVERYTHING)));
    for text in [ODIRECT, EVERYTHING] {
        let scenario = good(text);
        let printed = print(&scenario);
        assert_eq!(good(&printed), scenario);
        assert_eq!(print(&good(&printed)), printed);
    }
}

#[test]
fn direct_io_says_which_kind_of_file_it_is_of() {
    let cells = [
        "read(O_DIRECT, buf[0], 1)",
        "read(O_DIRECT, block, buf[0], 1)",
        "read(O_DIRECT, nfs, buf[0], 1)",
        "write(O_DIRECT, 9p, buf[1])",
        "h = extract_pages(fuse, buf)",
        "h = extract_pages(fuse, buf, FOLL_WRITE)",
        "p = fuse_dev_splice_read(h)",
    ];
    let read = |file| Call::DirectRead { file, va: 0, word: 0, value: Arg::Number(1) };
    let extract = |write| Call::ExtractPages { file: FileKind::Fuse, va: 0, write };
    let [first, second, third, fourth, fifth, sixth, seventh] = column(&cells)[..] else {
        panic!("seven calls")
    };
    assert_eq!([first, second, third], [FileKind::Block, FileKind::Block, FileKind::Nfs].map(read));
    assert_eq!(fourth, Call::DirectWrite { file: FileKind::NineP, va: 0, word: 1 });
    assert_eq!([fifth, sixth], [false, true].map(extract));
    assert!(matches!(seventh, Call::FuseSplice { .. }));
}

/// The text around the diagram, printed for one variant alone, belongs to a scenario with no other variant.
#[test]
fn a_variant_stands_alone() {
    let text = "race r\nmm A { buf: anon; lib: $kind warm }\nenv tlb_evict, lru_drain\nvariant get { $grab = get; $kind = anon }\n\
                variant pin { $grab = pin;\n  $kind = zero }\n\nt @A\n==========\nh = $grab(buf)\nr = buf[0]\n\n\
                window $grab < t.buf[0]\nalways r == 0\nexpect variant get: v5.9 holds;\n  else unknown\n\
                expect variant pin arch arm64: v5.9 leak\nexpect else holds\n";
    let scenario = good(text);
    let alone = |name| {
        let variant = scenario.variant(Some(name)).unwrap();
        (scenario.header_of(variant), scenario.footer_of(variant))
    };
    let (header, footer) = alone("pin");
    assert_eq!(header, "race r\nmm A { buf: anon; lib: zero warm }\nenv tlb_evict\nvariant pin { }\n\n");
    assert_eq!(
        footer,
        "window pin < t.buf[0]\nalways r == 0\nexpect variant pin arch arm64: v5.9 leak\nexpect else holds\n"
    );
    let (header, footer) = alone("get");
    let whole = format!("{header}t @A\n==========\nh = get(buf)\nr = buf[0]\n\n{footer}");
    let again = good(&whole);
    assert_eq!(again.variants()[0].world().areas[1].warm, [0]);
    let era = Era::preset("v5.9").unwrap();
    let says = |scenario: &Scenario, name| {
        scenario.expectation(&era, scenario.variant(name).unwrap()).map(|e| e.to_string())
    };
    assert_eq!(says(&again, Some("get")), says(&scenario, Some("get")));
}
