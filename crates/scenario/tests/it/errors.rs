//! What the errors look like.

use cowrace_scenario::parse;

/// A valid file around a diagram with errors, and footers.
fn file(cells: &str, footer: &str) -> String {
    format!(
        "race r\nmm A {{ buf: anon; lib: file }}\nmm B {{ other: anon }}\n\n\
         thread0 @A                      thread1 @A          other process\n\
         ==============================  ==================  ==============\n{cells}\n{footer}\n"
    )
}

#[test]
fn the_frame_is_right() {
    assert_eq!(crate::common::good(&file("r = buf[0]", "")).columns().len(), 3);
}

fn errors(text: &str) -> String {
    match parse(text) {
        Ok(_) => panic!("nothing is wrong with\n{text}"),
        Err(errors) => crate::common::show(text, &errors),
    }
}

macro_rules! cells {
    ($($name:ident: $cells:expr;)*) => { $(
        #[test]
        fn $name() { insta::assert_snapshot!(errors(&file($cells, ""))); }
    )* };
}

macro_rules! footers {
    ($($name:ident: $footer:expr;)*) => { $(
        #[test]
        fn $name() { insta::assert_snapshot!(errors(&file("r = buf[0]\n                                h = pin(buf)", $footer))); }
    )* };
}

macro_rules! files {
    ($($name:ident: $text:expr;)*) => { $(
        #[test]
        fn $name() { insta::assert_snapshot!(errors($text)); }
    )* };
}

cells! {
    unknown_call: "clear_ref(A)";
    unknown_call_that_takes_a_handle: "h = pin_user_page(buf)\ndma_write(h[0], 1)\nunpin_user_page(h)";
    nothing_but_remarks: "==> clear_refs()                [UFFDIO_MOVE]";
    unknown_word: "alwyas";
    keyword_misspelled: "alwyas r == 1";
    wrong_arity: "read(O_DIRECT, buf[0])";
    unknown_area: "x = bud[0]";
    area_of_another_mm: "x = other[0]";
    word_out_of_range: "x = buf[2]";
    word_missing: "x = A.buf";
    number_too_large: "buf[0] = 4294967296";
    whole_page: "munmap(buf[0])";
    no_mm: "                                                    buf[0] = 1";
    longterm_get: "get_fast(buf,FOLL_LONGTERM)";
    unknown_flag: "get_fast(buf, FOLL_WRIT)";
    direct_io_flag: "extract_pages(buf, FOLL_FORCE)";
    fast_of_another_mm: "pin_fast(B.other)";
    no_result: "x = munmap(buf)";
    unset_variable: "buf[0] = x            \n                                y = buf[0]";
    no_handle: "x = buf[0]\nput_page(x)";
    handle_as_number: "h = pin_fast(buf)\nbuf[0] = h";
    assignment_to_mm: "A = buf[0]";
    assignment_to_area: "buf = 1";
    fork_unnamed: "fork()";
    fork_twice: "C = fork()                      C = fork()";
    named_before_its_fork: "clear_refs(C)\nx = soft_dirty(C.buf)\nC = fork()";
    after_exit: "exit()\nbuf[0] = 1";
    wait_for_own: "wait A";
    wait_for_mm_without_columns: "wait B";
    crosses: "                    s = read(O_DIRECT, buf[0], 1234) {\n  gup\n}";
    crosses_a_cell: "s = get_fast(buf, FOLL_FORCE|FOLL_WRITE)  wait s";
    crosses_at_a_blank: "get_fast(buf, FOLL_FORCE,       FOLL_WRITE)";
    two_cells_in_a_column: "buf[0] = 1  buf[1] = 1";
    comment_between: "buf[0] = 1                     # no";
    unclosed: "recvmsg(buf[0], 1) {\n  gup";
    closes_nothing: "}";
    call_in_call: "recvmsg(buf[0], 1) {\n  clear_refs(A)\n  buf[0] = 1\n}";
    unknown_step: "recvmsg(buf[0], 1) {\n  wp_copy_page\n}";
    bad_nth: "recvmsg(buf[0], 1) {\n  gup #0\n}";
    barrier_unmet: "recvmsg(buf[0], 1) {\n=== all ===\n}";
    barrier_of_one_column: "=== all ===\n=== thread0 ===\n=== thread0 thread9 ===\n======\n=== all thread0 ===";
    undefined_word: "h = $grab(buf)";
    strange_character: "buf[0] = 1;";
    brace_in_cell: "recvmsg(buf[0], 1) { gup }";
    store_of_memory: "buf[0] = buf[1]\nbuf[0] = get(buf)";
    advice: "madvise(buf, MADV_DONTNED)\nmprotect(buf, PROT_WRITE)";
    uffd: "UFFDIO_WRITEPROTECT(A.buf, 1)";
    released_as_another: "h = pin(buf)\nput_page(h)\ng = get(buf)\nunpin_user_page(g)";
    written_though_taken_to_read: "h = get_fast(buf)\ndma_write(h[0], 1)\np = vmsplice(buf)\ndma_write(p[0], 1)";
    kind_of_file: "read(O_DIRECT, nsf, buf[0], 1)\nwrite(O_DIRECT, ext4, buf[0])\nh = extract_pages(nfs, buf, FOLL_WRITE, 1)";
    remark_unclosed: "[not closed";
    operation_in_a_remark: "// what the second will read is buf[0] = 1\n[why] buf[0] = 3\n==> what the other process does and what clear_refs(A)";
    no_mm_twice: "                                                    buf[0] = 1\n                                                    x = buf[0]";
}

