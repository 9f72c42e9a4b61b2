//! Password files as `htpasswd` writes them.

use std::collections::HashMap;

/// The users of a password file: `name:hash[:comment]`, one a line.
///
/// Lines that begin with `#`, empty ones and those without a colon say nothing. Of several lines
/// with the same name the first counts, as in nginx.
#[derive(Clone, Default)]
pub struct Users {
    hashes: HashMap<Box<[u8]>, Box<[u8]>>,
}

impl Users {
    /// Reads the text of a file.
    #[must_use]
    pub fn parse(text: &[u8]) -> Self {
        let mut hashes = HashMap::new();
        for line in text.split(|byte| matches!(byte, b'\n' | b'\r')) {
            if let Some((user, hash)) = entry(line) {
                hashes.entry(user.into()).or_insert_with(|| hash.into());
            }
        }
        Self { hashes }
    }

    /// What the file says about a user's password.
    #[must_use]
    pub fn hash(&self, user: &[u8]) -> Option<&[u8]> {
        self.hashes.get(user).map(|hash| &**hash)
    }

    /// How many users there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether nobody gets in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }
}

impl std::fmt::Debug for Users {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Users").field("len", &self.len()).finish()
    }
}

fn entry(line: &[u8]) -> Option<(&[u8], &[u8])> {
    if line.starts_with(b"#") {
        return None;
    }
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (user, rest) = (&line[..colon], &line[colon + 1..]);
    let end = rest.iter().position(|byte| *byte == b':').unwrap_or(rest.len());
    (!user.is_empty()).then_some((user, &rest[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, user: &str, expected: Option<&str>) {
        let users = Users::parse(text.as_bytes());
        let found = users.hash(user.as_bytes()).map(String::from_utf8_lossy);
        assert_eq!(found.as_deref(), expected, "{text:?} {user}");
    }

    #[test]
    fn lines() {
        let text = "# people\njoe:{PLAIN}x:a comment\r\n\nann:$apr1$a$b\njoe:other\nnobody\n:x\n";
        check(text, "joe", Some("{PLAIN}x"));
        check(text, "ann", Some("$apr1$a$b"));
        check(text, "nobody", None);
        check(text, "", None);
        check(text, "# people", None);
        check("last:h", "last", Some("h"));
        check("empty:", "empty", Some(""));
        assert_eq!(Users::parse(text.as_bytes()).len(), 2);
        assert!(Users::parse(b"").is_empty());
    }
}
