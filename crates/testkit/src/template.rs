/// A text with `{{name}}` placeholders.
#[derive(Clone, Debug)]
pub struct Template<'a> {
    text: &'a str,
}

impl<'a> Template<'a> {
    /// Takes the text.
    pub fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// Replaces each placeholder that `value` knows; the others stay as they are.
    pub fn fill(&self, value: impl Fn(&str) -> Option<String>) -> String {
        let mut filled = String::with_capacity(self.text.len());
        let mut rest = self.text;
        while let Some((before, behind)) = rest.split_once("{{") {
            let Some((name, after)) = behind.split_once("}}") else { break };
            filled.push_str(before);
            match value(name) {
                Some(value) => filled.push_str(&value),
                None => filled.extend(["{{", name, "}}"]),
            }
            rest = after;
        }
        filled.push_str(rest);
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let value = |name: &str| (name == "port").then(|| "80".to_owned());
        assert_eq!(Template::new(text).fill(value), expected);
    }

    #[test]
    fn fills_what_is_known() {
        check("listen {{port}};", "listen 80;");
        check("{{port}}{{dir}}{{port}}", "80{{dir}}80");
        check("a {{ b", "a {{ b");
        check("", "");
    }
}
