//! Columns that are closer together than their widest cells: where the next columns of a row are empty, a cell may
//! run over their place, as in diagrams drawn by hand.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use crate::lines::{GAP, Line, NARROWEST};

/// The width of a mail.
pub(crate) const MAIL: usize = 72;

/// The width of a tab.
const TAB: usize = 8;

/// Draws columns at most `limit` wide if possible, with cells over the place of empty cells only where necessary;
/// with `tabs`, columns begin at tab stops and are separated by tabs.
pub(crate) fn draw(heads: &[String], lines: &[Line], limit: usize, tabs: bool) -> String {
    let starts = starts(heads, lines, limit, tabs);
    let mut out = String::new();
    let head: Vec<(usize, &str)> = heads.iter().map(String::as_str).enumerate().collect();
    row(&mut out, &starts, &head, tabs);
    let rules: Vec<String> = (0..heads.len()).map(|c| "=".repeat(rule(heads, lines, &starts, c))).collect();
    let rules: Vec<(usize, &str)> = rules.iter().map(String::as_str).enumerate().collect();
    row(&mut out, &starts, &rules, tabs);
    for line in lines {
        match line {
            Line::Across(text) => {
                out.push_str(text);
                out.push('\n');
            }
            Line::Cells(cells) => {
                let cells: Vec<(usize, &str)> = cells.iter().map(|(c, text)| (*c, text.as_str())).collect();
                row(&mut out, &starts, &cells, tabs);
            }
        }
    }
    out
}

fn row(out: &mut String, starts: &[usize], cells: &[(usize, &str)], tabs: bool) {
    let mut at = 0;
    let mut line = String::new();
    for &(column, text) in cells {
        if tabs {
            while at < starts[column] {
                line.push('\t');
                at = (at / TAB + 1) * TAB;
            }
        }
        // Writing to a string cannot fail.
        let _ = write!(line, "{:pad$}{text}", "", pad = starts[column].saturating_sub(at));
        at = at.max(starts[column]) + text.width();
    }
    out.push_str(line.trim_end());
    out.push('\n');
}

/// The width of a column.
fn widest(heads: &[String], lines: &[Line], column: usize) -> usize {
    let cells = cells(lines).flatten().filter(|(c, _)| *c == column).map(|(_, text)| text.width());
    cells.max().unwrap_or(0).max(least(heads, column))
}

/// The smallest width of a column.
fn least(heads: &[String], column: usize) -> usize {
    heads[column].width().max(NARROWEST)
}

/// The length of the underline of a column: it ends before the next one begins.
fn rule(heads: &[String], lines: &[Line], starts: &[usize], column: usize) -> usize {
    let widest = widest(heads, lines, column);
    starts.get(column + 1).map_or(widest, |next| widest.min(next - starts[column] - GAP))
}

fn cells(lines: &[Line]) -> impl Iterator<Item = &Vec<(usize, String)>> {
    lines.iter().filter_map(|line| match line {
        Line::Cells(cells) => Some(cells),
        Line::Across(_) => None,
    })
}

/// Where columns start: as far apart as they are wide, unless the diagram would be too wide.
fn starts(heads: &[String], lines: &[Line], limit: usize, tabs: bool) -> Vec<usize> {
    let count = heads.len();
    let stop = |at: usize| if tabs { at.next_multiple_of(TAB) } else { at };
    let back = |at: usize| if tabs { at / TAB * TAB } else { at };
    let (mut natural, mut nearest) = (vec![0; count], vec![0; count]);
    for column in 1..count {
        natural[column] = stop(natural[column - 1] + widest(heads, lines, column - 1) + GAP);
        nearest[column] = stop(nearest[column - 1] + least(heads, column - 1) + GAP);
        for cells in cells(lines) {
            // Cells of one row must not touch.
            let Some(place) = cells.iter().position(|(c, _)| *c == column) else { continue };
            if let Some((before, text)) = place.checked_sub(1).map(|place| &cells[place]) {
                nearest[column] = nearest[column].max(stop(nearest[*before] + text.width() + GAP));
            }
        }
    }
    let mut starts = natural;
    for column in (1..count).rev() {
        let mut most = limit.saturating_sub(widest(heads, lines, column));
        if let Some(&next) = starts.get(column + 1) {
            most = most.min(next.saturating_sub(least(heads, column) + GAP));
        }
        for cells in cells(lines) {
            let Some(place) = cells.iter().position(|(c, _)| *c == column) else { continue };
            if let Some((next, _)) = cells.get(place + 1) {
                most = most.min(starts[*next].saturating_sub(cells[place].1.width() + GAP));
            }
        }
        starts[column] = starts[column].min(back(most)).max(nearest[column]);
    }
    // A cell that does not fit is as near as possible; the columns to its right move on.
    for column in 1..count {
        let mut least = stop(starts[column - 1] + least(heads, column - 1) + GAP);
        for cells in cells(lines) {
            let Some(place) = cells.iter().position(|(c, _)| *c == column) else { continue };
            if let Some((before, text)) = place.checked_sub(1).map(|place| &cells[place]) {
                least = least.max(stop(starts[*before] + text.width() + GAP));
            }
        }
        starts[column] = starts[column].max(least);
        // A word that begins where a column does would be taken for a cell of that column.
        let wanted = starts[column];
        while begins_at(lines, &starts, column) && starts[column] > least {
            starts[column] = back(starts[column] - 1);
        }
        if begins_at(lines, &starts, column) {
            starts[column] = wanted;
        }
        while begins_at(lines, &starts, column) {
            starts[column] = stop(starts[column] + 1);
        }
    }
    starts
}

