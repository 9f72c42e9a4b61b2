//! Who is to be looked at again, because of what h2 did.

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
    task::{Wake, Waker},
};

/// The bells of one crowd. Nobody else rings them; h2 asks for something that could be shared.
#[derive(Debug, Clone, Default)]
pub(super) struct Bells(Arc<Mutex<Vec<usize>>>);

/// The bell of a token.
struct Bell {
    token: usize,
    bells: Bells,
}

impl Bells {
    /// Something for h2 to wake.
    pub(super) fn bell(&self, token: usize) -> Waker {
        Waker::from(Arc::new(Bell { token, bells: self.clone() }))
    }

    /// Has `token` looked at.
    pub(super) fn ring(&self, token: usize) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(token);
    }

    /// The tokens whose bells have rung, in their order, each once.
    pub(super) fn take(&self) -> Vec<usize> {
        let mut tokens = mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        tokens.sort_unstable();
        tokens.dedup();
        tokens
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.bells.ring(self.token);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.bells.ring(self.token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_once() {
        let bells = Bells::default();
        let bell = bells.bell(7);
        bells.ring(9);
        bell.wake_by_ref();
        bell.wake();
        assert_eq!(bells.take(), [7, 9]);
        assert!(bells.take().is_empty());
    }
}
