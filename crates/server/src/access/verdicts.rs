//! Verdicts about passwords whose hashes take long.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};

/// Verdicts of one kind that are remembered at most, in two generations.
const VERDICTS_MAX: usize = 8192;

/// A fast hash of a password and what it was compared with, under a key that only this process
/// knows: neither can be told from it.
type Fingerprint = [u8; 32];

/// What is known about passwords that were verified. A password itself is never kept; a verdict
/// about one user's old hash is of no use once the file has another.
pub(crate) struct Verdicts {
    /// `None` if the system has no randomness to give: nothing is remembered then.
    key: Option<hmac::Key>,
    /// Good ones apart: whoever tries bad ones pushes no good one out.
    good: Mutex<Generations>,
    bad: Mutex<Generations>,
}

impl Default for Verdicts {
    fn default() -> Self {
        let mut bytes = [0; 32];
        let random = SystemRandom::new().fill(&mut bytes);
        let key = random.ok().map(|()| hmac::Key::new(hmac::HMAC_SHA256, &bytes));
        Self { key, good: Mutex::default(), bad: Mutex::default() }
    }
}

impl Verdicts {
    /// The verdict about this password, if there was one.
    pub(crate) fn find(&self, hash: &[u8], password: &[u8]) -> Option<bool> {
        let fingerprint = self.fingerprint(hash, password)?;
        let has = |kind: &Mutex<Generations>| {
            kind.lock().unwrap_or_else(PoisonError::into_inner).has(&fingerprint)
        };
        if has(&self.good) {
            return Some(true);
        }
        has(&self.bad).then_some(false)
    }

    pub(crate) fn remember(&self, hash: &[u8], password: &[u8], verdict: bool) {
        let Some(fingerprint) = self.fingerprint(hash, password) else { return };
        let kind = if verdict { &self.good } else { &self.bad };
        kind.lock().unwrap_or_else(PoisonError::into_inner).insert(fingerprint);
    }

    fn fingerprint(&self, hash: &[u8], password: &[u8]) -> Option<Fingerprint> {
        let mut context = hmac::Context::with_key(self.key.as_ref()?);
        context.update(&(hash.len() as u64).to_le_bytes());
        context.update(hash);
        context.update(password);
        context.sign().as_ref().try_into().ok()
    }
}

impl std::fmt::Debug for Verdicts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verdicts").finish_non_exhaustive()
    }
}

/// Two generations: when the young one is full it becomes the old one, and what nobody has asked
/// for since is forgotten.
#[derive(Default)]
struct Generations {
    young: HashMap<Fingerprint, ()>,
    old: HashMap<Fingerprint, ()>,
}

impl Generations {
    fn has(&mut self, fingerprint: &Fingerprint) -> bool {
        if self.young.contains_key(fingerprint) {
            return true;
        }
        let found = self.old.contains_key(fingerprint);
        if found {
            self.insert(*fingerprint);
        }
        found
    }

    fn insert(&mut self, fingerprint: Fingerprint) {
        if self.young.len() >= VERDICTS_MAX / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(fingerprint, ());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_belong_to_hash_and_password() {
        let verdicts = Verdicts::default();
        assert_eq!(verdicts.find(b"$2y$a", b"secret"), None);
        verdicts.remember(b"$2y$a", b"secret", true);
        verdicts.remember(b"$2y$a", b"wrong", false);
        assert_eq!(verdicts.find(b"$2y$a", b"secret"), Some(true));
        assert_eq!(verdicts.find(b"$2y$a", b"wrong"), Some(false));
        assert_eq!(verdicts.find(b"$2y$b", b"secret"), None);
        // Where one ends and the other begins counts.
        assert_eq!(verdicts.find(b"$2y$", b"asecret"), None);
    }

    #[test]
    fn bad_ones_push_no_good_one_out_and_all_are_bounded() {
        let verdicts = Verdicts::default();
        verdicts.remember(b"h", b"good", true);
        for number in 0..2 * VERDICTS_MAX {
            verdicts.remember(b"h", &number.to_le_bytes(), false);
        }
        assert_eq!(verdicts.find(b"h", b"good"), Some(true));
        let bad = verdicts.bad.lock().unwrap();
        assert!(bad.young.len() + bad.old.len() <= VERDICTS_MAX);
    }

    #[test]
    fn what_is_asked_for_stays() {
        let mut kept = Generations::default();
        let print = |number: usize| {
            let mut print = [0; 32];
            print[..8].copy_from_slice(&number.to_le_bytes());
            print
        };
        kept.insert(print(usize::MAX));
        for number in 0..2 * VERDICTS_MAX {
            kept.insert(print(number));
            assert!(kept.has(&print(usize::MAX)));
        }
        assert!(!kept.has(&print(0)));
    }
}
