//! Waiting without Ruby's global lock.
//!
//! The one place that calls Ruby's C functions directly: magnus has no word for this.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

unsafe extern "C" {
    /// Declared in `ruby/thread.h`, which the bindings leave out. Does not look at interrupts itself,
    /// and so never unwinds through this frame; returns without calling `wait` if one is pending.
    fn rb_thread_call_without_gvl2(
        wait: Option<unsafe extern "C" fn(*mut c_void) -> *mut c_void>,
        wait_data: *mut c_void,
        unblock: Option<unsafe extern "C" fn(*mut c_void)>,
        unblock_data: *mut c_void,
    ) -> *mut c_void;
}

struct Errand<W, T> {
    wait: Option<W>,
    outcome: Option<T>,
}

/// Runs `wait` while other threads run Ruby code. `wait` touches nothing of Ruby's.
///
/// When Ruby wants this thread (a signal, `Thread#kill`), `unblock` is called from another one and
/// should make `wait` return. `None` if it wanted the thread before the wait began; the caller then
/// looks at its interrupts.
pub(crate) fn without_gvl<W, U, T>(wait: W, unblock: &U) -> Option<T>
where
    W: FnOnce() -> T,
    U: Fn() + Sync,
{
    let mut errand = Errand { wait: Some(wait), outcome: None };
    // SAFETY: both pointers are to values that outlive the call, each with the function for its
    // type. Ruby calls `unblock` only between the beginning and the end of this call.
    unsafe {
        rb_thread_call_without_gvl2(
            Some(run::<W, T>),
            (&raw mut errand).cast(),
            Some(call::<U>),
            ptr::from_ref(unblock).cast_mut().cast(),
        );
    }
    errand.outcome
}

/// # Safety
/// `data` is an `Errand<W, T>` that nobody else uses.
unsafe extern "C" fn run<W: FnOnce() -> T, T>(data: *mut c_void) -> *mut c_void {
    // SAFETY: as the function's own.
    let errand = unsafe { &mut *data.cast::<Errand<W, T>>() };
    if let Some(wait) = errand.wait.take() {
        errand.outcome = catch_unwind(AssertUnwindSafe(wait)).ok();
    }
    ptr::null_mut()
}

/// # Safety
/// `data` is a `U`.
unsafe extern "C" fn call<U: Fn() + Sync>(data: *mut c_void) {
    // SAFETY: as the function's own.
    let unblock = unsafe { &*data.cast::<U>() };
    let _ = catch_unwind(AssertUnwindSafe(unblock));
}
