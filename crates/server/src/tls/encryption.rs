//! What a handshake agreed on, as variables show it.

use outpour_core::request::Encryption;
use rustls::{CipherSuite, HandshakeKind, ProtocolVersion, ServerConnection};

use super::ClientVerdict;
use super::subject::names;

/// What the handshake of `tls` agreed on.
pub(crate) fn encryption(tls: &ServerConnection, client: &ClientVerdict) -> Encryption {
    let suite = tls.negotiated_cipher_suite().map(|suite| suite.suite());
    let chain = tls.peer_certificates().filter(|_| *client != ClientVerdict::None);
    let (client_issuer, client_subject) =
        chain.and_then(<[_]>::first).and_then(|own| names(own)).unzip();
    Encryption {
        protocol: match tls.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
            _ => "TLSv1.2",
        },
        cipher: suite.map_or("", spelling),
        server_name: tls.server_name().map(Into::into),
        reused: tls.handshake_kind() == Some(HandshakeKind::Resumed),
        client_verify: match client {
            ClientVerdict::None => "NONE".into(),
            ClientVerdict::Good => "SUCCESS".into(),
            ClientVerdict::Bad(reason) => format!("FAILED:{reason}").into(),
        },
        client_subject,
        client_issuer,
    }
}

/// OpenSSL's name of a cipher suite.
fn spelling(suite: CipherSuite) -> &'static str {
    #[expect(clippy::wildcard_enum_match_arm, reason = "no other suite is ever agreed on")]
    match suite {
        CipherSuite::TLS13_AES_128_GCM_SHA256 => "TLS_AES_128_GCM_SHA256",
        CipherSuite::TLS13_AES_256_GCM_SHA384 => "TLS_AES_256_GCM_SHA384",
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => "TLS_CHACHA20_POLY1305_SHA256",
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 => "ECDHE-ECDSA-AES128-GCM-SHA256",
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 => "ECDHE-ECDSA-AES256-GCM-SHA384",
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 => {
            "ECDHE-ECDSA-CHACHA20-POLY1305"
        }
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 => "ECDHE-RSA-AES128-GCM-SHA256",
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 => "ECDHE-RSA-AES256-GCM-SHA384",
        CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 => "ECDHE-RSA-CHACHA20-POLY1305",
        _ => "",
    }
}
