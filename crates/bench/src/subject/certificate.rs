//! The certificate of a started server, made for this one run.

use std::{fs, path::Path};

use anyhow::Result;
use rcgen::{CertifiedKey, generate_simple_self_signed};

/// File of the certificate, in the server's directory.
const CERTIFICATE: &str = "certificate.pem";

/// File of its key.
const KEY: &str = "key.pem";

/// Writes a self-signed certificate for localhost, and its key: ECDSA over P-256.
///
/// # Errors
/// If it cannot be made or written.
pub(super) fn write(directory: &Path) -> Result<()> {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    fs::write(directory.join(CERTIFICATE), cert.pem())?;
    fs::write(directory.join(KEY), signing_key.serialize_pem())?;
    Ok(())
}

/// The directives that name both.
pub(super) fn directives(directory: &Path) -> String {
    let directory = directory.display();
    format!(
        "        ssl_certificate {directory}/{CERTIFICATE};\n        \
         ssl_certificate_key {directory}/{KEY};\n        \
         ssl_protocols TLSv1.2 TLSv1.3;\n"
    )
}
