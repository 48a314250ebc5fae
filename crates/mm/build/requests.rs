// Finds the lines of the model that make requests. Reads Rust as far as the model uses it.

/// A function and the lines in it that make requests.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) lines: Vec<usize>,
}

/// A function that is open, how deep its body lies, and the frames that it enters, if they are said there.
struct Open<'t> {
    name: &'t str,
    depth: usize,
    frames: Vec<Option<&'t str>>,
    lines: Vec<usize>,
}

/// The functions of a file that make requests themselves, by the kernel function that they enter, else by their own
/// names. A request is an awaited method of `cpu`; it comes from the line of the method's name. What is made for nobody
/// but those who look on is none.
pub(crate) fn functions(text: &str) -> Vec<Function> {
    let code = blank(text);
    let (mut open, mut depth, mut done): (Vec<Open<'_>>, _, _) = (Vec::new(), 0, Vec::new());
    let mut declared = None;
    for (at, byte) in code.bytes().enumerate() {
        let rest = &code[at..];
        match byte {
            b'{' => {
                depth += 1;
                let named =
                    declared.take().map(|name| Open { name, depth, frames: Vec::new(), lines: Vec::new() });
                open.extend(named);
            }
            b'}' => {
                if let Some(Open { name, frames, mut lines, .. }) = open.pop_if(|open| open.depth == depth)
                    && !lines.is_empty()
                {
                    lines.sort_unstable();
                    lines.dedup();
                    let name = if let [Some(frame)] = frames[..] { frame } else { name };
                    done.push(Function { name: name.to_owned(), lines });
                }
                depth -= 1;
            }
            // A declaration without a body.
            b';' => declared = None,
            b'f' if rest.starts_with("fn ") && !code[..at].ends_with(is_word) => {
                declared = Some(word(&text[at + 3..])).filter(|name| !name.is_empty());
            }
            b'c' if rest.starts_with("cpu.frame(") => {
                let name = text[at..].strip_prefix("cpu.frame(\"").map(word);
                open.last_mut().into_iter().for_each(|open| open.frames.push(name));
            }
            b'.' if rest.starts_with(".await") => {
                let line = request(&code[..at]).map(|from| 1 + code[..from].matches('\n').count());
                open.last_mut().into_iter().for_each(|open| open.lines.extend(line));
            }
            _ => {}
        }
    }
    done
}

/// Where the method's name begins if a chain of calls begins at a method of `cpu`.
fn request(chain: &str) -> Option<usize> {
    let callee = chain.trim_end().strip_suffix(')')?;
    let mut deep = 1;
    let from = callee.rfind(|c| {
        deep += i32::from(c == ')') - i32::from(c == '(');
        deep == 0
    })?;
    if callee[from..].trim_end_matches([',', ' ', '\n']).ends_with("Prim::Ghost") {
        return None;
    }
    let method = callee[..from].trim_end();
    let receiver = method.trim_end_matches(is_word);
    let object = receiver.strip_suffix('.')?.trim_end();
    match object.strip_suffix("cpu") {
        Some(before) if !before.ends_with(is_word) => Some(receiver.len()),
        _ => request(object),
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn word(text: &str) -> &str {
    text.split(|c| !is_word(c)).next().unwrap_or_default()
}

/// The text with spaces for comments and for what is in quotes, but for the first of them; as long as before.
fn blank(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (kept, len) = match first {
            '/' if rest.starts_with("//") => (0, rest.find('\n').unwrap_or(rest.len())),
            // A lifetime has no second quote behind it.
            '"' => (1, quoted(rest)),
            '\'' if rest.starts_with("'\\") || rest.chars().nth(2) == Some('\'') => (1, quoted(rest)),
            first => (first.len_utf8(), first.len_utf8()),
        };
        out.push_str(&rest[..kept]);
        let space = |c: char| if c == '\n' { "\n".to_owned() } else { " ".repeat(c.len_utf8()) };
        out.extend(rest[kept..len].chars().map(space));
        rest = &rest[len..];
    }
    out
}

/// How long a string or character is, with its quotes.
fn quoted(text: &str) -> usize {
    let (quote, mut escaped) = (text.chars().next(), false);
    let end = text[1..].find(|c| {
        let ends = Some(c) == quote && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}
