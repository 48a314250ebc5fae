//! Programs without a violation, for comparisons of whole searches.

/// Scenario and era: the largest searches of the corpus among those that hold.
pub(crate) const SEARCHES: &[(&str, &str)] = &[
    ("odirect-clear-refs-lost-read", "v6.12"),
    ("swapout-vs-pinfast", "v6.12"),
    ("stale-tlb-equals-pin:tlb", "v5.18"),
    ("odirect-swapout-lost-read:store_only", "v5.10"),
    ("swapin-aba-page-lock", "v6.12"),
];

/// Written for benchmarks: larger than anything in the corpus. Each with an era.
pub(crate) const LARGER: &[(&str, &str)] = &[
    (
        "race reclaim-beside-store
mm A { buf: anon }

reclaimer @A    writer @A
==============  ==========
reclaim(A.buf)  buf[0] = 1
",
        "v6.15",
    ),
    (AROUND_ONE_PAGE, "v6.12"),
];

pub(crate) const AROUND_ONE_PAGE: &str = "race around-one-page
mm A { buf: anon }

thread0 @A                 thread1 @A   other process  forker @A
=========================  ===========  =============  ==========
read(O_DIRECT, buf[0], 1)  buf[1] = 2   clear_refs(A)  B = fork()
r = buf[0]

always r == 1 else lost-read
";

/// Too large for a search that does not merge states.
pub(crate) const LARGEST: &[(&str, &str)] = &[
    (
        "race reclaim-store-pin
mm A { buf: anon }

reclaimer @A    writer @A   pinner @A
==============  ==========  =============================
reclaim(A.buf)  buf[0] = 1  p = pin_fast(buf, FOLL_WRITE)
",
        "v6.15",
    ),
    (
        "race fork-store-pin-store
mm A { buf: anon }

forker @A   writer @A   pinner @A                      child @B
==========  ==========  =============================  ==========
B = fork()  buf[0] = 1  p = pin_fast(buf, FOLL_WRITE)  buf[0] = 2
",
        "v6.12",
    ),
    (
        "race four-stores-on-swapped
mm A { buf: swapped }

a @A        b @A        c @A        d @A
==========  ==========  ==========  ==========
buf[0] = 1  buf[0] = 2  buf[0] = 3  buf[0] = 4
",
        "v6.12",
    ),
    (
        "race reclaim-store-pin-load
mm A { buf: anon }

reclaimer @A    writer @A   pinner @A                      reader @A
==============  ==========  =============================  ==========
reclaim(A.buf)  buf[0] = 1  p = pin_fast(buf, FOLL_WRITE)  r = buf[0]
",
        "v6.15",
    ),
];
