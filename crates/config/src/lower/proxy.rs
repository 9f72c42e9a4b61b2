//! `proxy_pass` and the directives around it: the draft with its defaults.

use std::sync::Arc;
use std::time::Duration;

use outpour_core::settings::{
    Certificate, Grip, NextUpstream, Proxy, ProxyAnswer, ProxyHeader, ProxyLimits, ProxyPass,
    ProxyRequest, ProxyRewrite, ProxyRewriteFrom, ProxyTls, ProxyUri, ProxyVersion, Resolver,
};
use outpour_core::variables::{Builtin, Expression, Variable};

use crate::draft::{
    Block, GripMode, PassDraft, PassTo, ProxyDraft, ProxyTlsDraft, RedirectDraft, ResolverDraft,
};
use crate::source::Span;

use super::Lowering;
use super::http::MINUTE;

/// Headers of answers that are the server's business.
const HIDDEN: [&[u8]; 8] = [
    b"date",
    b"server",
    b"x-accel-buffering",
    b"x-accel-charset",
    b"x-accel-expires",
    b"x-accel-limit-rate",
    b"x-accel-redirect",
    b"x-pad",
];

impl Lowering<'_> {
    /// What the block does with its requests; `None` if it hands on nothing.
    pub(super) fn proxy(&mut self, block: &Block) -> Option<Arc<Proxy>> {
        let draft = &block.proxy;
        let pass_draft = draft.pass.as_ref().filter(|_| block.push.role.is_none())?;
        let pass = self.pass(pass_draft)?;
        let tls = pass_is_tls(pass_draft);
        Some(Arc::new(Proxy {
            pass,
            request: request(draft),
            answer: answer(draft, &pass_draft.to),
            limits: limits(draft),
            next: NextUpstream {
                tries: draft.next_tries.unwrap_or(0),
                time: draft.next_time.filter(|time| !time.is_zero()),
                ..draft.next.clone().unwrap_or_default()
            },
            tls: Arc::new(self.proxy_tls(&draft.tls, tls, pass_draft.at)),
            resolver: Arc::new(resolver(&draft.resolver)),
            bind: draft.bind.clone().flatten(),
            socket_keepalive: draft.socket_keepalive.unwrap_or(false),
            ignore_client_abort: draft.ignore_client_abort.unwrap_or(false),
            grip: grip(draft),
        }))
    }

    fn pass(&mut self, draft: &PassDraft) -> Option<ProxyPass> {
        let (url, prefix) = match &draft.to {
            PassTo::Variable(url) => return Some(ProxyPass::Variable(url.clone())),
            PassTo::Fixed { url, prefix } => (url, prefix.len()),
        };
        Some(ProxyPass::Fixed {
            tls: url.tls,
            upstream: self.upstream(url, draft.at)?,
            host: url.host(),
            port: url.port(),
            uri: match url.path.is_empty() {
                true => ProxyUri::Kept,
                false => ProxyUri::Replaced { path: url.path.clone(), prefix },
            },
        })
    }

    fn proxy_tls(&mut self, draft: &ProxyTlsDraft, used: bool, at: Span) -> ProxyTls {
        let (tls12, tls13) = draft.protocols.unwrap_or((true, true));
        let verify = draft.verify.unwrap_or(false);
        if used && verify && draft.trusted_certificate.is_none() {
            self.report.emerg(at, "no proxy_ssl_trusted_certificate for proxy_ssl_verify");
        }
        let certificate = match (&draft.certificate, &draft.certificate_key) {
            (Some(chain), Some(key)) => {
                let passwords = draft.password_file.clone();
                Some(Certificate { chain: chain.clone(), key: key.clone(), passwords })
            }
            (Some(chain), None) if used => {
                let name = chain.display();
                let text = "no \"proxy_ssl_certificate_key\" is defined for certificate";
                self.report.emerg(at, format!("{text} \"{name}\""));
                None
            }
            (Some(_) | None, _) => None,
        };
        let own = || Expression::variable(Variable::Builtin(Builtin::ProxyHost));
        ProxyTls {
            name: draft.name.clone().unwrap_or_else(own),
            server_name: draft.server_name.unwrap_or(false),
            verify,
            verify_depth: draft.verify_depth.unwrap_or(1),
            trusted_certificate: draft.trusted_certificate.clone(),
            certificate,
            tls12,
            tls13,
            session_reuse: draft.session_reuse.unwrap_or(true),
        }
    }
}

/// Whether a handshake may come: what has variables may turn out to be `https`.
fn pass_is_tls(draft: &PassDraft) -> bool {
    match &draft.to {
        PassTo::Fixed { url, .. } => url.tls,
        PassTo::Variable(_) => true,
    }
}