/// Whether a cell of a column further left has a word that begins where this column starts. Within parentheses, and
/// where a call is opened, it cannot be mistaken for a cell.
fn begins_at(lines: &[Line], starts: &[usize], column: usize) -> bool {
    cells(lines).flatten().filter(|(c, _)| *c < column).any(|(c, text)| {
        let Some(into) = starts[column].checked_sub(starts[*c]).filter(|into| *into > 0) else {
            return false;
        };
        let (mut at, mut blank, mut deep) = (0, false, 0_i32);
        text.chars().any(|c| {
            let begins = at == into && blank && deep <= 0 && !matches!(c, ' ' | '{');
            blank = c == ' ';
            deep += i32::from(matches!(c, '(' | '[')) - i32::from(matches!(c, ')' | ']'));
            at += unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
            begins
        })
    })
}

#[cfg(test)]
mod tests {
    use crate::{Diagram, Row};

    fn diagram(columns: &[&str], rows: &[(usize, &str)]) -> Diagram {
        Diagram {
            columns: columns.iter().map(|&head| head.to_owned()).collect(),
            rows: rows.iter().map(|&(column, text)| Row::Cells(vec![(column, text.to_owned())])).collect(),
            ..Diagram::default()
        }
    }

    fn wide() -> Diagram {
        let rows = [
            (0, "h = pin_user_pages_fast(buf, FOLL_WRITE) {"),
            (1, "x = pin_user_pages_fast(buf, FOLL_LONGTERM)"),
            (0, "}"),
            (2, "UFFDIO_WRITEPROTECT(A.buf, WP)"),
        ];
        diagram(&["thread0 @A", "thread1 @A", "monitor"], &rows)
    }

    #[test]
    fn what_would_be_too_wide_for_a_mail_overlaps() {
        let text = wide().to_string();
        assert!(text.lines().all(|line| line.len() <= super::MAIL), "{text}");
        insta::assert_snapshot!(text, @r"
        thread0 @A                   thread1 @A   monitor
        ===========================  ===========  ==============================
        h = pin_user_pages_fast(buf, FOLL_WRITE) {
                                     x = pin_user_pages_fast(buf, FOLL_LONGTERM)
        }
                                                  UFFDIO_WRITEPROTECT(A.buf, WP)
        ");
    }

    #[test]
    fn tabs_set_columns_apart() {
        let text = Diagram { tabs: true, ..wide() }.to_string();
        insta::assert_snapshot!(text.replace('\t', "<tab>"), @r"
        thread0 @A<tab><tab>thread1 @A<tab>monitor
        ======================<tab>==============<tab>==============================
        h = pin_user_pages_fast(buf, FOLL_WRITE) {
        <tab><tab><tab>x = pin_user_pages_fast(buf, FOLL_LONGTERM)
        }
        <tab><tab><tab><tab><tab>UFFDIO_WRITEPROTECT(A.buf, WP)
        ");
        let narrow = diagram(&["a", "b"], &[(0, "buf[0] = 1"), (1, "clear_refs(A)")]);
        insta::assert_snapshot!(Diagram { tabs: true, ..narrow }.to_string().replace('\t', "<tab>"), @r"
        a<tab><tab>b
        ==========<tab>=============
        buf[0] = 1
        <tab><tab>clear_refs(A)
        ");
    }

    #[test]
    fn cells_of_one_row_do_not_touch() {
        let mut both = wide();
        both.rows.push(Row::Cells(vec![(0, "f".repeat(50)), (1, "g".repeat(50)), (2, "wait f".to_owned())]));
        let text = both.to_string();
        let last = text.lines().last().expect("a row");
        assert!(last.contains("ff  gg") && last.contains("gg  wait f"), "{last}");
    }

    /// Column 3 moves left, away from a word of column 1, but only as far as its neighbour in the last row allows.
    #[test]
    fn what_moves_left_keeps_its_distance() {
        let row = |cells: &[(usize, &str)]| {
            Row::Cells(cells.iter().map(|&(column, text)| (column, text.to_owned())).collect())
        };
        let rows = vec![
            row(&[(1, "a (a0]( ((=,a(=[0 (a")]),
            row(&[(0, "( =(aa[0a"), (2, "(0,aa=0,0(00]a)a= a aa")]),
            row(&[(2, "( (a=]][][0(],0]a)"), (3, "(]0, 0,([=(=0=]0==)")]),
        ];
        let columns = ["aa", "(a", "a)", "aa"].map(str::to_owned).to_vec();
        let drawn = Diagram { columns, rows, ..Diagram::default() }.to_string();
        assert!(drawn.contains("0]a)  ") && !drawn.contains("0]a) ("), "{drawn}");
    }
}
