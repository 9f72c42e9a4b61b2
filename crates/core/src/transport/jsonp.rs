//! JSONP: the messages as arguments of a JavaScript call.

/// The content type of such an answer.
pub(super) const CONTENT_TYPE: &[u8] = b"application/javascript";
/// Between two messages.
pub(super) const SEPARATOR: &[u8] = b",";
/// Behind the last message.
pub(super) const CLOSE: &[u8] = b"]);";

/// What stands before the first message: the callback's name as the client gave it.
pub(super) fn open(callback: &[u8]) -> Vec<u8> {
    [callback, b"(["].concat()
}
