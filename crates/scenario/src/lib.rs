//! The scenario language: race diagrams as text.
