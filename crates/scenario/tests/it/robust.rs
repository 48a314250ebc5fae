//! No input makes the reader panic or hang, and every error points into the text.

use std::fs;
use std::time::{Duration, Instant};

use cowrace_scenario::{Diagnostic, load, parse};
use cowrace_testkit::properties::scenario as properties;
use proptest::prelude::*;

const FILES: [&str; 2] = [include_str!("../files/odirect.race"), include_str!("../files/everything.race")];

fn errors(text: &str) -> Vec<Diagnostic> {
    properties::reads(text);
    parse(text).err().unwrap_or_default()
}

/// Pieces that mean something to the language, and some that do not.
fn piece() -> impl Strategy<Value = String> {
    let words = [
        "race r",
        "mm A { a: anon }",
        "title \"",
        "env reclaim<=1",
        "variant v { $x = get }",
        "$x",
        "  ",
        "\t",
        "\n",
        "====",
        "===  ===",
        "=== all ===",
        "t @A",
        "a[0] = 1",
        "{",
        "}",
        "x = a[0]",
        "C = fork()",
        "gup",
        "#",
        "\"",
        "always x == 1",
        "never",
        "&&",
        "((",
        "!",
        "promise coherent(x)",
        "window gup < a[0]",
        "expect v5.9..",
        "else holds",
        ";",
        "ü",
        "\u{301}",
        "\r\n",
        "c @C",
        "wait C",
        "=",
        "<",
        ".",
        "@",
        "read(O_DIRECT, a[0], 1)",
        "4294967296",
        "\u{feff}",
        "-",
        ",",
        ":",
        "----",
        "> ",
        "[a remark",
        "<a remark>",
        "// ",
        "/* ",
        "==> f()",
        "...",
        "(or thread 3)",
        "12  ",
        "This is a sentence of a mail.",
        "\u{200b}",
    ];
    prop_oneof![prop::sample::select(words.to_vec()).prop_map(str::to_owned), ".{0,6}"]
}

