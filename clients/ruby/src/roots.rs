//! Ruby objects that the server refers to by number.
//!
//! I/O threads must not see a Ruby object: the collector may move it. What they hold is a number;
//! the object stands in one Hash, which Ruby marks and keeps right by itself.

use std::sync::atomic::{AtomicU64, Ordering};

use magnus::value::{InnerValue, Lazy};
use magnus::{Error, IntoValue, RHash, Ruby, TryConvert, Value};

static ROOTS: Lazy<RHash> = Lazy::new(Ruby::hash_new);
static NEXT: AtomicU64 = AtomicU64::new(1);

/// The number of an object that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Root(u64);

/// Makes the Hash, while nobody else can.
pub(crate) fn prepare(ruby: &Ruby) {
    Lazy::force(&ROOTS, ruby);
}

/// Keeps `value` until it is forgotten.
///
/// # Errors
/// Ruby has no memory left.
pub(crate) fn keep(ruby: &Ruby, value: impl IntoValue) -> Result<Root, Error> {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    ROOTS.get_inner_with(ruby).aset(number, value)?;
    Ok(Root(number))
}

/// The object, unless it was forgotten.
pub(crate) fn find<T: TryConvert>(ruby: &Ruby, root: Root) -> Option<T> {
    let value = ROOTS.get_inner_with(ruby).get(root.0)?;
    T::try_convert(value).ok()
}

/// Lets go of the object.
pub(crate) fn forget(ruby: &Ruby, root: Root) {
    // Fails for want of memory only; the object then stays, which harms nobody.
    let _ = ROOTS.get_inner_with(ruby).delete::<_, Value>(root.0);
}
