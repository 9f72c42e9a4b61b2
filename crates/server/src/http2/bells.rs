//! Who is to be looked at again, because of what h2 did.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Wake, Waker};

use crate::connection::ConnectionKey;

/// The bells of one worker. Nobody else rings them; h2 asks for something that could be shared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bells(Arc<Rung>);

#[derive(Debug, Default)]
struct Rung {
    keys: Mutex<Vec<ConnectionKey>>,
    /// There are some: what is asked every turn, without the lock.
    any: AtomicBool,
}

struct Bell {
    key: ConnectionKey,
    bells: Bells,
}

impl Bells {
    /// The bell of a connection.
    pub(crate) fn bell(&self, key: ConnectionKey) -> Waker {
        Waker::from(Arc::new(Bell { key, bells: self.clone() }))
    }

    pub(crate) fn ring(&self, key: ConnectionKey) {
        self.0.keys.lock().unwrap_or_else(PoisonError::into_inner).push(key);
        self.0.any.store(true, Ordering::Release);
    }

    /// Whose bells have rung, each once.
    pub(crate) fn take(&self) -> Vec<ConnectionKey> {
        self.0.any.store(false, Ordering::Release);
        let rung = &self.0.keys;
        let mut keys = std::mem::take(&mut *rung.lock().unwrap_or_else(PoisonError::into_inner));
        keys.sort_unstable_by_key(|key| (key.slot, key.generation));
        keys.dedup();
        keys
    }

    pub(crate) fn are_silent(&self) -> bool {
        !self.0.any.load(Ordering::Acquire)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.bells.ring(self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_once() {
        let bells = Bells::default();
        let key = |slot| ConnectionKey { slot, generation: 1 };
        let bell = bells.bell(key(2));
        bells.ring(key(3));
        bell.wake_by_ref();
        bell.wake();
        assert!(!bells.are_silent());
        assert_eq!(bells.take(), [key(2), key(3)]);
        assert!(bells.are_silent());
        assert_eq!(bells.take(), []);
    }
}
