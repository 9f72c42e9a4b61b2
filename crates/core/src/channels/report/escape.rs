//! Names in reports: raw, except where they would break what is around them.

use super::format::Syntax;

/// Writes `text` as a value of `syntax`. Bytes that are not UTF-8 stay as they are.
pub(super) fn escape(out: &mut Vec<u8>, text: &[u8], syntax: Syntax) {
    match syntax {
        Syntax::Plain => out.extend_from_slice(text),
        Syntax::Json => {
            out.push(b'"');
            escape_json(out, text);
            out.push(b'"');
        }
        Syntax::Yaml => escape_yaml(out, text),
        Syntax::Xml => escape_xml(out, text),
    }
}

/// Writes what stands between the quotes of a JSON string.
pub(in crate::channels) fn escape_json(out: &mut Vec<u8>, text: &[u8]) {
    // Looks at every byte, so that many are looked at at once.
    let special = |byte: u8| byte == b'"' || byte == b'\\' || byte < 0x20;
    if !text.iter().fold(false, |found, byte| found | special(*byte)) {
        out.extend_from_slice(text);
        return;
    }
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0..0x20 => out.extend_from_slice(&[b'\\', b'u', b'0', b'0', hex(byte >> 4), hex(byte)]),
            _ => out.push(byte),
        }
    }
}

/// Writes a plain scalar where YAML can read the text as one, else a quoted one; its escapes are
/// those of JSON.
fn escape_yaml(out: &mut Vec<u8>, text: &[u8]) {
    if is_plain_scalar(text) {
        out.extend_from_slice(text);
    } else {
        escape(out, text, Syntax::Json);
    }
}

fn is_plain_scalar(text: &[u8]) -> bool {
    let (Some(first), Some(last)) = (text.first(), text.last()) else { return false };
    let apart = |pair: &[u8]| matches!(pair, b": " | b" #");
    let begins_otherwise = match first {
        b'-' | b'?' | b':' => text.get(1).is_none_or(|second| *second == b' '),
        _ => b" ,[]{}#&*!|>'\"%@`".contains(first),
    };
    let ends_otherwise = matches!(last, b' ' | b':');
    let controls = text.iter().any(|byte| matches!(byte, 0..0x20 | 0x7f));
    !begins_otherwise && !ends_otherwise && !controls && !text.windows(2).any(apart)
}

/// Writes character data. Controls that XML cannot hold become U+FFFD.
fn escape_xml(out: &mut Vec<u8>, text: &[u8]) {
    if !text.iter().any(|byte| matches!(byte, b'<' | b'>' | b'&' | 0..0x20)) {
        out.extend_from_slice(text);
        return;
    }
    for (index, &byte) in text.iter().enumerate() {
        match byte {
            b'<' => out.extend_from_slice(b"&lt;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'>' if text[..index].ends_with(b"]]") => out.extend_from_slice(b"&gt;"),
            b'\t' | b'\n' | b'\r' => {
                out.extend_from_slice(&[b'&', b'#', b'x', hex(byte).to_ascii_uppercase(), b';']);
            }
            0..0x20 => out.extend_from_slice("\u{fffd}".as_bytes()),
            _ => out.push(byte),
        }
    }
}

/// The digit of the lower half of `byte`.
fn hex(byte: u8) -> u8 {
    b"0123456789abcdef"[usize::from(byte & 15)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn escaped(text: &[u8], syntax: Syntax) -> Vec<u8> {
        let mut out = Vec::new();
        escape(&mut out, text, syntax);
        out
    }

    fn check(text: &str, json: &str, yaml: &str, xml: &str) {
        for (syntax, expected) in
            [(Syntax::Plain, text), (Syntax::Json, json), (Syntax::Yaml, yaml), (Syntax::Xml, xml)]
        {
            let found = escaped(text.as_bytes(), syntax);
            assert_eq!(String::from_utf8_lossy(&found), expected, "{text:?} {syntax:?}");
        }
    }

    #[test]
    fn ordinary_ids_stay_raw() {
        for id in ["a", "ch_1.b", "x-1:2#3", "caf\u{e9}", "12", "-a", "a>b", "a b", "it's", "?q"] {
            check(id, &format!("\"{id}\""), id, id);
        }
    }

    #[test]
    fn others_keep_the_report_whole() {
        check("", r#""""#, r#""""#, "");
        check("a\"b", r#""a\"b""#, "a\"b", "a\"b");
        check("a\\b", r#""a\\b""#, "a\\b", "a\\b");
        check("a\r\nb", r#""a\u000d\u000ab""#, r#""a\u000d\u000ab""#, "a&#xD;&#xA;b");
        check("a\0b", r#""a\u0000b""#, r#""a\u0000b""#, "a\u{fffd}b");
        check("<a&b>", r#""<a&b>""#, "<a&b>", "&lt;a&amp;b>");
        check("]]>", r#""]]>""#, r#""]]>""#, "]]&gt;");
        for id in ["a: b", "a #b", " a", "a ", "a:", "-", "- a", "@a", "\"a\"", "[a]"] {
            let json = escaped(id.as_bytes(), Syntax::Json);
            assert_eq!(escaped(id.as_bytes(), Syntax::Yaml), json, "{id:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_breaks_out(id in prop::collection::vec(any::<u8>(), 0..20)) {
            for syntax in [Syntax::Json, Syntax::Yaml, Syntax::Xml] {
                prop_assert!(!escaped(&id, syntax).iter().any(|byte| *byte < 0x20));
            }
            prop_assert!(!escaped(&id, Syntax::Xml).contains(&b'<'));
        }
    }
}
