//! What happens to exceptions that an application lets through.

use std::cell::Cell;

use magnus::error::ErrorType;
use magnus::value::ReprValue;
use magnus::{Class, Error, Module, RModule, Ruby, Value};

thread_local! {
    /// What this thread has to raise once it is out of the server's code.
    static PENDING: Cell<Option<Error>> = const { Cell::new(None) };
}

/// Logs an exception; `exit`, signals and `Thread#kill` are kept for [`take_pending`] instead.
///
/// Between the two no Ruby code may run: nothing marks what is kept.
pub(crate) fn report(ruby: &Ruby, place: &str, error: Error) {
    if is_end(ruby, &error) {
        PENDING.set(Some(error));
        return;
    }
    let exception = match error.error_type() {
        ErrorType::Exception(exception) => Ok(*exception),
        ErrorType::Error(class, text) => class.new_instance((&**text,)),
        ErrorType::Jump(_) => return,
    };
    // A log that fails has nobody to be told of it.
    if let (Ok(exception), Ok(log)) = (exception, log(ruby)) {
        let _: Result<Value, Error> = log.funcall("exception", (place, exception));
    }
}

/// What the thread has to raise.
pub(crate) fn take_pending() -> Option<Error> {
    PENDING.take()
}

/// Whether the thread has something to raise, and may not run Ruby code before.
pub(crate) fn is_pending() -> bool {
    let pending = PENDING.take();
    let is_some = pending.is_some();
    PENDING.set(pending);
    is_some
}

/// Whether the exception is meant for the thread or the process rather than for the callback.
fn is_end(ruby: &Ruby, error: &Error) -> bool {
    match error.error_type() {
        ErrorType::Jump(_) => true,
        ErrorType::Error(..) | ErrorType::Exception(_) => {
            error.is_kind_of(ruby.exception_system_exit())
                || error.is_kind_of(ruby.exception_signal())
        }
    }
}

fn log(ruby: &Ruby) -> Result<RModule, Error> {
    let outpour: RModule = ruby.class_object().const_get("Outpour")?;
    outpour.const_get("Log")
}
