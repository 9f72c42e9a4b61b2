//! What Ruby code writes, as messages of the server.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};

use magnus::encoding::{Coderange, EncodingCapable};
use magnus::value::ReprValue;
use magnus::{Error, RString, Ruby, Value};
use outpour_server::application::{Outgoing, Upgrade};

/// Whether only Strings may be written.
static STRICT: AtomicBool = AtomicBool::new(false);

/// From here on anything but a String is a `TypeError`, or is not.
pub(crate) fn set_strict(strict: bool) {
    STRICT.store(strict, Ordering::Relaxed);
}

/// The bytes of a String, copied: Ruby code may change or free it at any time.
pub(crate) fn bytes(string: RString) -> Vec<u8> {
    // SAFETY: the slice ends with this statement, before any Ruby code can run.
    unsafe { string.as_slice() }.to_vec()
}

/// `data` as a String: itself, or what its `to_s` says.
///
/// # Errors
/// What `to_s` raises; a `TypeError` where only Strings may be written.
pub(crate) fn string(ruby: &Ruby, data: Value) -> Result<RString, Error> {
    if let Some(string) = RString::from_value(data) {
        return Ok(string);
    }
    if STRICT.load(Ordering::Relaxed) {
        // SAFETY: the name is copied at once.
        let class = unsafe { data.classname() }.into_owned();
        let text = format!("{class} is no String, and strict_write is on");
        return Err(Error::new(ruby.exception_type_error(), text));
    }
    data.funcall("to_s", ())
}

/// `string` as UTF-8.
///
/// # Errors
/// An `ArgumentError` for bytes that are none; an `EncodingError` for characters of another encoding
/// that have no place in it.
pub(crate) fn utf8(ruby: &Ruby, string: RString) -> Result<String, Error> {
    let encoding = string.enc_get();
    let is_utf8 = encoding == ruby.utf8_encindex() || encoding == ruby.usascii_encindex();
    if !is_utf8 && encoding != ruby.ascii8bit_encindex() {
        let transcoded: RString = string.funcall("encode", ("UTF-8",))?;
        return utf8(ruby, transcoded);
    }
    // What Ruby has found out about a text of its own need not be found out again.
    if is_utf8 && string.enc_coderange_scan() == Coderange::Broken {
        return Err(invalid(ruby));
    }
    String::from_utf8(bytes(string)).map_err(|_| invalid(ruby))
}

/// `data` as a message to a client that speaks `protocol`: a text, unless it is binary and can be
/// sent as such.
///
/// # Errors
/// As [`string`] and [`utf8`].
pub(crate) fn outgoing(
    ruby: &Ruby,
    data: Value,
    protocol: Upgrade,
) -> Result<Outgoing<'static>, Error> {
    let string = string(ruby, data)?;
    if protocol == Upgrade::WebSocket && string.enc_get() == ruby.ascii8bit_encindex() {
        return Ok(Outgoing::Binary(Cow::Owned(bytes(string))));
    }
    utf8(ruby, string).map(|text| Outgoing::Text(Cow::Owned(text)))
}

fn invalid(ruby: &Ruby) -> Error {
    Error::new(ruby.exception_arg_error(), "invalid byte sequence in UTF-8")
}
