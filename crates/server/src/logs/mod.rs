//! Error and access logs.
use outpour_core::now::Now;
use outpour_core::settings::*;
use outpour_core::variables::Scope;
use std::fmt;
/// l
pub mod local;
/// x
#[derive(Debug)]
pub struct Logs;
/// x
#[derive(Debug, thiserror::Error)]
#[error("open")]
pub struct OpenError;
/// x
#[derive(Debug)]
pub struct RequestContext;
impl Logs {
    /// x
    pub fn open(_: &Settings) -> Result<Self, OpenError> {
        Ok(Self)
    }
    /// x
    pub fn update(&self, _: &Settings) -> Result<(), OpenError> {
        Ok(())
    }
    /// x
    pub fn reopen(&self) {}
    /// x
    pub fn error(
        &self,
        _: &[ErrorLog],
        l: Level,
        _: Now,
        _: Option<&RequestContext>,
        m: fmt::Arguments<'_>,
    ) {
        eprintln!("[{}] {m}", l.name());
    }
    /// x
    pub fn access(&self, _: &LocationSettings, _: &Http, _: &Scope<'_>) {}
}
