//! The content type that a location gives to a path.

use crate::settings::LocationSettings;

/// The `types` entry for the extension of the path's last segment, else `default_type`.
#[must_use]
pub fn content_type<'a>(settings: &'a LocationSettings, path: &[u8]) -> &'a [u8] {
    extension(path)
        .and_then(|extension| settings.types.by_extension.get(extension.as_slice()))
        .unwrap_or(&settings.default_type)
}

/// The content type `content_type` as the location sends it: with the `charset` that its `types`
/// got for it.
#[must_use]
pub fn content_type_of(settings: &LocationSettings, content_type: &'static [u8]) -> Vec<u8> {
    let typed = settings.types.by_extension.values().map(AsRef::as_ref);
    let with_charset = |typed: &&[u8]| {
        typed.strip_prefix(content_type).is_some_and(|rest| rest.starts_with(b"; charset="))
    };
    let found = typed.chain([&*settings.default_type]).find(with_charset);
    found.unwrap_or(content_type).to_vec()
}

/// The extension in lower case; none if the last segment has no dot, or only a leading one.
fn extension(path: &[u8]) -> Option<Vec<u8>> {
    let dot = memchr::memrchr(b'.', path)?;
    let slash = memchr::memrchr(b'/', path).map_or(0, |slash| slash + 1);
    let (segment, dot) = (&path[slash..], dot.checked_sub(slash)?);
    (dot > 0 && dot + 1 < segment.len()).then(|| segment[dot + 1..].to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: Option<&str>) {
        let found = extension(path.as_bytes());
        assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{path}");
    }

    #[test]
    fn the_extension_is_behind_the_last_dot_of_the_last_segment() {
        check("/a/b.html", Some("html"));
        check("/a.d/b", None);
        check("/x.tar.GZ", Some("gz"));
        check("/.hidden", None);
        check("/x.", None);
        check("/", None);
    }
}
