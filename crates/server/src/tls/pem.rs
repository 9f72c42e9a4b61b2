//! Files of certificates and keys.

use std::fs;
use std::path::Path;

use outpour_core::settings::Certificate;
use pkcs8::{EncryptedPrivateKeyInfoRef, SecretDocument};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, PrivatePkcs8KeyDer,
};

use super::error::{TlsError, unreadable};
use crate::os_error;

/// All certificates of a file; at least one.
pub(super) fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    certificates(path).map_err(|reason| TlsError::Certificate { path: path.into(), reason })
}

/// All authorities of a file; at least one.
pub(super) fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    certificates(path).map_err(|reason| TlsError::Authorities { path: path.into(), reason })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    const NO_START: &str = "PEM_read_bio_X509_AUX() failed (SSL: error:0480006C:PEM routines::no \
                            start line:Expecting: TRUSTED CERTIFICATE)";
    let text = fs::read(path).map_err(|error| unreadable(path, &error))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(NO_START.into()),
        Err(error) => Err(format!("PEM_read_bio_X509() failed ({error})")),
    }
}

/// All revocation lists of a file; at least one.
pub(super) fn revocations(
    path: &Path,
) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsError> {
    let refused = |reason| TlsError::Revocations { path: path.into(), reason };
    let text = fs::read(path).map_err(|error| refused(unreadable(path, &error)))?;
    let found: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(refused("no revocation list in it".into())),
        Err(error) => Err(refused(error.to_string())),
    }
}

/// The private key of a certificate.
pub(super) fn key(pair: &Certificate) -> Result<PrivateKeyDer<'static>, TlsError> {
    let path = &pair.key;
    let refused = |reason: &str| TlsError::Key {
        path: path.into(),
        reason: format!("PEM_read_bio_PrivateKey() failed ({reason})"),
    };
    let text = fs::read(path)
        .map_err(|error| TlsError::Key { path: path.into(), reason: unreadable(path, &error) })?;
    if let Some(section) = encrypted(&text) {
        let passwords = pair.passwords.as_deref().map_or(Ok(Vec::new()), passwords)?;
        return decrypted(section, &passwords).map_err(refused);
    }
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| {
        match memchr::memmem::find(&text, b"Proc-Type: 4,ENCRYPTED") {
            Some(_) => refused(
                "the key is encrypted in the traditional form: \"openssl pkcs8 -topk8\" makes \
                 PKCS #8 of it, which can be read",
            ),
            None => refused(&format!("SSL: error:1E08010C:DECODER routines::unsupported: {error}")),
        }
    })
}

/// The PEM section of an encrypted key.
fn encrypted(text: &[u8]) -> Option<&str> {
    const END: &[u8] = b"-----END ENCRYPTED PRIVATE KEY-----";
    let begin = memchr::memmem::find(text, b"-----BEGIN ENCRYPTED PRIVATE KEY-----")?;
    let text = &text[begin..];
    let end = memchr::memmem::find(text, END)? + END.len();
    std::str::from_utf8(&text[..end]).ok()
}

/// The lines of a password file that are not empty.
fn passwords(path: &Path) -> Result<Vec<Vec<u8>>, TlsError> {
    let text = fs::read(path).map_err(|error| TlsError::Passwords {
        path: path.into(),
        reason: os_error::describe(&error),
    })?;
    let lines = text.split(|byte| *byte == b'\n');
    let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    Ok(lines.filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect())
}

