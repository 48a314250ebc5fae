//! How a kernel structure is declared: its fields once, and from that the words, their accessors and how they read.

use cowrace_report::Kind;

/// How the value of a word reads.
#[derive(Clone, Copy, Debug)]
pub enum Format {
    /// A number.
    Number,
    /// What a variable of the scenario can hold.
    Value,
    /// A page-table entry.
    Pte,
    /// Flags, by bit.
    Flags(&'static [(u64, &'static str)]),
    /// References, with pins told apart.
    Refcount,
    /// Mappings, with the inactive references of the proposal that counts them.
    Mapcount,
    /// The mms that map a large folio.
    MmIds,
    /// The number of a page, or 0.
    Page,
    /// Flushes that were put off, and those that were made.
    Batched,
    /// A spinlock of a word.
    Spinlock,
    /// A reader/writer semaphore.
    Rwsem,
    /// Odd while interrupts are off.
    Interrupts,
    /// Whether an object is alive.
    Life,
}

/// A field of a structure.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The kernel's name for it.
    pub name: &'static str,
    /// What it is to a reader of an explanation.
    pub kind: Kind,
    /// How its value reads.
    pub format: Format,
}

/// A structure: one word for each field, and then those of an array, if it has one.
#[derive(Clone, Copy, Debug)]
pub struct Structure {
    /// Its fields, in the order of their words.
    pub fields: &'static [Field],
    /// The first word of the array, and what each of its words is.
    pub array: Option<(u8, Field)>,
}

impl Structure {
    /// Words that go on from object to object.
    pub(crate) const fn list(field: Field) -> Self {
        Self { fields: &[], array: Some((0, field)) }
    }

    /// The field that a word is, and its place in the array if it is of the array.
    #[must_use]
    pub fn field(&self, word: u8) -> Option<(Field, Option<u8>)> {
        match self.array {
            Some((first, field)) if word >= first => Some((field, Some(word - first))),
            _ => self.fields.get(usize::from(word)).map(|&field| (field, None)),
        }
    }
}

/// Whether an object is alive; told of pages alone.
pub(crate) const LIFE: Field = Field { name: "life", kind: Kind::Other, format: Format::Life };

/// The number of an object that belongs to two others, such as an mm and an address: small where both are, and never
/// that of another two. An arena has numbers for all pairs of numbers below [`MAX_MMS`](crate::world::MAX_MMS).
#[must_use]
pub const fn pair(a: usize, b: usize) -> u16 {
    (if a < b { b * b + a } else { a * a + a + b }) as u16
}

/// What [`pair`] was made of.
pub(crate) const fn unpair(nth: u16) -> (usize, usize) {
    let root = nth.isqrt();
    let rest = nth - root * root;
    let (a, b) = if rest < root { (rest, root) } else { (root, rest - root) };
    (a as usize, b as usize)
}

/// Declares the fields of a structure: how they read, and an accessor for each. The type has a method `word`, which
/// gives the place of a word of its object.
macro_rules! structure {
    (
        $type:ident in $arena:ident, at $place:ty {
            $( $(#[$doc:meta])* $field:ident: $name:literal, $kind:ident, $format:expr; )*
        }
        $( [ $(#[$array_doc:meta])* $array:ident: $array_name:literal, $array_kind:ident, $array_format:expr ] )?
        $( @ $first:path: $first_name:literal, $first_kind:ident, $first_format:expr )?
    ) => {
        impl $type {
            /// How it is declared.
            pub const STRUCTURE: $crate::objects::Structure = $crate::objects::Structure {
                fields: &[$( structure!(@field $name, $kind, $format) ),*],
                array: structure!(
                    @array $( Self::SCALARS, $array_name, $array_kind, $array_format )?
                    $( $first, $first_name, $first_kind, $first_format )?
                ),
            };

            structure!(@accessors $place, 0; $( $(#[$doc])* $field; )* $( [$(#[$array_doc])* $array] )?);
        }
    };
    (@field $name:literal, $kind:ident, $format:expr) => {
        $crate::objects::Field { name: $name, kind: cowrace_report::Kind::$kind, format: $format }
    };
    (@array) => { None };
    (@array $first:expr, $name:literal, $kind:ident, $format:expr) => {
        Some(($first, structure!(@field $name, $kind, $format)))
    };
    (@accessors $place:ty, $word:expr; $(#[$doc:meta])* $field:ident; $($rest:tt)*) => {
        $(#[$doc])*
        #[must_use]
        pub const fn $field(self) -> $place {
            self.word($word)
        }
        structure!(@accessors $place, $word + 1; $($rest)*);
    };
    (@accessors $place:ty, $word:expr; [$(#[$doc:meta])* $array:ident]) => {
        const SCALARS: u8 = $word;

        $(#[$doc])*
        #[must_use]
        pub const fn $array(self, nth: u8) -> $place {
            self.word(Self::SCALARS + nth)
        }
    };
    (@accessors $place:ty, $word:expr;) => {};
}
pub(crate) use structure;

#[cfg(test)]
mod tests {
    use cowrace_machine::Arena;

    use super::*;
    use crate::world::MAX_MMS;

    #[test]
    fn pairs_are_numbered_without_a_gap() {
        for nth in 0..Arena::OBJECTS {
            let (a, b) = unpair(nth);
            assert_eq!(pair(a, b), nth, "{a} {b}");
            assert!(a < MAX_MMS && b < MAX_MMS, "{a} {b}");
        }
    }
}
