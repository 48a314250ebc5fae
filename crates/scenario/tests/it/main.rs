//! Reading, its errors, and printing.

mod common;
mod errors;
mod expectations;
mod loading;
mod mails;
mod reading;
mod robust;
mod roundtrip;
