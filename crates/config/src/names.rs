//! Names of variables: which a configuration defines, and values that contain them.

use std::collections::{HashMap, HashSet};

use outpour_core::variables::{Expression, Piece, Variable};

use crate::pcre;
use crate::syntax::Node;

/// The variables that a configuration defines, wherever in the file: nginx resolves names when
/// everything has been read.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// Slots of `set` and of named captures.
    slots: HashMap<String, usize>,
    /// Indices of `map`s.
    maps: HashMap<String, usize>,
    /// Claims of `auth_jwt_claim_set`s.
    claims: HashMap<String, Variable>,
}

impl Names {
    /// Looks for every definition in the tree.
    pub(crate) fn collect(nodes: &[Node]) -> Self {
        let mut names = Self::default();
        let mut maps = 0;
        names.visit(nodes, &mut maps);
        names
    }

    fn visit(&mut self, nodes: &[Node], maps: &mut usize) {
        for node in nodes {
            match node.name.value.as_slice() {
                b"rewrite" => {
                    self.captures(node.args.first().iter().map(|word| &*word.value));
                }
                // `$args` is the request's own, whoever sets it.
                b"set" if node.args.first().is_some_and(|word| lower(&word.value) == "$args") => {}
                b"set" | b"auth_request_set" => {
                    self.define(node.args.first().map(|word| word.value.as_slice()))
                }
                b"map" => {
                    if let Some(name) = node.args.get(1).and_then(|w| w.value.strip_prefix(b"$")) {
                        self.maps.insert(lower(name), *maps);
                    }
                    *maps += 1;
                    self.captures(node.block.iter().flatten().map(|entry| &*entry.name.value));
                }
                b"auth_jwt_claim_set" => self.claim(node),
                b"location" | b"if" | b"server_name" => {
                    self.captures(node.args.iter().map(|word| &*word.value));
                }
                // Not implemented, and reported as such: its variables are not unknown as well.
                b"geo" | b"split_clients" => {
                    if let Some(name) = node.args.last().and_then(|w| w.value.strip_prefix(b"$")) {
                        self.maps.insert(lower(name), *maps);
                    }
                    *maps += 1;
                }
                b"perl_set" | b"js_set" | b"js_var" | b"keyval" => {
                    node.args.iter().for_each(|word| self.define(Some(&word.value)));
                }
                _ => {}
            }
            self.visit(node.directives(), maps);
        }
    }

    fn define(&mut self, name: Option<&[u8]>) {
        if let Some(name) = name.and_then(|name| name.strip_prefix(b"$")) {
            self.slot(&lower(name));
        }
    }

    fn claim(&mut self, node: &Node) {
        let Some((name, path)) = node.args.split_first() else { return };
        if let Some(name) = name.value.strip_prefix(b"$") {
            let path = path.iter().map(|word| word.text().into()).collect();
            self.claims.insert(lower(name), Variable::JwtClaim(path));
        }
    }

    fn captures<'w>(&mut self, patterns: impl Iterator<Item = &'w [u8]>) {
        for name in patterns.flat_map(pcre::capture_names) {
            self.slot(&name.to_ascii_lowercase());
        }
    }

    /// The slot of a variable that the configuration fills.
    pub(crate) fn slot(&mut self, name: &str) -> usize {
        let next = self.slots.len();
        *self.slots.entry(name.to_owned()).or_insert(next)
    }

    /// How many slots there are.
    pub(crate) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Whether `name` is both the variable of a `map` and of `set`.
    pub(crate) fn is_map(&self, name: &str) -> bool {
        self.maps.contains_key(name)
    }

    /// The variable called `name` (lower case): the configuration's own, else the server's.
    pub(crate) fn find(&self, name: &str) -> Option<Variable> {
        if let Some(slot) = self.slots.get(name) {
            return Some(Variable::Set(*slot));
        }
        if let Some(map) = self.maps.get(name) {
            return Some(Variable::Map(*map));
        }
        self.claims.get(name).cloned().or_else(|| Variable::parse(name))
    }

    /// The names that the configuration defines, sorted.
    pub(crate) fn own(&self) -> Vec<&str> {
        let own: HashSet<&str> = self.slots.keys().chain(self.maps.keys()).map(|n| &**n).collect();
        let mut own: Vec<&str> = own.into_iter().collect();
        own.sort_unstable();
        own
    }

    /// Parses a value in which variables are expanded.
    ///
    /// # Errors
    ///
    /// nginx's sentences: unknown or empty name, missing brace.
    pub(crate) fn expression(&self, text: &[u8]) -> Result<Expression, String> {
        let mut pieces = Vec::new();
        let mut literal = Vec::new();
        let mut rest = text;
        while let Some(dollar) = rest.iter().position(|b| *b == b'$') {
            literal.extend_from_slice(&rest[..dollar]);
            let (name, behind) = variable_name(&rest[dollar + 1..], text)?;
            let variable = self.find(&name).ok_or_else(|| unknown(&name))?;
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal).into()));
            }
            pieces.push(Piece::Variable(variable));
            rest = behind;
        }
        literal.extend_from_slice(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal.into()));
        }
        Ok(Expression { pieces })
    }
}

/// nginx's sentence for a name that nobody defines.
pub(crate) fn unknown(name: &str) -> String {
    format!("unknown \"{name}\" variable")
}

/// The name at the beginning of `rest` (behind the `$`), in lower case, and what follows it.
fn variable_name<'a>(rest: &'a [u8], whole: &[u8]) -> Result<(String, &'a [u8]), String> {
    if let [digit @ b'1'..=b'9', behind @ ..] = rest {
        return Ok((char::from(*digit).to_string(), behind));
    }
    let (braced, start) = match rest {
        [b'{', start @ ..] => (true, start),
        start => (false, start),
    };
    let length = start.iter().position(|b| !b.is_ascii_alphanumeric() && *b != b'_');
    let length = length.unwrap_or(start.len());
    let (name, behind) = start.split_at(length);
    let behind = match (braced, behind) {
        (true, [b'}', behind @ ..]) => behind,
        (true, _) => {
            let name = String::from_utf8_lossy(name);
            return Err(format!("the closing bracket in \"{name}\" variable is missing"));
        }
        (false, behind) => behind,
    };
    if name.is_empty() {
        let whole = String::from_utf8_lossy(whole);
        return Err(format!("invalid variable name in \"{whole}\""));
    }
    Ok((lower(name), behind))
}

/// Names of variables are compared without regard to letter case.
pub(crate) fn lower(name: &[u8]) -> String {
    String::from_utf8_lossy(name).to_ascii_lowercase()
}
