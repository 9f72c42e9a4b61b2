//! Errors of the system in nginx's words.

use std::io;

/// `2: No such file or directory`: number and text, as nginx prints them between parentheses.
#[must_use]
pub fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    match error.raw_os_error() {
        Some(number) => {
            let suffix = format!(" (os error {number})");
            format!("{number}: {}", text.strip_suffix(&suffix).unwrap_or(&text))
        }
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_read_as_in_nginx() {
        let missing = io::Error::from_raw_os_error(2);
        assert_eq!(describe(&missing), "2: No such file or directory");
        assert_eq!(describe(&io::Error::other("odd")), "odd");
    }
}
