//! What a location may tell of the server itself: metrics, health, `stub_status`.

use outpour_core::settings::{DashboardMode, Role, Service};

use crate::draft::Block;
use crate::lower::Lowering;
use crate::nearest::did_you_mean;
use crate::syntax::Node;

use super::push_stream::set_role;
use super::table::{Args, Contexts, Directive, row};

pub(crate) const ROWS: &[Directive] = &[
    row(
        "push_stream_metrics",
        Contexts::LOCATION,
        Args::NONE,
        "none",
        "The location answers with the server's metrics for Prometheus: OpenMetrics where the \
         client prefers it, else the text format 0.0.4. docs/metrics.md lists them.",
        |l, b, n| set_role(l, b, n, Role::Service(Service::Metrics)),
    )
    .repeats(),
    row(
        "push_stream_health",
        Contexts::LOCATION,
        Args::new(1, 1, "live | ready"),
        "none",
        "The location answers with 200 while the process serves (live), or while it takes new work \
         (ready): 503 before all workers run, and from the moment the server begins to end.",
        health,
    )
    .repeats(),
    row(
        "push_stream_playground",
        Contexts::LOCATION,
        Args::NONE,
        "none",
        "The location answers with a page to try the server with: subscribe, publish, and the lines \
         that do the same. It uses the locations of the built-in configuration.",
        |l, b, n| set_role(l, b, n, Role::Service(Service::Playground)),
    )
    .repeats(),
    row(
        "push_stream_application",
        Contexts::LOCATION,
        Args::NONE,
        "none",
        "The location hands its requests to the application that the server is linked with; \
         docs/embedding.md shows how. The command outpour has none and does not start with it.",
        |l, b, n| set_role(l, b, n, Role::Application),
    )
    .repeats(),
    row(
        "push_stream_dashboard",
        Contexts::LOCATION,
        Args::new(0, 1, "[admin]"),
        "none",
        "The location answers with a page that shows the server at work, and feeds it while \
         somebody looks; with admin the page also publishes and deletes. docs/dashboard.md.",
        dashboard,
    )
    .repeats(),
    row(
        "stub_status",
        Contexts::LOCATION,
        Args::new(0, 1, "[anything]"),
        "none",
        "The location answers with the numbers of connections and requests in nginx's form. \
         Subscribers count as writing.",
        |l, b, n| set_role(l, b, n, Role::Service(Service::StubStatus)),
    )
    .repeats(),
    row(
        "empty_gif",
        Contexts::LOCATION,
        Args::NONE,
        "none",
        "The location answers with a transparent picture of one pixel.",
        |l, b, n| set_role(l, b, n, Role::Service(Service::EmptyGif)),
    )
    .repeats(),
];

fn dashboard(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let mode = match n.args.first().map(|word| word.text()).as_deref() {
        None => DashboardMode::ReadOnly,
        Some("admin") => DashboardMode::Admin,
        Some(text) => {
            let help = did_you_mean(text, ["admin"]);
            let help = help.or_else(|| Some("known is admin; nothing: read only".to_owned()));
            let message =
                format!("invalid value \"{text}\" in \"push_stream_dashboard\" directive");
            return l.report.emerg_help(n.args[0].span, message, help);
        }
    };
    set_role(l, b, n, Role::Service(Service::Dashboard(mode)));
}

fn health(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    const KINDS: [(&str, Service); 2] = [("live", Service::Live), ("ready", Service::Ready)];
    let Some(word) = n.args.first() else { return };
    let text = word.text();
    match KINDS.iter().find(|(name, _)| *name == text) {
        Some((_, kind)) => set_role(l, b, n, Role::Service(*kind)),
        None => {
            let help = did_you_mean(&text, KINDS.map(|(name, _)| name));
            let help = help.or_else(|| Some("known are live, ready".to_owned()));
            let message = format!("invalid value \"{text}\" in \"push_stream_health\" directive");
            l.report.emerg_help(word.span, message, help);
        }
    }
}
