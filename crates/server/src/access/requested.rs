//! Keys that other locations have given out: `auth_jwt_key_cache`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use outpour_core::access::jwt::Keys;
use outpour_core::now::Tick;
use outpour_core::settings::{KeyRequest, Origin};

/// Key sets that are remembered. Their number is that of the locations which ask.
const SETS_MAX: usize = 256;

/// Who asked for keys: a location, and which address.
type Asked = (Origin, Box<[u8]>);

/// Key sets by who asked, each until its time.
#[derive(Debug, Default)]
pub(crate) struct RequestedKeys {
    known: Mutex<HashMap<Asked, (Tick, Arc<Keys>)>>,
}

impl RequestedKeys {
    /// The keys, if they were asked for lately.
    pub(crate) fn find(&self, who: &Origin, asked: &KeyRequest, now: Tick) -> Option<Arc<Keys>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, keys) = known.get(&(who.clone(), address(asked)))?;
        (now < *until).then(|| Arc::clone(keys))
    }

    /// Keeps the keys for the time that the location says.
    pub(crate) fn keep(&self, who: &Origin, asked: &KeyRequest, keys: &Arc<Keys>, now: Tick) {
        if asked.cache.is_zero() {
            return;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= SETS_MAX {
            known.clear();
        }
        let kept = (now.after(asked.cache), Arc::clone(keys));
        known.insert((who.clone(), address(asked)), kept);
    }
}

fn address(asked: &KeyRequest) -> Box<[u8]> {
    [&asked.path, &b"?"[..], &asked.args].concat().into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn keys_are_kept_for_their_time() {
        let kept = RequestedKeys::default();
        let keys = Arc::new(Keys::parse(b"secret").unwrap());
        let who = |line| Origin { file: "a".into(), line };
        let asked = |path: &str, seconds| KeyRequest {
            path: path.as_bytes().into(),
            args: Box::default(),
            cache: Duration::from_secs(seconds),
        };
        let has = |line, path, now| kept.find(&who(line), &asked(path, 5), Tick(now)).is_some();
        kept.keep(&who(1), &asked("/k", 0), &keys, Tick(0));
        assert!(!has(1, "/k", 0));
        kept.keep(&who(1), &asked("/k", 5), &keys, Tick(0));
        assert!(has(1, "/k", 4999) && !has(1, "/k", 5000));
        assert!(!has(2, "/k", 0) && !has(1, "/other", 0));
        for line in 2..2000 {
            kept.keep(&who(line), &asked("/k", 5), &keys, Tick(0));
            assert!(kept.known.lock().unwrap().len() <= SETS_MAX);
        }
    }
}
