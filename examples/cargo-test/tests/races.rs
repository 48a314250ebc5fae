//! Every scenario of `races/`, under every kernel, with the expectations of the files.

fn main() -> std::process::ExitCode {
    cowrace_harness::main("races/")
}
