//! What user space was promised.

mod needed;
mod promises;
mod rules;
