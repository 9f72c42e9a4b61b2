//! "Did you mean": the known name that is nearest to an unknown one.

/// The best of `known` for `name`, if any is near enough to be a slip.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > 100 {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let limit = (name.chars().count() / 3).max(1);
    let close = |candidate: &&str| candidate.len().abs_diff(name.len()) <= limit;
    let measured = known.into_iter().filter(close).map(|candidate| {
        (strsim::damerau_levenshtein(&name, &candidate.to_ascii_lowercase()), candidate)
    });
    measured.filter(|(distance, _)| *distance <= limit).min_by_key(|(d, _)| *d).map(|(_, c)| c)
}

/// The help text with the nearest name.
pub(crate) fn did_you_mean<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(name, known).map(|known| format!("did you mean \"{known}\"?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips() {
        let known = ["listen", "server_name", "push_stream_message_ttl"];
        assert_eq!(nearest("push_stream_mesage_ttl", known), Some("push_stream_message_ttl"));
        assert_eq!(nearest("lsiten", known), Some("listen"));
        assert_eq!(nearest("Server-Name", known), Some("server_name"));
        assert_eq!(nearest("elephant", known), None);
    }
}
