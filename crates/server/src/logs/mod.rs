//! Error and access logs.
