//! Whether a diagram can happen as it is drawn, as text.

use cowrace_report::AsDrawn;

/// The result in one line.
#[must_use]
pub fn as_drawn(drawn: &AsDrawn) -> String {
    match drawn {
        AsDrawn::Possible { remarks: 0 } => "as drawn: possible, and this order holds as well".to_owned(),
        AsDrawn::Possible { remarks } => {
            let cells = if *remarks == 1 {
                "1 cell is a remark".to_owned()
            } else {
                format!("{remarks} cells are remarks")
            };
            format!(
                "as drawn: possible, and this order holds as well; but {cells}, and remarks are not checked"
            )
        }
        AsDrawn::Impossible { row, cell, actor, waits } => {
            format!("as drawn: impossible, at row {row} (`{cell}`) {actor} {}", crate::waits(waits))
        }
        AsDrawn::NeverOccurs { row, cell, actor, instead } => {
            format!("as drawn: impossible, {actor} does not reach row {row} (`{cell}`): {instead}")
        }
        AsDrawn::TooShort { actors } => {
            format!("as drawn: impossible, {} cannot finish after the last row", actors.join(" and "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_impossible_is_said_with_the_row() {
        let (cell, actor) = ("buf[1] = 2".to_owned(), "thread1".to_owned());
        let waits = cowrace_report::Waits::Actor("thread0".to_owned());
        let blocked = AsDrawn::Impossible { row: 7, cell: cell.clone(), actor: actor.clone(), waits };
        assert_eq!(
            as_drawn(&blocked),
            "as drawn: impossible, at row 7 (`buf[1] = 2`) thread1 waits for thread0 to finish"
        );
        let instead = "the call ends without it".to_owned();
        let never = AsDrawn::NeverOccurs { row: 7, cell, actor, instead };
        assert_eq!(
            as_drawn(&never),
            "as drawn: impossible, thread1 does not reach row 7 (`buf[1] = 2`): the call ends without it"
        );
        assert_eq!(
            as_drawn(&AsDrawn::Possible { remarks: 2 }),
            "as drawn: possible, and this order holds as well; but 2 cells are remarks, and remarks are not checked"
        );
    }
}
