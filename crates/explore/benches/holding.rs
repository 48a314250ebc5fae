//! Programs without a violation, for comparisons of whole searches.

/// Scenario and era: the largest searches of the corpus among those that hold.
pub(crate) const SEARCHES: &[(&str, &str)] = &[
    ("odirect-clear-refs-lost-read", "v6.12"),
    ("swapout-vs-pinfast", "v6.12"),
    ("stale-tlb-equals-pin:tlb", "v5.18"),
    ("odirect-swapout-lost-read:store_only", "v5.10"),
    ("swapin-aba-page-lock", "v6.12"),
];

/// Written for this benchmark, for v6.12: larger than anything in the corpus.
pub(crate) const LARGER: &str = "race around-one-page
mm A { buf: anon }

thread0 @A                 thread1 @A   other process  forker @A
=========================  ===========  =============  ==========
read(O_DIRECT, buf[0], 1)  buf[1] = 2   clear_refs(A)  B = fork()
r = buf[0]

always r == 1 else lost-read
";
