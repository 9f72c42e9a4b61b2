//! Reports about configurations as users have them, compared with what was committed.

mod check;
mod expected;
mod explain;
