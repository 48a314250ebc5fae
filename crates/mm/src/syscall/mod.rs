//! The syscalls of the model, one row for each: names, arguments, what it holds, its steps, its result, its promise.
//!
//! A row says what there is to know of a syscall but for what it does, which is its arm in `dispatch`. The language reads
//! cells by the rows, and whatever depends on properties of a [`Call`] asks its row. The accesses and the waits that a cell
//! can be have rows as well, without a name.

mod access;
mod address_space;
mod argument;
mod arguments;
mod devices;
mod direct_io;
mod handles;
mod holds;
mod memory;
mod of_world;
mod properties;
mod reclaim;
mod row;
mod tracking;
mod variables;

pub use access::{Access, Change};
pub use argument::Argument;
pub use arguments::{Arguments, Shape};
pub use holds::{Api, Holds, Kind, Of, Promise, Way};
pub use row::{About, Gives, Life, Syscall};

use crate::world::Call;

/// Every row, grouped by subject, in the order of the documentation.
const TABLE: [&[Syscall]; 8] = [
    memory::ROWS,
    direct_io::ROWS,
    handles::ROWS,
    devices::ROWS,
    address_space::ROWS,
    tracking::ROWS,
    reclaim::ROWS,
    variables::ROWS,
];

/// Every row, in the order of the documentation.
pub fn rows() -> impl Iterator<Item = &'static Syscall> + Clone {
    TABLE.into_iter().flatten()
}

/// The rows of what is called by a name.
pub fn named() -> impl Iterator<Item = &'static Syscall> + Clone {
    rows().filter(|row| !row.names.is_empty())
}

/// All names.
pub fn names() -> impl Iterator<Item = &'static str> + Clone {
    rows().flat_map(|row| row.names.iter().copied())
}

/// The row of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Syscall> {
    rows().find(|row| row.names.contains(&name))
}

impl Call {
    /// Its row. Every call has one.
    #[must_use]
    pub fn syscall(&self) -> Option<&'static Syscall> {
        self.row().map(|(row, _)| row)
    }

    /// Its row, and the values of its arguments.
    fn row(&self) -> Option<(&'static Syscall, Arguments)> {
        rows().find_map(|row| Some((row, (row.shape.arguments)(self)?)))
    }
}

#[cfg(test)]
mod tests;