/// The key that the first fitting password opens; else what is wrong.
fn decrypted(section: &str, passwords: &[Vec<u8>]) -> Result<PrivateKeyDer<'static>, &'static str> {
    const BROKEN: &str = "the encrypted key is broken";
    let (_, document) = SecretDocument::from_pem(section).map_err(|_| BROKEN)?;
    let info = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes())
        .map_err(|_| "the key is encrypted by another method than PBES2 with AES or 3DES")?;
    if passwords.is_empty() {
        return Err("the key is encrypted, and ssl_password_file has no password for it");
    }
    let opened = passwords.iter().find_map(|password| info.decrypt(password).ok());
    let key = opened.ok_or("no password of ssl_password_file opens the key: bad decrypt")?;
    Ok(PrivatePkcs8KeyDer::from(key.as_bytes().to_vec()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgNeNORtWDvr/cIIIH
7nSVU6alHe7BU2Wc1x/aeTYNCGqhRANCAAT36V0EI0fPAJ9xFzdD4mVn86ZgPlQM
DIxuCk3CWzaFY9ls7+r1FH3EJtgVEkB5TUMmFeHouhCakbugfaANuGk2
-----END PRIVATE KEY-----
";

    const AES: &str = "\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhIUtmP4+uguQICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEIwPhqLNz2wRPpZKcs7dussEgZC5
59W0tTJetMZnYmkNVIcJy14hun/aFWEjrvTdkmMM4OuvFEIxJod8QghI5SUODAsC
w1aJDY7noQ6e1v5gOnOL76S5LvLk9q8Mt5UvBgKzFWoAjAHVcXV5h1wVRqsaqcMC
sgxiu5BtGDjmoolFCVFt83gqwUogRHQprqIr3zFMrS8amxxF7jMw3q7zS1qklqc=
-----END ENCRYPTED PRIVATE KEY-----
";

    const SCRYPT: &str = "\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHkME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAg9knRjjJ+kWwICBAAC
AQgCAQEwHQYJYIZIAWUDBAEqBBAuEWalOJKndlfAn4lvIf0yBIGQkJQ7kgiUyLgL
y6Qm9jesmisUsUySw2GUbTDbTlZCodtNfOm0pHi0QeAmgX2vwLxhx7TTnFXb+OMN
jnKhJVP+7YVnprg4YN33RQ4q8JQ0G/YC8O7/Rd0pN+0F2j4dvbW1K2jLRUPmS7YY
TE98imfo6IO3xN6v1GzLmqmQsA5D/ySKIF6S2mXws7ahoWr5W6yo
-----END ENCRYPTED PRIVATE KEY-----
";

    const TRIPLE_DES: &str = "\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHVMEAGCSqGSIb3DQEFDTAzMBsGCSqGSIb3DQEFDDAOBAggpsP3pYN1mAICCAAw
FAYIKoZIhvcNAwcECE72aWphMkwTBIGQthbvPmVdAumIJQ8SK9MUK0NMKuh3rYBq
Ry4f9VjLyhmsJPGn8Ds1UEvfK2GCSgSqoArm76L1qOGL70J1T58D5dz22gCNThZ/
8ZK0Fda/hATFLLznoJVlVRjgJ/Ifc0y8yWjI3Zad4afAbnozTYRcDq9ZAzOQyC59
ks9tm22SH81rVM8geiKx6usgsb4nSW+4
-----END ENCRYPTED PRIVATE KEY-----
";

    fn check(passwords: &[&str], expected: Result<(), &str>) {
        let plain = PrivateKeyDer::from_pem_slice(PLAIN.as_bytes()).unwrap();
        let passwords: Vec<_> = passwords.iter().map(|text| text.as_bytes().to_vec()).collect();
        for text in [AES, SCRYPT, TRIPLE_DES] {
            let text = format!("-----BEGIN X-----\n-----END X-----\n{text}rest");
            let found = decrypted(encrypted(text.as_bytes()).unwrap(), &passwords);
            match expected {
                Ok(()) => assert_eq!(found.unwrap().secret_der(), plain.secret_der()),
                Err(reason) => assert!(found.unwrap_err().contains(reason)),
            }
        }
    }

    #[test]
    fn passwords_open_keys_as_openssl_encrypts_them() {
        check(&["secret"], Ok(()));
        check(&["wrong", "secret", "other"], Ok(()));
        check(&["wrong", "Secret", "secret "], Err("bad decrypt"));
        check(&[], Err("ssl_password_file"));
    }

    #[test]
    fn sections_that_are_cut_or_changed_do_no_harm() {
        assert_eq!(encrypted(PLAIN.as_bytes()), None);
        assert_eq!(encrypted(&AES.as_bytes()[..200]), None);
        let secret = [b"secret".to_vec()];
        for at in (40..AES.len() - 40).step_by(7) {
            let mut text = AES.as_bytes().to_vec();
            text[at] = b'*';
            assert!(decrypted(encrypted(&text).unwrap(), &secret).is_err());
        }
    }
}
