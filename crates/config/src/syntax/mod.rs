//! From bytes to a tree of directives: nginx's tokens, blocks and `include`.

mod include;
mod lexer;
mod parser;
mod tree;

pub(crate) use include::{Reader, bytes_to_path};
pub(crate) use tree::{Node, Word};
