//! A broken promise to user space, in one sentence: `s is 1, which parent wrote, not 0`.

use cowrace_report::{Author, Broken, Seen, Subject, Through};

/// What is wrong, and which actor wrote the value.
#[must_use]
pub fn broken(broken: &Broken) -> String {
    sentence(broken, broken.author.as_ref())
}

/// The same without the author of the value, which is named elsewhere.
#[must_use]
pub fn broken_alone(broken: &Broken) -> String {
    sentence(broken, None)
}

fn sentence(broken: &Broken, author: Option<&Author>) -> String {
    let Broken { subject: of, seen, promised, .. } = broken;
    let wrote = |missed: bool| author.filter(|author| author.missed == missed).map(wrote).unwrap_or_default();
    let what = format!("{} {}{}", subject(of), is(seen), wrote(false));
    match (seen, promised) {
        (Seen::OwnerStores(_) | Seen::DeviceStores(_), _) => what,
        (_, Seen::Nothing | Seen::Unmapped) => format!("{what}; promised: it {}", is(promised)),
        _ => format!("{what}, not {}{}", value(promised), wrote(true)),
    }
}

/// The subject that shows the damage.
fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Variable(name) => name.clone(),
        Subject::Call { actor, .. } => format!("a call of {actor}"),
        Subject::Memory(place) => {
            let word = place.word.map(|word| format!("[{word}]")).unwrap_or_default();
            format!("{}.{}{word}", place.mm, place.area)
        }
        Subject::Handle { variable, mm, area } => format!("{variable}, taken on {mm}.{area},"),
    }
}

/// The observation, as a part of a sentence.
fn is(seen: &Seen) -> String {
    match seen {
        Seen::Nothing => "does not fail".to_owned(),
        Seen::Unmapped => "is not mapped".to_owned(),
        Seen::OwnerStores(Through::Seen) => "sees what its owner stores".to_owned(),
        Seen::OwnerStores(Through::Missed) => "does not see what its owner stores".to_owned(),
        Seen::OwnerStores(Through::Refused) => "has an owner that cannot store".to_owned(),
        Seen::DeviceStores(Through::Seen) => "shows its owner what the device stores".to_owned(),
        Seen::DeviceStores(_) => "does not show its owner what the device stores".to_owned(),
        Seen::Number(_) | Seen::Errno(_) | Seen::Handle | Seen::Child => format!("is {}", value(seen)),
    }
}

fn value(seen: &Seen) -> String {
    match seen {
        Seen::Number(number) => number.to_string(),
        Seen::Errno(errno) => errno.to_string(),
        Seen::Child => "a child".to_owned(),
        _ => "a handle".to_owned(),
    }
}

fn wrote(author: &Author) -> String {
    let Author { actor, device, .. } = author;
    if *device { format!(", which a device wrote for {actor}") } else { format!(", which {actor} wrote") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(subject: Subject, seen: Seen, promised: Seen, author: Option<Author>) -> Broken {
        Broken { subject, seen, promised, author, memory: None }
    }

    #[test]
    fn a_value_is_told_with_its_author() {
        let variable = || Subject::Variable("s".to_owned());
        let author = |device, missed| Author { actor: "parent".to_owned(), device, value: 1, missed };
        let leak = of(variable(), Seen::Number(1), Seen::Number(0), Some(author(false, false)));
        assert_eq!(broken(&leak), "s is 1, which parent wrote, not 0");
        assert_eq!(broken_alone(&leak), "s is 1, not 0");
        let lost = of(variable(), Seen::Number(0), Seen::Number(1), Some(author(true, true)));
        assert_eq!(broken(&lost), "s is 0, not 1, which a device wrote for parent");
    }

    #[test]
    fn what_is_no_value_is_promised_in_words() {
        let call = Subject::Call { actor: "a".to_owned(), call: 3 };
        let fails = of(call, Seen::Errno("EFAULT".into()), Seen::Nothing, None);
        assert_eq!(broken(&fails), "a call of a is EFAULT; promised: it does not fail");
        let handle = Subject::Handle { variable: "h".to_owned(), mm: "A".to_owned(), area: "buf".to_owned() };
        let (missed, seen) = (Seen::OwnerStores(Through::Missed), Seen::OwnerStores(Through::Seen));
        let stale = of(handle, missed, seen, None);
        assert_eq!(broken(&stale), "h, taken on A.buf, does not see what its owner stores");
    }
}