footers! {
    predicate_unknown_name: "always s == 1";
    predicate_area: "always buf[0] == 1\nnever buf == 1";
    predicate_single_equals: "always r = 1";
    predicate_half: "always r == 1 &&\nalways (r == 1\nalways r";
    predicate_class: "always r == 1 else lost-reed";
    predicate_call: "always pin(A) == 1";
    window_no_match: "window gup < claer_refs\nwindow gup < clear_refs";
    window_one_point: "window gup";
    window_step: "window gup < thread1.pin.wp_copy_page";
    window_column: "window gup < thread2.h";
    window_needs_call: "window gup < page_count";
    window_step_of_another_call: "window gup < r.try_to_unmap";
    promise_nothing: "promise\npromise coherent\npromise coherent()\npromise (h)\npromise coherent(h) else lost-read";
    promise_word: "promise coherant(h)\npromise exclusive(h)";
    promise_no_match: "promise coherent(pin_user_page)\npromise coherent(buf)\npromise coherent(thread2.h)";
    promise_takes_hold_of_nothing: "promise coherent(r)\npromise coherent(thread0.buf[0])";
    promise_step: "promise coherent(gup)\npromise coherent(thread1.pin.page_count)";
    promise_misspelled: "always r == 1\npromis coherent(h)";
    expect_era: "expect v5.99 holds";
    expect_outcome: "expect v5.9 lost-raed";
    expect_order: "expect lost-read v5.9";
    expect_range: "expect v5.18..v5.9 holds\nexpect v5.10.y.. holds";
    expect_toggles: "expect v5.9 with 09854ba94c6b holds; v5.9 set wp_reuse=mapwsap holds; v5.9 set wp_resue=count holds";
    expect_variant: "expect variant pin: holds";
    expect_else_twice: "expect else holds\nexpect else vacuous";
    expect_contradicts: "expect v5.9..v5.18 leak; v5.10 holds; else unknown\nexpect v5.7 leak\nexpect ..v5.8 lost-read\nexpect v5.7 violated";
    expect_arch: "expect arch arm63: v5.9 leak\nexpect arch arm64 v5.9 leak\nexpect variant\nexpect arch: holds\nexpect arch x86 variant a: holds";
    footer_keyword: "always r == 1\nexpct else holds\nmm C { }";
}

#[test]
fn window_is_ambiguous() {
    let cells = "recvmsg(buf[0], 1)\n                                recvmsg(buf[1], 2)\nbuf[1] = 1                      buf[1] = 1";
    let footer = "window gup < dma\nwindow recvmsg < buf[1]\nwindow recvmsg#3 < buf[1]#2";
    insta::assert_snapshot!(errors(&file(cells, footer)));
}

#[test]
fn promise_is_ambiguous() {
    let cells = "recvmsg(buf[0], 1)              recvmsg(buf[1], 2)  clear_refs(A)\nC = fork()";
    let footer = "promise coherent(recvmsg)\npromise coherent(recvmsg#3)\npromise coherent(clear_refs)\npromise coherent(C)";
    insta::assert_snapshot!(errors(&file(cells, footer)));
}

