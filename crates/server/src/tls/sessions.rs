//! Sessions that clients take up again: `ssl_session_cache`, `ssl_session_tickets`,
//! `ssl_session_timeout`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use outpour_core::settings::Tls;
use rustls::ServerConfig;
use rustls::crypto::ring::Ticketer;
use rustls::server::{
    NoServerSessionStorage, ProducesTickets, ServerSessionMemoryCache, StoresServerSessions,
};
use rustls::ticketer::TicketRotator;

use super::error::TlsError;

/// What a session takes in memory, about.
const SESSION_BYTES: u64 = 256;

/// Most sessions that are remembered, whatever the size of the cache.
const SESSIONS_MAX: u64 = 1 << 20;

/// Tickets that a TLS 1.3 client gets, as OpenSSL.
const TICKETS: usize = 2;

/// Makes `config` remember sessions as `settings` say.
pub(super) fn set_up(config: &mut ServerConfig, settings: &Tls) -> Result<(), TlsError> {
    let lifetime = settings.session_timeout;
    config.session_storage = match settings.session_cache {
        None => Arc::new(NoServerSessionStorage {}),
        Some(bytes) => {
            let sessions = (bytes / SESSION_BYTES).clamp(1, SESSIONS_MAX);
            let sessions = usize::try_from(sessions).unwrap_or(usize::MAX);
            Arc::new(Cache { sessions: ServerSessionMemoryCache::new(sessions), lifetime })
        }
    };
    if settings.session_tickets {
        let seconds = u32::try_from(lifetime.as_secs()).unwrap_or(u32::MAX).max(1);
        let rotator = TicketRotator::new(seconds, || {
            let ticketer = Ticketer::new().map_err(|_| rustls::crypto::GetRandomFailed)?;
            Ok(Box::new(Tickets(ticketer)))
        });
        config.ticketer = Arc::new(rotator.map_err(|error| TlsError::Setup(error.to_string()))?);
    }
    let resumable = settings.session_tickets || settings.session_cache.is_some();
    config.send_tls13_tickets = if resumable { TICKETS } else { 0 };
    Ok(())
}

/// Tickets of one key; the rotation around them decides how long it is valid.
#[derive(Debug)]
struct Tickets(Arc<dyn ProducesTickets>);

impl ProducesTickets for Tickets {
    fn enabled(&self) -> bool {
        self.0.enabled()
    }

    fn lifetime(&self) -> u32 {
        self.0.lifetime()
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.0.encrypt(plain)
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        self.0.decrypt(cipher)
    }
}

/// Sessions in memory, each with the time of its end in front.
#[derive(Debug)]
struct Cache {
    sessions: Arc<ServerSessionMemoryCache>,
    lifetime: Duration,
}

impl Cache {
    fn valid(&self, mut value: Vec<u8>) -> Option<Vec<u8>> {
        let session = value.split_off(8);
        let ends = u64::from_le_bytes(value.try_into().ok()?);
        (ends > millis()).then_some(session)
    }
}

impl StoresServerSessions for Cache {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        let lifetime = u64::try_from(self.lifetime.as_millis()).unwrap_or(u64::MAX);
        let ends = millis().saturating_add(lifetime);
        self.sessions.put(key, [&ends.to_le_bytes()[..], &value].concat())
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.sessions.get(key).and_then(|value| self.valid(value))
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.sessions.take(key).and_then(|value| self.valid(value))
    }

    fn can_cache(&self) -> bool {
        true
    }
}

/// Milliseconds since some moment before the first session.
fn millis() -> u64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_end_with_their_time() {
        for (seconds, expected) in [(300, Some(b"session".to_vec())), (0, None)] {
            let lifetime = Duration::from_secs(seconds);
            let cache = Cache { sessions: ServerSessionMemoryCache::new(8), lifetime };
            assert!(cache.put(b"key".to_vec(), b"session".to_vec()));
            assert_eq!(cache.get(b"key"), expected);
            assert_eq!(cache.take(b"key"), expected);
            assert_eq!(cache.take(b"key"), None);
        }
    }
}
