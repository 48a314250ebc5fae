//! The native engine: exhaustive search and replay.