/// An error under one variant is an error of the file.
#[test]
fn promise_of_a_variant() {
    let text = "race r\nmm A { buf: anon }\nvariant pin { $call = pin; $what = coherent }\nvariant refs { $call = pin; $what = cohere }\n\nt @A\n============\n$call(buf)\n\npromise $what($call)\npromise coherent($cal)\n";
    insta::assert_snapshot!(errors(text));
}

#[test]
fn too_many_promises() {
    let found = errors(&file("h = pin(buf)", &"promise coherent(h)\n".repeat(65)));
    assert!(found.starts_with("error: too many `promise` lines\n"), "{found}");
    crate::common::good(&file("h = pin(buf)", &"promise coherent(h)\n".repeat(64)));
}

files! {
    waited_for_before_its_fork: "race r\nmm A { buf: anon }\n\na @A        c @C\n==========  ==========\nwait C\nC = fork()\n            x = buf[0]\n";
    empty: "";
    no_race: "mm A { buf: anon }\n\na @A\n====\nbuf[0] = 1\n";
    no_columns: "race r\n\nmm A { buf: anon }\n";
    no_underline: "race r\nmm A { buf: anon }\n\na\n\nbuf[0] = 1\n\nalways 1 == 1\n";
    no_names: "race r\nmm A { buf: anon }\n\n====   ====\n";
    header_keyword: "race r\ntitel \"x\"\nalways 1 == 1\npromise coherent(a)\nexpect else holds\n\na\n===\nwait a\n";
    header_twice: "race r\nrace s\ntitle \"a\"\ntitle \"b\"\ntitle c\n\na\n===\nlru_add_drain_all()\n";
    subjects: "race r\nsubject soft_dirty\nsubject fork\nsubject pin\nsubject\n\na\n===\nlru_add_drain_all()\n";
    strings: "race r\nnote \"a\nfrom \"a\\b\"\nlink a b\ntitle \"a\" b\n\na\n===\nlru_add_drain_all()\n";
    columns: "race r\nmm A { buf: anon }\n\na @B  b  a  1x  c @A @A\n====  =  =  ==  =======\nlru_add_drain_all()\n";
    column_mm: "race r\nmm A { buf: anon }\n\na @B   b @C    all\n=====  ======  ===\n";
    column_unnamed: "race r\n\na     \n===  ===\n";
    column_unnamed_after_another_error: "race r\ntitel x\n\na     \n===  ===\n     lru_add_drain_all()\n";
    too_many_columns: "race r\n\na b c d e f g h i j k l m n o p q\n=== === === === === === === === === === === === === === === === ===\n";
    between_columns: "race r\n\na                 b\n===               ===\n          lru_add_drain_all()\n";
    areas: "race r\nmm A {\n  a: swapped warm\n  b: zero lazyfree\n  c: anom\n  d anon\n  e: anon clean clean\n  f: none = 1, 1\n  g: anon hot\n  h: anon lru_batch\n  i: anon = 1\n}\n\na @A\n====\na[0] = 1\n";
    huge_pages: "race r\nmm A {\n  a: hugetlb adjacent\n  b: hugetlb uffd_wp\n  c: hugetlb lazyfree\n}\n\na @A\n====\na[0] = 1\n";
    soft_dirty_of_huge_pages: "race r\nmm A { a: hugetlb }\n\nt @A\n====\ns = soft_dirty(A.a)\n\nalways s == 1\n";
    behind_huge_pages: "race r\nmm A { a: hugetlb; b: anon adjacent }\n\na @A\n====\na[0] = 1\n";
    huge_pages_and_words_of_base_pages: "race r\nmm A {\n  a: hugetlb clean\n  b: hugetlb wp_unpopulated\n  c: hugetlb lru_batch(t)\n  d: hugetlb soft_clean\n  e: thp wp_unpopulated\n  f: thp_pte warm\n  g: thp_none soft_clean\n  h: thp read-only\n  i: thp_none = 1, 2\n}\n\nt @A\n====\na[0] = 1\n";
    a_handle_of_a_huge_page_without_its_word: "race r\nmm A { a: thp }\n\nt @A\n====\nh = pin_user_pages_fast(a[1])\nr = dma_read(h)\n\nalways r == 0\n";
    a_handle_of_either_page_of_a_huge_page: "race r\nmm A { a: thp }\n\nt @A\n====\nh = pin_user_pages_fast(a[1])\nh = pin_user_pages_fast(a[0])\nr = dma_read(h[0])\n\nalways r == 0\n";
    one_page_of_another_mm: "race r\nmm A { a: thp }\n\nt\n===\nspeculative_ref(A.a)\n";
    what_is_not_modelled_of_huge_pages: "race r\nmm A { a: thp; b: anon }\n\nt @A\n====\nkhugepaged(a)\nmadvise(b, MADV_HUGEPAGE)\n";
    window_of_a_call_of_the_environment: "race r\nmm A { a: thp }\nenv spec_ref\n\nt @A\n====\na[0] = 1\n\nwindow spec_ref.speculative_ref < t.a[0]\n";
    transparent_huge_pages: "race r\nmm A {\n  a: thp lazyfree\n  b: thp adjacent\n  c: thp lru_batch(t)\n  d: thp_none warm(t)\n  e: thp_none wrprotected\n}\n\nt @A\n====\na[0] = 1\n";
    behind_transparent_huge_pages: "race r\nmm A { a: thp; b: anon adjacent }\n\nt @A\n====\na[0] = 1\n";
    many_transparent_huge_pages: "race r\nmm A { a: thp; b: thp; c: thp; d: thp; e: thp; f: thp }\n\nt @A\n====\na[0] = 1\n";
    a_page_of_a_huge_page_without_its_number: "race r\nmm A { a: thp }\n\nt @A\n====\nh = pin_user_pages_fast(a)\nr = a\n\nalways r == 1\n";
    a_page_that_a_huge_page_does_not_have: "race r\nmm A { a: thp }\n\nt @A\n====\nh = pin_user_pages_fast(a[2])\nmunmap(a[2])\nr = a[7]\n\nalways r == 1\n";
    the_other_page_of_a_handle: "race r\nmm A { a: thp }\n\nt @A\n====\nh = pin_user_pages_fast(a[1])\ndma_write(h[0], 1)\nr = a[1]\n\nalways r == 1\n";
    area_columns: "race r\nmm A { a: anon warm(c) ; b: anon lru_batch(t) ; d: anon warm }\n\nt1                   k @B\n===================  ====\nlru_add_drain_all()\n";
    mms: "race r\nmm A { a: anon }\nmm A { b: anon }\nmm B = fork(C)\nmm C { a: anon }\nmm D\nmm E { x: anon\nmm 5 { }\n\nt @A\n====\na[0] = 1\n";
    env: "race r\nmm A { a: file }\nenv lru_drian, reclaim<=10\nenv tlb_evict, tlb_evict\nenv spec_ref\n\nt @A\n====\na[0] = 1\n";
    env_column: "race r\nmm A { a: anon }\nenv reclaim<=1\n\nkswapd\n======\nreclaim(A.a)\n";
    variants: "race r\nmm A { a: anon }\nvariant get { $grab = get; $drop = put_page }\nvariant pin { $grap = pin }\nvariant pin { grab = pin }\n\nt @A\n==========\nh = $grab(a)\n$drop(h)\n";
    words_unused: "race r\nmm A { a: $kind }\nvariant get { $grab = get; $kind = anon; $drop = put_page }\nvariant pin { $grab = pin; $kind = zer }\n\nt @A\n==========\nh = $grab(a)\n";
    words_not_written: "race r\nmm A { a: anon }\nvariant get { $grab = get; $grap = get }\n\nt @A\n==========\nh = $grab(a)\n";
    invisible: "race r\nmm A { a: anon }\n\nt @A\n====\na[0]\u{200b} = 1\nx = a[0]\u{200b}\n";
    too_many_areas: "race r\nmm A { a: anon; b: anon; c: anon; d: anon; e: anon; f: anon; g: anon; h: anon; i: anon; j: anon; k: anon; l: anon; m: anon; n: anon; o: anon; p: anon }\n\nt @A\n====\na[0] = 1\n";
    child_that_cannot_be_forked: "race r\nmm A { a: anon }\n\nt @A        c @C\n==========  ==========\na[0] = 1    C = fork()\n";
    fork_without_mm: "race r\nmm A { a: anon }\n\nt           c @C\n==========  ==========\nC = fork()  a[0] = 1\n";
}
