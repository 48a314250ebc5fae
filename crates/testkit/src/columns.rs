//! Reorders the columns of a file.

/// Blanks between columns.
const GAP: usize = 2;

/// The text of a scenario with its columns reversed: the diagram is laid out again, everything else stays as it is. The
/// text must be in the canonical form, in which every cell begins where the `=` of its column begin. `None` if there is
/// no diagram in it.
#[must_use]
pub fn reversed(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let ruler = lines.iter().position(|line| is_ruler(line))?;
    let starts = starts(lines[ruler]);
    let heading = ruler.checked_sub(1)?;
    let end = (ruler..lines.len()).find(|&at| lines[at].is_empty()).unwrap_or(lines.len());
    let rows: Vec<Vec<String>> = lines[heading..end].iter().map(|line| cells(line, &starts)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..starts.len()).map(width).collect();
    let row = |(line, cells): (&&str, &Vec<String>)| {
        if is_barrier(line) {
            return (*line).to_owned();
        }
        let cells = cells.iter().zip(&widths).rev();
        let row: String = cells.map(|(cell, width)| format!("{cell:width$}{}", " ".repeat(GAP))).collect();
        row.trim_end().to_owned()
    };
    let diagram = lines[heading..end].iter().zip(&rows).map(row);
    let rest = |lines: &[&str]| lines.iter().map(|&line| line.to_owned()).collect::<Vec<_>>();
    let all: Vec<String> =
        rest(&lines[..heading]).into_iter().chain(diagram).chain(rest(&lines[end..])).collect();
    Some(all.join("\n") + "\n")
}

fn is_ruler(line: &str) -> bool {
    line.starts_with("===") && line.chars().all(|char| matches!(char, '=' | ' '))
}

fn is_barrier(line: &str) -> bool {
    line.starts_with("=== ") && !is_ruler(line)
}

/// Where runs of `=` begin.
fn starts(ruler: &str) -> Vec<usize> {
    let chars: Vec<char> = ruler.chars().collect();
    (0..chars.len()).filter(|&at| chars[at] == '=' && (at == 0 || chars[at - 1] == ' ')).collect()
}

/// The cells of a row. A remark may run across the columns to its right; these have no cells then.
fn cells(line: &str, starts: &[usize]) -> Vec<String> {
    let chars: Vec<char> = line.chars().collect();
    let mut cells = vec![String::new(); starts.len()];
    for (column, &start) in starts.iter().enumerate() {
        let runs_on = start >= GAP && chars.get(start - GAP..start).is_some_and(|gap| gap != [' '; GAP]);
        if runs_on {
            break;
        }
        let ends = |&end: &usize| chars.get(end - GAP..end).is_none_or(|gap| gap == [' '; GAP]);
        let end = starts[column + 1..].iter().copied().find(ends).unwrap_or(chars.len()).min(chars.len());
        let cell: String = chars.get(start..end).unwrap_or_default().iter().collect();
        cells[column] = cell.trim_end().to_owned();
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::reversed;

    #[test]
    fn cells_and_remarks_keep_their_columns() {
        let text = "\
race r

a @A         b @A         c
===========  ===========  =============
buf[0] = 1 {
                          clear_refs(A)
  page_count  // a remark that runs on
=== all ===
}            x = buf[0]

expect unknown
";
        let expected = "\
race r

c              b @A         a @A
=============  ===========  ===========
                            buf[0] = 1 {
clear_refs(A)
                              page_count  // a remark that runs on
=== all ===
               x = buf[0]   }

expect unknown
";
        assert_eq!(reversed(text).expect("a diagram"), expected);
    }
}
