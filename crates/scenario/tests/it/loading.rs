//! Files from disk.

use std::fs;
use std::path::{Path, PathBuf};

use cowrace_scenario::{LoadError, MAX_BYTES, load};

fn write(directory: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = directory.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn directories_are_searched_and_sorted() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), "c.race", b"c");
    write(directory.path(), "b.race", b"b");
    write(directory.path(), "a/z.race", b"z");
    write(directory.path(), "a/notes.txt", b"no");
    let sources = load(&[directory.path().to_owned()]).unwrap();
    let texts: Vec<_> = sources.iter().map(|s| s.text.as_str()).collect();
    assert_eq!(texts, ["b", "c", "z"], "what lies deeper comes later");
}

#[test]
fn a_file_is_taken_whatever_its_name() {
    let directory = tempfile::tempdir().unwrap();
    let path = write(directory.path(), "diagram.txt", b"x");
    assert_eq!(load(std::slice::from_ref(&path)).unwrap()[0].path, path);
}

#[test]
fn a_directory_without_scenarios_is_no_success() {
    let directory = tempfile::tempdir().unwrap();
    let error = load(&[directory.path().to_owned()]).unwrap_err();
    assert!(matches!(error, LoadError::NoScenarios(_)));
    assert!(error.to_string().starts_with("there is no file with the suffix `.race` in "));
}

#[test]
fn what_cannot_be_read() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing.race");
    assert!(matches!(load(&[missing]), Err(LoadError::Unreadable { .. })));
    let nul = write(directory.path(), "nul.race", b"race\0");
    assert!(matches!(load(&[nul]), Err(LoadError::Binary { .. })));
    let latin = write(directory.path(), "latin.race", b"race \xe4");
    assert!(matches!(load(&[latin]), Err(LoadError::Binary { .. })));
    let large = write(directory.path(), "large.race", &vec![b'#'; MAX_BYTES + 1]);
    assert!(matches!(load(&[large]), Err(LoadError::TooLarge(_))));
    let full = write(directory.path(), "full.race", &vec![b'#'; MAX_BYTES]);
    assert!(load(&[full]).is_ok());
}

#[cfg(unix)]
#[test]
fn links_to_directories_do_not_go_round() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), "a.race", b"a");
    std::os::unix::fs::symlink(directory.path(), directory.path().join("again")).unwrap();
    assert_eq!(load(&[directory.path().to_owned()]).unwrap().len(), 1);
}
