//! The example of a hook for a kernel tree: a patch is judged, or it is said that it is not.

use std::fs;
use std::path::Path;
use std::process::Command;

use cowrace_testkit::repository;

/// `mm/memory.c` in which some functions have a body like this.
fn file(of_do_wp_page: &str, of_other: &str) -> String {
    format!(
        "static vm_fault_t do_wp_page(struct vm_fault *vmf)\n{{\n\tif (reuse)\n\t\treturn {of_do_wp_page};\n\treturn 0;\n}}\n\n\
         int access_remote_vm(struct mm_struct *mm)\n{{\n\tint i;\n\n\ti = 1;\n\ti = 2;\n\treturn {of_other};\n}}\n"
    )
}

fn git(tree: &Path, args: &[&str]) {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"];
    let done = Command::new("git").args(identity).args(args).current_dir(tree).output().expect("git");
    assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// The exit code and the output of the hook for the last commit.
fn judged(tree: &Path) -> (i32, String) {
    let done = Command::new("python3")
        .arg(repository("examples/kernel-tree/judge-patch"))
        .env("COWRACE", env!("CARGO_BIN_EXE_cowrace"))
        .env("COWRACE_ERA", "v6.15")
        .env("COWRACE_SCENARIOS", repository("scenarios/small"))
        .current_dir(tree)
        .output()
        .expect("Python");
    let text = [done.stdout, done.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    (done.status.code().expect("an exit code"), text)
}

#[test]
fn a_patch_is_judged_by_what_models_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let tree = directory.path();
    git(tree, &["init", "--quiet"]);
    fs::create_dir(tree.join("mm")).expect("it can be made");
    let commit = |of_do_wp_page: &str, of_other: &str, message: &str| {
        fs::write(tree.join("mm/memory.c"), file(of_do_wp_page, of_other)).expect("it can be written");
        git(tree, &["add", "--all"]);
        git(tree, &["commit", "--quiet", "--message", message]);
        judged(tree)
    };
    let (code, told) = commit("0", "0", "mm: begin");
    assert!(code == 12 && told.contains("touches `do_wp_page` (mm/memory.c); not judged"), "{told}");
    let (code, told) = commit("0", "1", "mm: something else");
    assert_eq!((code, told.as_str()), (0, "touches no function that the model follows\n"));
    let (code, told) = commit("1", "1", "mm: reuse by mapcount\n\nCowrace: --set wp_reuse=mapcount");
    assert!(code == 10 && told.contains("modelled by `--set wp_reuse=mapcount`"), "{code} {told}");
    assert!(told.contains("against v6.15: ") && told.contains(" broken"), "{told}");
    let (code, told) = commit("2", "1", "mm: nothing new\n\nCowrace: --set wp_reuse=nonsense");
    assert!(code == 2 && told.contains("nonsense"), "{code} {told}");
}
