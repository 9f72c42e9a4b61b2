//! Files, and redirections inside the server.

use outpour_core::settings::{
    ErrorPage, FileName, GzipStatic, IfModifiedSince, RootKind, Symlinks, TryFiles,
};
use outpour_core::variables::Expression;

use super::inherit;

/// `disable_symlinks` with its `from=`.
#[derive(Clone, Debug)]
pub(crate) struct SymlinksDraft {
    pub(crate) mode: Symlinks,
    pub(crate) from: Option<Expression>,
}

/// Lists are inherited as a whole, or not at all.
#[derive(Clone, Debug, Default)]
pub(crate) struct FilesDraft {
    pub(crate) root: Option<(Expression, RootKind)>,
    pub(crate) index: Option<Vec<FileName>>,
    pub(crate) autoindex: Option<bool>,
    pub(crate) autoindex_json: Option<bool>,
    pub(crate) autoindex_exact_size: Option<bool>,
    pub(crate) autoindex_localtime: Option<bool>,
    /// Not inherited, not even by an `if`.
    pub(crate) try_files: Option<TryFiles>,
    pub(crate) error_pages: Option<Vec<ErrorPage>>,
    pub(crate) recursive_error_pages: Option<bool>,
    pub(crate) internal: Option<bool>,
    pub(crate) etag: Option<bool>,
    pub(crate) if_modified_since: Option<IfModifiedSince>,
    pub(crate) max_ranges: Option<u64>,
    pub(crate) gzip_static: Option<GzipStatic>,
    pub(crate) log_not_found: Option<bool>,
    pub(crate) symlinks: Option<SymlinksDraft>,
    pub(crate) secure_link: Option<Expression>,
    pub(crate) secure_link_md5: Option<Expression>,
    /// Not inherited.
    pub(crate) secure_link_secret: Option<Box<[u8]>>,
    pub(crate) hmac_link: Option<Expression>,
    pub(crate) hmac_message: Option<Expression>,
    pub(crate) hmac_secret: Option<Expression>,
    pub(crate) hmac_bits: Option<u16>,
    pub(crate) absolute_redirect: Option<bool>,
    pub(crate) port_in_redirect: Option<bool>,
    pub(crate) server_name_in_redirect: Option<bool>,
}

impl FilesDraft {
    pub(crate) fn inherit(&mut self, outer: &Self) {
        inherit!(self, outer;
            root index autoindex autoindex_json autoindex_exact_size autoindex_localtime error_pages
            recursive_error_pages internal etag if_modified_since max_ranges gzip_static
            log_not_found symlinks secure_link secure_link_md5 hmac_link hmac_message hmac_secret
            hmac_bits absolute_redirect port_in_redirect server_name_in_redirect);
    }
}
