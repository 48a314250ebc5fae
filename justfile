# The daily commands. `just` alone lists them.

default:
    @just --list

# Check every scenario under every era.
check *ARGS:
    cargo run --release --quiet -- check scenarios {{ARGS}}

# The small scenarios by explore, loom and shuttle, compared.
engines *ARGS:
    cargo run --release --quiet -- check --engine all scenarios/small {{ARGS}}

# Run all tests.
test *ARGS:
    cargo nextest run --workspace {{ARGS}}
    cargo test --workspace --doc --quiet

# The tests that take less than a minute: most of them, and the corpus under v6.12 (needs cargo-nextest).
quick *ARGS:
    cargo nextest run --workspace --profile quick {{ARGS}}

# Formatting, lints and documentation, as CI wants them.
lint:
    cargo fmt --all --check
    cargo fmt --manifest-path fuzz/Cargo.toml --check
    cargo fmt --manifest-path peers/Cargo.toml --check
    cargo clippy --workspace --all-targets -- --deny warnings
    RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --all-features --no-deps

# Format everything.
fmt:
    cargo fmt --all
    cargo fmt --manifest-path fuzz/Cargo.toml
    cargo fmt --manifest-path peers/Cargo.toml

# Review changed snapshots of printed text (needs cargo-insta).
review:
    cargo insta review

# Benchmarks of the search.
bench *ARGS:
    cargo bench --package cowrace-explore --bench search {{ARGS}}

# One thread against two, executions a second, the share before the first violation.
bench-figures:
    cargo bench --package cowrace-explore --bench figures

# What searches were expected to come to, against what they came to.
bench-estimates:
    cargo bench --package cowrace-explore --bench estimates

# What ten million executions need of memory (a few minutes).
bench-memory:
    cargo bench --package cowrace-explore --bench memory

# The search that merges states against the one that does not, and against general state caching (ten minutes).
bench-merging *ARGS:
    cargo bench --package cowrace-explore --bench merging -- {{ARGS}}

# What hunts for scenarios of up to three calls cost under four kernels, by one thread (fifteen minutes).
bench-hunt *ARGS:
    cargo bench --package cowrace-hunt --bench hunt -- {{ARGS}}

# Reproducers of what was found, without a warning; they are not run.
reproducers:
    cc -O2 -Wall -Wextra -Werror -fsyntax-only reproducers/*.c

# Other checkers beside ours on one problem (SPIN needs spin and gcc); --scenarios: stateright on real scenarios.
peers *ARGS:
    cargo run --release --quiet --manifest-path peers/Cargo.toml -- {{ARGS}}

# Fuzz a target: scenario, schedule, replay, run or era (needs nightly and cargo-fuzz).
fuzz TARGET *ARGS:
    fuzz/run {{TARGET}} {{ARGS}}

# Pages in Chromium: whether they step, show what is true, and are accessible (needs Playwright for Python, and npm).
browser *ARGS:
    cargo build --release --quiet
    .ci/browser --whole target/release/cowrace {{ARGS}}

# The programs of `cowrace reproduce` on Debian's kernel under QEMU, beside the model (needs Debian, QEMU and a C compiler).
debian-kernel *ARGS:
    cargo build --release --quiet
    .ci/debian-kernel target/release/cowrace {{ARGS}}

# A job array on a cluster of two nodes on this machine, whose tasks are killed (needs root, slurm-wlm and munge).
slurm:
    cargo build --release --quiet
    .ci/slurm target/release/cowrace

# Mutants of the engine, each of which a test must kill (ten minutes; needs Python 3.11 or later).
mutants *ARGS:
    .ci/mutants {{ARGS}}

# What takes long, each for so many minutes: the corpus's large searches six at once; random scenarios, with other names
# and orders, and printed and read back. Then what takes the other engines minutes, the gallery, the page for patches, and mutants.
nightly MINUTES="30":
    COWRACE_SECONDS=$(({{MINUTES}} * 60)) cargo test --workspace --test it at_length -- --ignored --nocapture
    cargo test --package cowrace-cli --test corpus engines:: -- --ignored
    cargo build --release --quiet
    .ci/slurm target/release/cowrace
    .ci/debian-kernel target/release/cowrace
    cargo xtask gallery --check
    .ci/try-your-patch
    .ci/mutants

# Random scenarios six at once with several jobs, for so many minutes, against one job.
soak MINUTES="60":
    COWRACE_SECONDS=$(({{MINUTES}} * 60)) cargo test --workspace --test it stress::soak -- --ignored --nocapture

# The book in book/, from docs/ (needs mdbook).
book:
    mdbook build docs

# Dependencies: advisories, licences, sources (needs cargo-deny).
deny:
    cargo deny check

# Exactly what CI runs.
ci:
    .ci/run
