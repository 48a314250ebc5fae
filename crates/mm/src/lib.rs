//! Linux mm, cut to what the copy-on-write and pinning races need.