fn request(draft: &ProxyDraft) -> ProxyRequest {
    ProxyRequest {
        version: draft.version.unwrap_or(ProxyVersion::Http10),
        method: draft.method.clone(),
        headers: headers(draft.set_headers.as_deref().unwrap_or_default()),
        pass_headers: draft.pass_request_headers.unwrap_or(true),
        pass_body: draft.pass_request_body.unwrap_or(true),
        body: draft.set_body.clone(),
        buffering: draft.request_buffering.unwrap_or(true),
    }
}

/// The headers given, then nginx's own that none of them replaces.
fn headers(given: &[ProxyHeader]) -> Vec<ProxyHeader> {
    let literal = |text: &str| Expression::literal(text.as_bytes());
    let defaults = [
        ("Host", Expression::variable(Variable::Builtin(Builtin::ProxyHost))),
        ("Connection", literal("close")),
        ("TE", literal("")),
        ("Keep-Alive", literal("")),
        ("Expect", literal("")),
        ("Upgrade", literal("")),
    ];
    let replaced = |name: &str| given.iter().any(|header| header.name.eq_ignore_ascii_case(name));
    let own = defaults
        .into_iter()
        .filter(|(name, _)| !replaced(name))
        .map(|(name, value)| ProxyHeader { name: name.into(), value });
    given.iter().cloned().chain(own).collect()
}

fn answer(draft: &ProxyDraft, pass: &PassTo) -> ProxyAnswer {
    ProxyAnswer {
        buffering: draft.buffering.unwrap_or(true),
        hidden: hidden(draft),
        ignored: draft.ignore_headers.unwrap_or_default(),
        intercept_errors: draft.intercept_errors.unwrap_or(false),
        redirects: redirects(draft, pass),
        cookie_domains: draft.cookie_domains.clone().unwrap_or_default(),
        cookie_paths: draft.cookie_paths.clone().unwrap_or_default(),
        cookie_flags: draft.cookie_flags.clone().unwrap_or_default(),
    }
}

fn hidden(draft: &ProxyDraft) -> Vec<Box<[u8]>> {
    let passed = draft.pass_headers.as_deref().unwrap_or_default();
    let more = draft.hide_headers.iter().flatten().cloned();
    let mut hidden: Vec<Box<[u8]>> = HIDDEN.map(Box::from).into_iter().chain(more).collect();
    hidden.retain(|name| !passed.contains(name));
    hidden.sort_unstable();
    hidden.dedup();
    hidden
}

fn redirects(draft: &ProxyDraft, pass: &PassTo) -> Vec<ProxyRewrite> {
    if draft.redirect_off == Some(true) {
        return Vec::new();
    }
    let default = [RedirectDraft::Default];
    let drafts = draft.redirects.as_deref().unwrap_or(&default);
    let rules = drafts.iter().filter_map(|draft| match draft {
        RedirectDraft::Rule(rule) => Some(rule.clone()),
        RedirectDraft::Default => default_redirect(pass),
    });
    rules.collect()
}

/// The address of `proxy_pass` becomes the location; without a path it becomes the server.
fn default_redirect(pass: &PassTo) -> Option<ProxyRewrite> {
    let PassTo::Fixed { url, prefix } = pass else { return None };
    let (from, to): (Vec<u8>, &[u8]) = match url.path.is_empty() {
        true => ([&url.text, &b"/"[..]].concat(), b"/"),
        false => (url.text.to_vec(), prefix),
    };
    let from = ProxyRewriteFrom::Text(Expression::literal(from));
    Some(ProxyRewrite { from, to: Expression::literal(to) })
}

fn limits(draft: &ProxyDraft) -> ProxyLimits {
    const PAGE: usize = 4096;
    ProxyLimits {
        connect_timeout: draft.connect_timeout.unwrap_or(MINUTE),
        send_timeout: draft.send_timeout.unwrap_or(MINUTE),
        read_timeout: draft.read_timeout.unwrap_or(MINUTE),
        buffer_size: draft.buffer_size.unwrap_or(PAGE),
        buffers: draft.buffers.unwrap_or(8 * PAGE),
    }
}

fn grip(draft: &ProxyDraft) -> Option<Arc<Grip>> {
    let websocket = match draft.grip? {
        GripMode::On => true,
        GripMode::Http => false,
        GripMode::Off => return None,
    };
    let key = draft.grip_key.as_ref();
    let issuer = key.and_then(|key| key.issuer.clone()).unwrap_or_else(|| "outpour".into());
    Some(Arc::new(Grip { websocket, key: key.map(|key| key.key.clone()), issuer }))
}

fn resolver(draft: &ResolverDraft) -> Resolver {
    let default = Resolver::default();
    let timeout = draft.timeout.unwrap_or(Duration::from_secs(30));
    match &draft.servers {
        None => Resolver { timeout, ..default },
        Some(servers) => Resolver {
            servers: servers.addresses.clone(),
            valid: servers.valid,
            ipv4: servers.ipv4,
            ipv6: servers.ipv6,
            timeout,
        },
    }
}
