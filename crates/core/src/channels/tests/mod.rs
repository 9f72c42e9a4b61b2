//! The store as its callers see it, with time as an argument.
