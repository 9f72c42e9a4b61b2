//! What a location says about files, redirections and error pages.

use std::sync::Arc;

use crate::variables::Expression;

/// Where a location's files lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// The value of `root` or `alias`.
    pub path: Expression,
    /// What relative values refer to; absolute.
    pub prefix: Box<[u8]>,
    /// What follows it in a file's name.
    pub kind: RootKind,
}

/// What follows a root in a file's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootKind {
    /// `root`: the whole path of the request.
    Root,
    /// `alias` in a location with a prefix of so many bytes: the path without it.
    Alias(usize),
    /// `alias` in a location with a regular expression: nothing.
    Whole,
}

/// A name of `index`, or of `try_files`.
pub type FileName = Expression;

/// `autoindex`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Autoindex {
    /// `autoindex`; default off.
    pub on: bool,
    /// `autoindex_format json`; default html.
    pub json: bool,
    /// `autoindex_exact_size`; default on.
    pub exact_size: bool,
    /// `autoindex_localtime`; default off: UTC.
    pub localtime: bool,
}

/// A candidate of `try_files`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The name, without the slash that asks for a directory.
    pub name: FileName,
    /// Whether a directory is looked for instead of a file.
    pub directory: bool,
}

/// What `try_files` does if nothing is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// `=CODE`
    Status(u16),
    /// A path with arguments, or `@name`.
    Uri(Expression),
}

/// `try_files`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TryFiles {
    /// The names that are looked for, in order.
    pub candidates: Vec<Candidate>,
    /// The last argument.
    pub fallback: Fallback,
}

/// Which status an error page is sent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageStatus {
    /// That of the error.
    Kept,
    /// `=`: that of the answer of the page's address.
    Own,
    /// `=CODE`
    Changed(u16),
}

/// `error_page`, for one code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorPage {
    /// The code.
    pub code: u16,
    /// The status that is sent.
    pub status: PageStatus,
    /// A path, `@name`, or the address of a redirect.
    pub target: Expression,
}

/// `if_modified_since`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfModifiedSince {
    /// The header is passed over.
    Off,
    /// The dates must be equal.
    Exact,
    /// The file must not be newer.
    Before,
}

/// `gzip_static`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GzipStatic {
    /// Compressed files are not looked for.
    Off,
    /// They are sent to clients that take them.
    On,
    /// They are sent to everybody.
    Always,
}

/// `disable_symlinks`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symlinks {
    /// They are followed.
    Follow,
    /// A name that goes through one is refused.
    Refuse,
    /// A name that goes through one whose owner is not that of its target is refused.
    RefuseForeign,
}

/// `secure_link` and its directives.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SecureLink {
    /// `secure_link`
    pub link: Option<Expression>,
    /// `secure_link_md5`
    pub md5: Option<Expression>,
    /// `secure_link_secret`: the old way.
    pub secret: Option<Box<[u8]>>,
}

/// `secure_link_hmac` and its directives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HmacLink {
    /// `secure_link_hmac`
    pub link: Expression,
    /// `secure_link_hmac_message`
    pub message: Expression,
    /// `secure_link_hmac_secret`
    pub secret: Expression,
    /// `secure_link_hmac_algorithm`: 256, 384 or 512.
    pub bits: u16,
}

/// Static files and everything about redirections inside the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// `root` or `alias`; default `html` below the prefix.
    pub root: Root,
    /// `index`; default `index.html`.
    pub index: Vec<FileName>,
    /// `autoindex` and friends.
    pub autoindex: Autoindex,
    /// `try_files`; default none. Not inherited.
    pub try_files: Option<TryFiles>,
    /// `error_page`; the first for a code counts.
    pub error_pages: Vec<ErrorPage>,
    /// `recursive_error_pages`; default off.
    pub recursive_error_pages: bool,
    /// `internal`; default off: 404 for requests from outside.
    pub internal: bool,
    /// `etag`; default on.
    pub etag: bool,
    /// `if_modified_since`; default exact.
    pub if_modified_since: IfModifiedSince,
    /// `max_ranges`; default no limit; 0: ranges are passed over.
    pub max_ranges: u64,
    /// `gzip_static`; default off.
    pub gzip_static: GzipStatic,
    /// `log_not_found`; default on.
    pub log_not_found: bool,
    /// `disable_symlinks`; default off.
    pub symlinks: Symlinks,
    /// `from=` of `disable_symlinks`: links in this part of a name are followed.
    pub symlinks_from: Option<Expression>,
    /// `secure_link`; default none.
    pub secure_link: Option<Arc<SecureLink>>,
    /// `secure_link_hmac`; default none.
    pub hmac_link: Option<Arc<HmacLink>>,
    /// `absolute_redirect`; default on.
    pub absolute_redirect: bool,
    /// `port_in_redirect`; default on.
    pub port_in_redirect: bool,
    /// `server_name_in_redirect`; default off.
    pub server_name_in_redirect: bool,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            root: Root {
                path: Expression::literal(*b"html"),
                prefix: Box::from(*b"/"),
                kind: RootKind::Root,
            },
            index: vec![Expression::literal(*b"index.html")],
            autoindex: Autoindex { on: false, json: false, exact_size: true, localtime: false },
            try_files: None,
            error_pages: Vec::new(),
            recursive_error_pages: false,
            internal: false,
            etag: true,
            if_modified_since: IfModifiedSince::Exact,
            max_ranges: u64::MAX,
            gzip_static: GzipStatic::Off,
            log_not_found: true,
            symlinks: Symlinks::Follow,
            symlinks_from: None,
            secure_link: None,
            hmac_link: None,
            absolute_redirect: true,
            port_in_redirect: true,
            server_name_in_redirect: false,
        }
    }
}
