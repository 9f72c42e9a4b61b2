//! Directives of the main level.

use outpour_core::settings::WorkerProcesses;

use crate::draft::Block;
use crate::lower::Lowering;
use crate::source::Span;
use crate::syntax::{Node, bytes_to_path};
use crate::values;

use super::table::{Args, Contexts, Directive, row};

const MAIN: Contexts = Contexts::MAIN;

pub(crate) const ROWS: &[Directive] = &[
    row(
        "worker_processes",
        MAIN,
        Args::new(1, 1, "number | auto"),
        "auto",
        "How many workers (threads) serve; auto, and no directive, is one per core.",
        worker_processes,
    ),
    row(
        "daemon",
        MAIN,
        Args::FLAG,
        "off",
        "Whether the server goes into the background; without the directive it stays in front.",
        |l, b, n| b.main.daemon = l.flag(n),
    ),
    row(
        "pid",
        MAIN,
        Args::PATH,
        "PREFIX/logs/nginx.pid if PREFIX/logs exists",
        "File that holds the process id of the server.",
        |l, b, n| b.main.pid = n.args.first().map(|word| l.prefixed(&word.value)),
    ),
    row(
        "user",
        MAIN,
        Args::new(1, 2, "name [group]"),
        "none",
        "User and group that the server runs as when it is started by root.",
        |_, b, n| {
            b.main.user = n.args.first().map(|name| (name.text(), n.args.get(1).map(|g| g.text())));
        },
    ),
    row(
        "worker_rlimit_nofile",
        MAIN,
        Args::NUMBER,
        "the hard limit",
        "How many files and connections may be open.",
        |l, b, n| b.main.worker_rlimit_nofile = l.number(n),
    ),
    row(
        "worker_shutdown_timeout",
        MAIN,
        Args::TIME,
        "none",
        "How long a server that quits waits for its connections.",
        |l, b, n| b.main.worker_shutdown_timeout = l.milliseconds(n),
    ),
    row(
        "working_directory",
        MAIN,
        Args::PATH,
        "none",
        "Directory that the server changes to.",
        |_, b, n| b.main.working_directory = n.args.first().map(|word| bytes_to_path(&word.value)),
    ),
    row(
        "load_module",
        MAIN,
        Args::new(1, 1, "file"),
        "none",
        "Accepted without effect: the push-stream module is built in, and directives of others are \
         refused by name.",
        load_module,
    )
    .repeats()
    .inert(),
    row(
        "events",
        MAIN,
        Args::block(0, 0, ""),
        "none",
        "Holds worker_connections; the rest of it has no meaning here.",
        |l, b, n| nested(l, b, n, Contexts::EVENTS),
    ),
    row("http", MAIN, Args::block(0, 0, ""), "none", "Holds everything about HTTP.", |l, b, n| {
        let mut http = Block::new(Contexts::HTTP, "http".into(), n.name.span);
        l.walk(n.block.as_deref().unwrap_or_default(), &mut http);
        b.blocks.push(http);
    }),
];

fn nested(l: &mut Lowering<'_>, b: &mut Block, n: &Node, context: Contexts) {
    let here: Span = n.name.span;
    let mut inner = Block::new(context, n.name.text(), here);
    std::mem::swap(&mut inner.main, &mut b.main);
    l.walk(n.block.as_deref().unwrap_or_default(), &mut inner);
    std::mem::swap(&mut inner.main, &mut b.main);
}

fn worker_processes(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let Some(word) = n.args.first() else { return };
    if word.is("auto") {
        b.main.worker_processes = Some(WorkerProcesses::Auto);
        return;
    }
    let count = values::number(&word.value).filter(|count| *count > 0);
    match count.and_then(|count| usize::try_from(count).ok()) {
        Some(count) => b.main.worker_processes = Some(WorkerProcesses::Count(count)),
        None => {
            let message = "\"worker_processes\" directive invalid value".to_owned();
            let help = "a number above 0, or auto".to_owned();
            l.report.emerg_help(word.span, message, help);
        }
    }
}

/// Modules that do nothing by themselves: what they would do is asked for by directives, and these
/// are refused by name.
const QUIET_MODULES: [&str; 24] = [
    "ndk_http",
    "ngx_http_auth_pam",
    "ngx_http_brotli",
    "ngx_http_cache_purge",
    "ngx_http_dav_ext",
    "ngx_http_echo",
    "ngx_http_fancyindex",
    "ngx_http_geoip",
    "ngx_http_headers_more_filter",
    "ngx_http_image_filter",
    "ngx_http_js",
    "ngx_http_lua",
    "ngx_http_modsecurity",
    "ngx_http_perl",
    "ngx_http_subs_filter",
    "ngx_http_uploadprogress",
    "ngx_http_upstream_fair",
    "ngx_http_xslt_filter",
    "ngx_mail",
    "ngx_nchan",
    "ngx_otel",
    "ngx_rtmp",
    "ngx_stream",
    "ngx_http_passenger",
];

fn load_module(l: &mut Lowering<'_>, _: &mut Block, n: &Node) {
    let Some(word) = n.args.first() else { return };
    let name = word.text();
    let file = name.rsplit('/').next().unwrap_or_default();
    if name.contains("push_stream") || name.contains("push-stream") {
        if l.first_time("load_module") {
            l.report.notice(word.span, "the push-stream module is built in, nothing is loaded");
        }
    } else if QUIET_MODULES.iter().any(|known| file.starts_with(known)) {
        let text = format!("\"{name}\" is not loaded; its directives would be refused by name");
        l.report.notice(word.span, text);
    } else {
        l.not_implemented(word.span, &format!("\"load_module\" of \"{name}\""));
    }
}
