//! Names in certificates as RFC 2253 writes them, for `$ssl_client_s_dn`.

/// Issuer and subject of a certificate in DER; `None` if it is not well-formed.
pub(super) fn names(certificate: &[u8]) -> Option<(Box<str>, Box<str>)> {
    let certificate = Der(certificate).expect(SEQUENCE)?.0;
    let mut tbs = Der(certificate).expect(SEQUENCE)?.0;
    if tbs.first() == Some(&EXPLICIT_VERSION) {
        tbs = Der(tbs).next()?.2;
    }
    let after_serial = Der(tbs).next()?.2;
    let after_algorithm = Der(after_serial).next()?.2;
    let (issuer, rest) = Der(after_algorithm).expect(SEQUENCE)?;
    let after_validity = Der(rest).next()?.2;
    let (subject, _) = Der(after_validity).expect(SEQUENCE)?;
    Some((written(issuer)?.into(), written(subject)?.into()))
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OID: u8 = 0x06;
const BMP_STRING: u8 = 0x1e;
const EXPLICIT_VERSION: u8 = 0xa0;

/// Attribute types that have a short name.
const SHORT: [(&[u8], &str); 12] = [
    (&[0x55, 4, 3], "CN"),
    (&[0x55, 4, 4], "SN"),
    (&[0x55, 4, 5], "serialNumber"),
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 9], "street"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1], "emailAddress"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25], "DC"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1], "UID"),
];

/// Bytes that begin with an element.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// Tag and content of the first element, and what follows it.
    fn next(self) -> Option<(u8, &'a [u8], &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (digits.iter().fold(0, |n, digit| n << 8 | usize::from(*digit)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        Some((tag, content, rest))
    }

    /// The content of the first element if it is of that kind, and what follows it.
    fn expect(self, kind: u8) -> Option<(&'a [u8], &'a [u8])> {
        let (tag, content, rest) = self.next()?;
        (tag == kind).then_some((content, rest))
    }
}

/// The relative names, the last first.
fn written(mut name: &[u8]) -> Option<String> {
    let mut parts = Vec::new();
    while !name.is_empty() {
        let (mut set, rest) = Der(name).expect(SET)?;
        name = rest;
        let mut pairs = Vec::new();
        while !set.is_empty() {
            let (pair, rest) = Der(set).expect(SEQUENCE)?;
            set = rest;
            let (kind, value) = Der(pair).expect(OID)?;
            let (tag, value, _) = Der(value).next()?;
            pairs.push(format!("{}={}", attribute(kind), escaped(&text(tag, value))));
        }
        parts.push(pairs.join("+"));
    }
    parts.reverse();
    Some(parts.join(","))
}

fn attribute(oid: &[u8]) -> String {
    match SHORT.iter().find(|(known, _)| *known == oid) {
        Some((_, name)) => (*name).into(),
        None => dotted(oid),
    }
}

fn dotted(oid: &[u8]) -> String {
    let mut numbers: Vec<u64> = Vec::new();
    let mut number = 0_u64;
    for byte in oid {
        number = number.wrapping_shl(7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            if numbers.is_empty() {
                let first = (number / 40).min(2);
                numbers.extend([first, number - 40 * first]);
            } else {
                numbers.push(number);
            }
            number = 0;
        }
    }
    numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

fn text(tag: u8, value: &[u8]) -> String {
    if tag == BMP_STRING {
        let units: Vec<u16> =
            value.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
        return String::from_utf16_lossy(&units);
    }
    String::from_utf8_lossy(value).into_owned()
}

/// Specials with a backslash, control and other characters beyond ASCII as hexadecimal bytes, as
/// OpenSSL's RFC 2253 form has it.
fn escaped(value: &str) -> String {
    let mut out = String::new();
    let last = value.len().saturating_sub(1);
    for (at, byte) in value.bytes().enumerate() {
        let edge = (at == 0 && matches!(byte, b'#' | b' ')) || (at == last && byte == b' ');
        match byte {
            b',' | b'+' | b'"' | b'\\' | b'<' | b'>' | b';' => {
                out.push('\\');
                out.push(char::from(byte));
            }
            _ if edge => {
                out.push('\\');
                out.push(char::from(byte));
            }
            0..=0x1f | 0x7f.. => out.push_str(&format!("\\{byte:02X}")),
            _ => out.push(char::from(byte)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};

    use super::*;

    fn certificate(attributes: &[(DnType, &str)]) -> Vec<u8> {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = DistinguishedName::new();
        for (kind, value) in attributes {
            params.distinguished_name.push(kind.clone(), *value);
        }
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    fn check(attributes: &[(DnType, &str)], expected: &str) {
        let (issuer, subject) = names(&certificate(attributes)).unwrap();
        assert_eq!((&*issuer, &*subject), (expected, expected));
    }

    #[test]
    fn the_last_name_comes_first() {
        check(&[(DnType::CountryName, "DE"), (DnType::CommonName, "x.test")], "CN=x.test,C=DE");
    }

    #[test]
    fn specials_are_escaped() {
        check(&[(DnType::CommonName, " a,b+c;\"<>\\ ")], r#"CN=\ a\,b\+c\;\"\<\>\\\ "#);
        check(&[(DnType::CommonName, "#ä\n")], r"CN=\#\C3\A4\0A");
    }

    #[test]
    fn unknown_types_are_numbers() {
        check(&[(DnType::CustomDnType(vec![2, 5, 4, 65]), "p")], "2.5.4.65=p");
    }

    #[test]
    fn nothing_that_is_cut_or_changed_panics() {
        let whole = certificate(&[(DnType::CommonName, "x"), (DnType::LocalityName, "y")]);
        for at in 0..whole.len() {
            let _ = names(&whole[..at]);
            for value in [0, 1, 0x7f, 0x80, 0x81, 0x84, 0xff] {
                let mut changed = whole.clone();
                changed[at] = value;
                let _ = names(&changed);
            }
        }
    }
}
