//! Files and redirections inside the server: the draft with its defaults.

use std::os::unix::ffi::OsStrExt as _;
use std::sync::Arc;

use outpour_core::settings::{Autoindex, Files, HmacLink, Root, RootKind, SecureLink, Symlinks};
use outpour_core::variables::Expression;

use crate::draft::FilesDraft;

use super::Lowering;

impl Lowering<'_> {
    pub(super) fn files(&self, draft: &FilesDraft) -> Files {
        let default = Files::default();
        let html = || (Expression::literal(*b"html"), RootKind::Root);
        let (path, kind) = draft.root.clone().unwrap_or_else(html);
        let prefix = self.prefix.as_os_str().as_bytes().into();
        let symlinks = draft.symlinks.as_ref();
        Files {
            root: Root { path, prefix, kind },
            index: draft.index.clone().unwrap_or(default.index),
            autoindex: Autoindex {
                on: draft.autoindex.unwrap_or(false),
                json: draft.autoindex_json.unwrap_or(false),
                exact_size: draft.autoindex_exact_size.unwrap_or(true),
                localtime: draft.autoindex_localtime.unwrap_or(false),
            },
            try_files: draft.try_files.clone(),
            error_pages: draft.error_pages.clone().unwrap_or_default(),
            recursive_error_pages: draft.recursive_error_pages.unwrap_or(false),
            internal: draft.internal.unwrap_or(false),
            etag: draft.etag.unwrap_or(default.etag),
            if_modified_since: draft.if_modified_since.unwrap_or(default.if_modified_since),
            max_ranges: draft.max_ranges.unwrap_or(default.max_ranges),
            gzip_static: draft.gzip_static.unwrap_or(default.gzip_static),
            log_not_found: draft.log_not_found.unwrap_or(default.log_not_found),
            symlinks: symlinks.map_or(Symlinks::Follow, |symlinks| symlinks.mode),
            symlinks_from: symlinks.and_then(|symlinks| symlinks.from.clone()),
            secure_link: secure_link(draft),
            hmac_link: hmac_link(draft),
            absolute_redirect: draft.absolute_redirect.unwrap_or(default.absolute_redirect),
            port_in_redirect: draft.port_in_redirect.unwrap_or(default.port_in_redirect),
            server_name_in_redirect: draft.server_name_in_redirect.unwrap_or(false),
        }
    }
}

fn secure_link(draft: &FilesDraft) -> Option<Arc<SecureLink>> {
    let secret = draft.secure_link_secret.clone();
    if draft.secure_link.is_none() && secret.is_none() {
        return None;
    }
    let (link, md5) = (draft.secure_link.clone(), draft.secure_link_md5.clone());
    Some(Arc::new(SecureLink { link, md5, secret }))
}

fn hmac_link(draft: &FilesDraft) -> Option<Arc<HmacLink>> {
    Some(Arc::new(HmacLink {
        link: draft.hmac_link.clone()?,
        message: draft.hmac_message.clone()?,
        secret: draft.hmac_secret.clone()?,
        bits: draft.hmac_bits.unwrap_or(256),
    }))
}
