//! `secure_link` and its form with an HMAC.

use crate::draft::Block;
use crate::lower::Lowering;
use crate::syntax::Node;

use super::table::{Args, Contexts, Directive, row};

const HSL: Contexts = Contexts::HSL;

pub(crate) const ROWS: &[Directive] = &[
    row(
        "secure_link",
        HSL,
        Args::VALUE,
        "none",
        "The signature of a link and, behind a comma, the second since 1970 until which it holds: \
         $secure_link is 1, 0 when its time is over, else empty.",
        |l, b, n| b.files.secure_link = l.value(n),
    ),
    row(
        "secure_link_md5",
        HSL,
        Args::VALUE,
        "none",
        "The value whose MD5, in base64url, is the signature of secure_link.",
        |l, b, n| b.files.secure_link_md5 = l.value(n),
    ),
    row(
        "secure_link_secret",
        Contexts::LOCATION,
        Args::TEXT,
        "none",
        "The secret of links of the form /prefix/hash/link; $secure_link is the link then.",
        secret,
    ),
    row(
        "secure_link_hmac",
        HSL,
        Args::VALUE,
        "none",
        "Signature, second of signing and seconds that a link holds, with commas between them: \
         $secure_link_hmac is 1, 0 when its time is over, else empty.",
        |l, b, n| b.files.hmac_link = l.value(n),
    ),
    row(
        "secure_link_hmac_message",
        HSL,
        Args::VALUE,
        "none",
        "What the signature of secure_link_hmac is over.",
        |l, b, n| b.files.hmac_message = l.value(n),
    ),
    row(
        "secure_link_hmac_secret",
        HSL,
        Args::VALUE,
        "none",
        "The secret of secure_link_hmac.",
        |l, b, n| b.files.hmac_secret = l.value(n),
    ),
    row(
        "secure_link_hmac_algorithm",
        HSL,
        Args::new(1, 1, "sha256 | sha384 | sha512"),
        "sha256",
        "The digest of secure_link_hmac.",
        |l, b, n| {
            b.files.hmac_bits = match l.one_of(n, &["sha256", "sha384", "sha512"]) {
                Some("sha384") => Some(384),
                Some("sha512") => Some(512),
                Some(_) => Some(256),
                None => None,
            };
        },
    ),
];

fn secret(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    if b.files.secure_link.is_some() || b.files.secure_link_md5.is_some() {
        let text = "\"secure_link_secret\" directive cannot be mixed with \"secure_link\" and \
                    \"secure_link_md5\"";
        return l.report.emerg(n.span(), text);
    }
    b.files.secure_link_secret = l.text(n);
}
