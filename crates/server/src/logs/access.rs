//! A line of an access log.

use outpour_core::settings::{AccessLog, Http};
use outpour_core::variables::{Piece, Scope};

use super::format;

/// The line for the request of `scope`, with its line end; `None` if the log's condition leaves it
/// out.
pub(super) fn line(log: &AccessLog, http: &Http, scope: &Scope<'_>) -> Option<Vec<u8>> {
    if let Some(condition) = &log.condition
        && matches!(condition.evaluate(scope).as_ref(), b"" | b"0")
    {
        return None;
    }
    let format = http.log_formats.get(log.format)?;
    let mut out = Vec::with_capacity(256);
    for piece in &format.pieces {
        match piece {
            Piece::Literal(text) => out.extend_from_slice(text),
            Piece::Variable(variable) => {
                format::value(format.escape, scope.lookup(variable).as_deref(), &mut out);
            }
        }
    }
    out.push(b'\n');
    Some(out)
}
