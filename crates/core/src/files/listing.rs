//! `autoindex`: what a directory holds, as HTML or JSON in nginx's formats.

use crate::civil::Civil;
use crate::variables::LocalTime;
use crate::wire::escape;
use crate::wire::http_date;

/// Characters of a name that are shown.
const NAME_MAX: usize = 50;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A regular file.
    File,
    /// Anything else.
    Other,
}

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: Vec<u8>,
    /// What it is, symbolic links followed.
    pub kind: Kind,
    /// Modification time, seconds since the epoch.
    pub modified: u64,
    /// Bytes.
    pub length: u64,
}

/// Sorts entries as nginx does: directories first, then by their bytes.
pub fn sort(entries: &mut [Entry]) {
    entries.sort_by(|a, b| {
        let key = |entry: &Entry| entry.kind != Kind::Directory;
        key(a).cmp(&key(b)).then_with(|| a.name.cmp(&b.name))
    });
}

/// The page for `path`. Local time is `offset` seconds ahead of UTC; `exact` sizes are in bytes.
#[must_use]
pub fn html(path: &[u8], entries: &[Entry], exact: bool, offset: LocalTime) -> Vec<u8> {
    let path = escape::html(path);
    let mut out = Vec::with_capacity(512 + entries.len() * 160);
    out.extend_from_slice(b"<html>\r\n<head><title>Index of ");
    out.extend_from_slice(&path);
    out.extend_from_slice(b"</title></head>\r\n<body>\r\n<h1>Index of ");
    out.extend_from_slice(&path);
    out.extend_from_slice(b"</h1><hr><pre><a href=\"../\">../</a>\r\n");
    for entry in entries {
        html_line(entry, exact, offset, &mut out);
    }
    out.extend_from_slice(b"</pre><hr></body>\r\n</html>\r\n");
    out
}

fn html_line(entry: &Entry, exact: bool, offset: LocalTime, out: &mut Vec<u8>) {
    let directory = entry.kind == Kind::Directory;
    let slash: &[u8] = if directory { b"/" } else { b"" };
    out.extend_from_slice(b"<a href=\"");
    out.extend_from_slice(&escape::component(&entry.name));
    out.extend_from_slice(slash);
    out.extend_from_slice(b"\">");
    html_name(&entry.name, slash, out);
    out.push(b' ');
    let civil = Civil::new(entry.modified, offset.offset(entry.modified));
    out.extend_from_slice(civil.listing().as_bytes());
    out.push(b' ');
    let size = match (directory, exact) {
        (true, true) => format!("{:>19}", "-"),
        (false, true) => format!("{:>19}", entry.length),
        (true, false) => format!("{:>7}", "-"),
        (false, false) => rounded(entry.length),
    };
    out.extend_from_slice(size.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// The name as it is shown, filled up with blanks to its column's width.
fn html_name(name: &[u8], slash: &[u8], out: &mut Vec<u8>) {
    let text = String::from_utf8_lossy(name);
    let length = text.chars().count();
    if length > NAME_MAX {
        let short: String = text.chars().take(NAME_MAX - 3).collect();
        out.extend_from_slice(&escape::html(short.as_bytes()));
        out.extend_from_slice(b"..&gt;</a>");
        return;
    }
    out.extend_from_slice(&escape::html(name));
    let slash = if length < NAME_MAX { slash } else { b"" };
    out.extend_from_slice(slash);
    out.extend_from_slice(b"</a>");
    out.resize(out.len() + NAME_MAX - length - slash.len(), b' ');
}

/// A size in at most seven characters.
fn rounded(length: u64) -> String {
    const K: u64 = 1 << 10;
    const M: u64 = 1 << 20;
    const G: u64 = 1 << 30;
    let scaled = |unit: u64| length / unit + u64::from(length % unit > unit / 2 - 1);
    match length {
        G.. => format!("{:>6}G", scaled(G)),
        M.. => format!("{:>6}M", scaled(M)),
        10_000.. => format!("{:>6}K", scaled(K)),
        _ => format!(" {length:>6}"),
    }
}

/// The entries as JSON.
#[must_use]
pub fn json(entries: &[Entry]) -> Vec<u8> {
    let mut out = b"[".to_vec();
    for (index, entry) in entries.iter().enumerate() {
        out.extend_from_slice(if index == 0 { b"\r\n" } else { b",\r\n" });
        out.extend_from_slice(b"{ \"name\":\"");
        out.extend_from_slice(&escape::json(&entry.name));
        let kind = match entry.kind {
            Kind::Directory => "directory",
            Kind::File => "file",
            Kind::Other => "other",
        };
        out.extend_from_slice(format!("\", \"type\":\"{kind}\", \"mtime\":\"").as_bytes());
        http_date::write(entry.modified, &mut out);
        out.push(b'"');
        if entry.kind == Kind::File {
            out.extend_from_slice(format!(", \"size\":{}", entry.length).as_bytes());
        }
        out.extend_from_slice(b" }");
    }
    out.extend_from_slice(b"\r\n]");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, kind: Kind, length: u64) -> Entry {
        Entry { name: name.into(), kind, modified: 784_111_777, length }
    }

    #[test]
    fn a_page() {
        let mut entries = [entry("b&.txt", Kind::File, 12_345), entry("z", Kind::Directory, 4096)];
        sort(&mut entries);
        let page = String::from_utf8(html(b"/<x>/", &entries, true, LocalTime::default())).unwrap();
        let expected = format!(
            "<html>\r\n<head><title>Index of /&lt;x&gt;/</title></head>\r\n<body>\r\n\
             <h1>Index of /&lt;x&gt;/</h1><hr><pre><a href=\"../\">../</a>\r\n\
             <a href=\"z/\">z/</a>{} 06-Nov-1994 08:49                   -\r\n\
             <a href=\"b%26.txt\">b&amp;.txt</a>{} 06-Nov-1994 08:49               12345\r\n\
             </pre><hr></body>\r\n</html>\r\n",
            " ".repeat(48),
            " ".repeat(44)
        );
        assert_eq!(page, expected);
    }

    #[test]
    fn sizes() {
        let check = |length, expected: &str| assert_eq!(rounded(length), expected);
        check(0, "      0");
        check(9999, "   9999");
        check(10_000, "    10K");
        check(1 << 20, "     1M");
        check((3 << 29) - 1, "     1G");
        check(3 << 29, "     2G");
        check(3 << 30, "     3G");
    }

    #[test]
    fn long_names_are_cut() {
        let mut out = Vec::new();
        html_name("é".repeat(60).as_bytes(), b"", &mut out);
        assert_eq!(out, format!("{}..&gt;</a>", "é".repeat(47)).into_bytes());
    }

    #[test]
    fn as_json() {
        let entries = [entry("d", Kind::Directory, 1), entry("a\"b", Kind::File, 2)];
        let expected = "[\r\n{ \"name\":\"d\", \"type\":\"directory\", \"mtime\":\"Sun, 06 Nov 1994 \
                        08:49:37 GMT\" },\r\n{ \"name\":\"a\\\"b\", \"type\":\"file\", \"mtime\":\
                        \"Sun, 06 Nov 1994 08:49:37 GMT\", \"size\":2 }\r\n]";
        assert_eq!(String::from_utf8(json(&entries)).unwrap(), expected);
        assert_eq!(json(&[]), b"[\r\n]");
    }
}
