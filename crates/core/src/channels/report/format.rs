//! The format of a report, and how a client asks for it.

/// The format of a report with its content type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ReportFormat {
    /// Lines of names and values, as `text/plain`.
    Plain,
    /// As `application/json`.
    #[default]
    Json,
    /// As `application/yaml`.
    Yaml,
    /// As `application/xml`.
    Xml,
    /// JSON as `text/x-json`.
    XJson,
    /// YAML as `text/x-yaml`.
    XYaml,
}

const SUBTYPES: [(&[u8], ReportFormat); 6] = [
    (b"plain", ReportFormat::Plain),
    (b"json", ReportFormat::Json),
    (b"yaml", ReportFormat::Yaml),
    (b"xml", ReportFormat::Xml),
    (b"x-json", ReportFormat::XJson),
    (b"x-yaml", ReportFormat::XYaml),
];

impl ReportFormat {
    /// The format that the value of `Accept` asks for; JSON without one.
    ///
    /// The text behind each `/`, from left to right: the first that begins with a known subtype
    /// decides. Case counts; types, weights and everything else do not, as in
    /// nginx-push-stream-module. Linear in the length of the value.
    #[must_use]
    pub fn from_accept(accept: Option<&[u8]>) -> Self {
        let value = accept.unwrap_or_default();
        memchr::memchr_iter(b'/', value)
            .find_map(|slash| Self::from_subtype(&value[slash + 1..]))
            .unwrap_or_default()
    }

    fn from_subtype(text: &[u8]) -> Option<Self> {
        SUBTYPES.iter().find(|(subtype, _)| text.starts_with(subtype)).map(|(_, format)| *format)
    }

    /// The value of `Content-Type`.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Plain => "text/plain",
            Self::Json => "application/json",
            Self::Yaml => "application/yaml",
            Self::Xml => "application/xml",
            Self::XJson => "text/x-json",
            Self::XYaml => "text/x-yaml",
        }
    }

    pub(super) fn syntax(self) -> Syntax {
        match self {
            Self::Plain => Syntax::Plain,
            Self::Json | Self::XJson => Syntax::Json,
            Self::Yaml | Self::XYaml => Syntax::Yaml,
            Self::Xml => Syntax::Xml,
        }
    }
}

/// How the bytes of a report look, whatever its content type is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    Plain,
    Json,
    Yaml,
    Xml,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(accept: &str, expected: &str) {
        let found = ReportFormat::from_accept(Some(accept.as_bytes()));
        assert_eq!(found.content_type(), expected, "{accept:?}");
    }

    #[test]
    fn takes_the_first_known_subtype() {
        check("text/plain", "text/plain");
        check("application/json", "application/json");
        check("application/yaml", "application/yaml");
        check("application/xml", "application/xml");
        check("text/x-json", "text/x-json");
        check("text/x-yaml", "text/x-yaml");
        check("text/html, application/xml;q=0.9, text/plain", "application/xml");
        check("anything/yamlish;q=0", "application/yaml");
        check("a//xml", "application/xml");
        check("x/x/json", "application/json");
        check("text/plain/xml", "text/plain");
    }

    #[test]
    fn falls_back_to_json() {
        for accept in ["", "*/*", "text/", "/", "xml", "application/XML", "text/ xml", "a/x-xml"] {
            check(accept, "application/json");
        }
        assert_eq!(ReportFormat::from_accept(None), ReportFormat::Json);
    }
}
