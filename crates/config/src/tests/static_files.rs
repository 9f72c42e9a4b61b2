//! Files, redirections and `rewrite` as settings.

use outpour_core::router::{Flow, Statement};
use outpour_core::settings::*;
use outpour_core::variables::Expression;

use super::loaded;

fn location(text: &str) -> Location {
    let text = format!("http {{ server {{\n{text}\n}} }}");
    let http = loaded(&text).settings.and_then(|settings| settings.http);
    http.unwrap_or_else(|| panic!("{text}")).servers.remove(0).locations.remove(0)
}

fn literal(text: &str) -> Expression {
    Expression::literal(text.as_bytes())
}

#[test]
fn defaults_are_those_of_nginx() {
    let files = location("location / { }").settings.files.clone();
    let root = Root { prefix: files.root.prefix.clone(), ..Files::default().root };
    assert_eq!(files, Files { root, ..Files::default() });
}

#[test]
fn roots() {
    let check = |text: &str, path: &str, kind| {
        let root = &location(text).settings.files.root;
        assert_eq!((&root.path, root.kind), (&literal(path), kind), "{text}");
    };
    check("root /www/; location / { }", "/www", RootKind::Root);
    check("location /a/ { alias /www/; }", "/www/", RootKind::Alias(3));
    check("location ~ ^/a { alias /www; }", "/www", RootKind::Whole);
}

#[test]
fn every_directive() {
    let settings = location(
        "location / { index a.html /b.html; autoindex on; autoindex_exact_size off;
         autoindex_format json; autoindex_localtime on; etag off; if_modified_since before;
         max_ranges 3; gzip_static always; log_not_found off; disable_symlinks if_not_owner from=/x;
         error_page 404 =200 /e; error_page 500 502 @f; recursive_error_pages on; internal;
         absolute_redirect off; port_in_redirect off; server_name_in_redirect on;
         try_files $uri $uri/ =404; }",
    )
    .settings;
    let files = &settings.files;
    assert_eq!(files.index, [literal("a.html"), literal("/b.html")]);
    let autoindex = Autoindex { on: true, json: true, exact_size: false, localtime: true };
    assert_eq!(files.autoindex, autoindex);
    assert_eq!((files.etag, files.max_ranges, files.log_not_found), (false, 3, false));
    assert_eq!(files.if_modified_since, IfModifiedSince::Before);
    assert_eq!(files.gzip_static, GzipStatic::Always);
    assert_eq!(files.symlinks, Symlinks::RefuseForeign);
    assert_eq!(files.symlinks_from, Some(literal("/x")));
    let codes: Vec<_> = files.error_pages.iter().map(|page| (page.code, page.status)).collect();
    let kept = PageStatus::Kept;
    assert_eq!(codes, [(404, PageStatus::Changed(200)), (500, kept), (502, kept)]);
    assert!(files.recursive_error_pages && files.internal && files.server_name_in_redirect);
    assert!(!files.absolute_redirect && !files.port_in_redirect);
    let try_files = files.try_files.as_ref().unwrap();
    let directories: Vec<_> = try_files.candidates.iter().map(|c| c.directory).collect();
    assert_eq!((directories, &try_files.fallback), (vec![false, true], &Fallback::Status(404)));
}

#[test]
fn rewrites() {
    let check = |text: &str, flow, query: bool, keeps_args: bool| {
        let location = location(&format!("location / {{ rewrite {text}; }}"));
        let [Statement::Rewrite(rewrite)] = &location.script[..] else { panic!("{text}") };
        let found = (rewrite.flow, rewrite.query.is_some(), rewrite.keeps_args);
        assert_eq!(found, (flow, query, keeps_args), "{text}");
    };
    check("^/a /b", Flow::Next, false, true);
    check("^/a /b?c=$1 last", Flow::Last, true, true);
    check("^/a /b? break", Flow::Break, false, false);
    check("^/a /b?c=d redirect", Flow::Redirect(302), false, true);
    check("^/a /b permanent", Flow::Redirect(301), false, true);
    check("^/a http://h/b?", Flow::Redirect(302), false, false);
    check("^/a $scheme://h/b last", Flow::Redirect(302), false, true);
}

#[test]
fn mistakes() {
    let check = |text: &str, expected: &str| {
        let found = super::lines(&format!("http {{ server {{ location /a {{ {text} }} }} }}"));
        assert!(found.iter().any(|line| line.contains(expected)), "{text}: {found:?}");
    };
    check("root /a; alias /b;", "\"alias\" directive is duplicate");
    check("root $document_root/a;", "cannot be used in the \"root\" directive");
    check("rewrite ^/a /b lst;", "invalid parameter \"lst\"");
    check("rewrite ( /b;", "invalid regular expression");
    check("error_page 200 /x;", "must be between 300 and 599");
    check("error_page x /x;", "invalid value \"x\"");
    check("try_files $uri =x;", "invalid code \"x\"");
    check("autoindex_format xml;", "is not implemented yet");
    check("disable_symlinks from=/x;", "must have");
    check("gzip_static maybe;", "invalid value \"maybe\"");
}