proptest! {
    #![proptest_config(cowrace_testkit::cases(2000))]

    #[test]
    fn any_text(text in "(.|\n|\t){0,200}") {
        errors(&text);
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        errors(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_pieces(pieces in prop::collection::vec(piece(), 0..40)) {
        errors(&pieces.concat());
    }

    #[test]
    fn any_pieces_in_a_frame(rows in prop::collection::vec(piece(), 0..20), footer in prop::collection::vec(piece(), 0..10)) {
        let text = format!("race r\nmm A {{ a: anon }}\n\nt @A      c @C\n========  ========\n{}\n{}\n", rows.concat(), footer.concat());
        errors(&text);
    }

    #[test]
    fn files_with_mistakes(
        file in 0..FILES.len(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..3_u8, piece()), 1..6),
    ) {
        let mut text = FILES[file].to_owned();
        for (at, kind, with) in edits {
            let places: Vec<usize> = text.char_indices().map(|(i, _)| i).collect();
            if places.is_empty() {
                break;
            }
            let start = places[at.index(places.len())];
            let end = text[start..].chars().next().map_or(start, |c| start + c.len_utf8());
            match kind {
                0 => text.replace_range(start..end, ""),
                1 => text.replace_range(start..end, &with),
                _ => text.insert_str(start, &with),
            }
        }
        errors(&text);
    }

    /// A missing line is the most usual mistake.
    #[test]
    fn files_without_a_line(file in 0..FILES.len(), line in any::<prop::sample::Index>()) {
        let mut lines: Vec<&str> = FILES[file].lines().collect();
        lines.remove(line.index(lines.len()));
        errors(&lines.join("\n"));
    }
}

proptest! {
    #![proptest_config(cowrace_testkit::cases(200))]

    #[test]
    fn any_bytes_on_disk(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("any.race");
        fs::write(&path, &bytes).expect("a file");
        match load(&[path]) {
            Ok(sources) => prop_assert_eq!(sources[0].text.as_bytes(), &bytes),
            Err(error) => prop_assert!(error.to_string().contains("any.race")),
        }
    }
}

/// Large files that are built to be slow.
#[test]
fn large_files_fail_fast() {
    const SIZE: usize = 1 << 18;
    let frame = |rows: &str, footer: &str| {
        format!(
            "race r\nmm A {{ a: anon }}\n\nt @A                            u @A\n==============================  ========\n{rows}\n{footer}\n"
        )
    };
    let many = |text: &str| text.repeat(SIZE / text.len());
    let numbered = |make: &dyn Fn(usize) -> String| (0..SIZE / 12).map(make).collect::<String>();
    let columns = format!("race r\n\n{}\n{}\n", "ab   ".repeat(25_000), "===  ".repeat(25_000));
    let texts = [
        columns,
        format!("race r\n\n{}\n===\n", many("word ")),
        format!("race r\nmm A {{ {} }}\n\nt @A\n====\n", numbered(&|i| format!("a{i}: anon; "))),
        format!("race r\nmm A {{ a: anon {} }}\n\nt @A\n====\n", many("warm ")),
        format!("race r\nvariant v {{ {} }}\n\nt\n====\n", numbered(&|i| format!("$w{i} = get; "))),
        numbered(&|i| format!("variant v{i} {{ }}\n")),
        many("title \"\n"),
        many("  x\n"),
        many("}"),
        frame(&many("x = buff[0]\n"), ""),
        frame(&many("a[0] = 1\n"), ""),
        frame(&many("                                a[0] = 1\n"), ""),
        frame(&numbered(&|i| format!("v{i} = a[0]\n")), ""),
        frame(&many("=== all ===\n"), ""),
        frame(&many("// a  "), ""),
        frame(&many("[a] "), ""),
        frame(&format!("// {}", many("a[0] ")), ""),
        frame(&format!("=== {} ===", many("u ")), ""),
        frame(&format!("munmap({})", many("a,")), ""),
        frame(&format!("{} = 1", many("x")), "always y == 1"),
        frame("x = a[0]", &format!("always {}x == 1", many("("))),
        frame("x = a[0]", &format!("always {}x == 1", many("!"))),
        frame("x = a[0]", &format!("always {}x == 1", many("x == 1 && "))),
        frame("x = a[0]", &many("always x == 1\n")),
        frame("x = get(a)", &many("promise coherent(x)\n")),
        frame("x = get(a)", &format!("promise coherent(x{})", many(".x"))),
        frame("x = get(a)", &format!("promise coherent{}", many("("))),
        frame("x = a[0]", &format!("window {}x", many("x < "))),
        frame("x = a[0]", &format!("window x{} < x", many(".x"))),
        frame("x = a[0]", &many("window x < x\n")),
        frame("x = a[0]", &format!("expect {}v5.9 holds", many("v5.9, "))),
        frame("x = a[0]", &format!("expect {}", many("v5.9 holds;"))),
        frame("x = a[0]", &format!("expect v5.9 {} holds", many("without 57efa1fe5957 "))),
        frame("x = a[0]", &format!("expect {}", many("v9 holds;"))),
        many("\t"),
        many("="),
    ];
    for text in texts {
        let start = Instant::now();
        let _ = errors(&text);
        let took = start.elapsed();
        // Each takes at most a few seconds without optimization; a quadratic algorithm takes many minutes.
        assert!(
            took < Duration::from_secs(60),
            "{took:?} for {}...",
            text.chars().take(120).collect::<String>()
        );
    }
}

#[test]
fn variants_cannot_blow_up() {
    let long = "a, ".repeat(1000);
    let uses = "$x, ".repeat(1000);
    let text =
        format!("race r\nmm A {{ a: anon }}\nvariant v {{ $x = {long}a }}\n\nt @A\n====\nmunmap({uses}a)\n");
    assert_eq!(errors(&text)[0].message, "this is too long after its words are replaced");
}
