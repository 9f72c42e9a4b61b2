//! The pages in the binary: the playground and the dashboard.
//!
//! Each is one HTML document with its styles and its script inside. They are put together from the
//! files beside this one when somebody asks first; nothing is loaded from elsewhere, and the policy
//! that goes with a page lets exactly its own script and styles run.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use outpour_core::answer::Answer;
use outpour_core::settings::DashboardMode;
use ring::digest::{SHA256, digest};

const BASE: &str = include_str!("base.css");

/// A drop, as it stands in the head of the pages.
const LOGO: &str = "<svg viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"M12 2.2c3.4 4 6.6 7.6 \
    6.6 11.9a6.6 6.6 0 0 1-13.2 0C5.4 9.8 8.6 6.2 12 2.2Z\"/></svg>";

/// The same for the browser's tab. A page without an icon would ask for `/favicon.ico`.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 \
    24'%3E%3Cpath fill='%230b63b8' d='M12 2.2c3.4 4 6.6 7.6 6.6 11.9a6.6 6.6 0 0 1-13.2 0C5.4 9.8 \
    8.6 6.2 12 2.2Z'/%3E%3C/svg%3E";

/// `push_stream_playground`.
pub(crate) static PLAYGROUND: LazyLock<Page> = LazyLock::new(|| {
    let script = script(&[
        include_str!("playground/messages.js"),
        include_str!("playground/transports.js"),
        include_str!("playground/subscription.js"),
        include_str!("playground/lines.js"),
        include_str!("playground/page.js"),
    ]);
    let style = [BASE, include_str!("playground/style.css")].concat();
    // JSONP is a script that the page's own script loads.
    Page::new(include_str!("playground/page.html"), &style, &script, "'strict-dynamic'")
});

static DASHBOARD: LazyLock<Page> = LazyLock::new(|| dashboard_page("read-only"));
static ADMIN: LazyLock<Page> = LazyLock::new(|| dashboard_page("admin"));

/// `push_stream_dashboard`.
pub(crate) fn dashboard(mode: DashboardMode) -> &'static Page {
    match mode {
        DashboardMode::ReadOnly => &DASHBOARD,
        DashboardMode::Admin => &ADMIN,
    }
}

fn dashboard_page(mode: &str) -> Page {
    let script = script(&[
        include_str!("vendor/uplot/uPlot.iife.min.js"),
        include_str!("dashboard/format.js"),
        include_str!("dashboard/history.js"),
        include_str!("dashboard/plots.js"),
        include_str!("dashboard/overview.js"),
        include_str!("dashboard/channel.js"),
        include_str!("dashboard/page.js"),
    ]);
    let plots = include_str!("vendor/uplot/uPlot.min.css");
    let style = [BASE, plots, include_str!("dashboard/style.css")].concat();
    let html = include_str!("dashboard/page.html").replace("{{mode}}", mode);
    Page::new(&html, &style, &script, "")
}

/// A page with what its browser has to know of it.
#[derive(Debug)]
pub(crate) struct Page {
    text: String,
    /// `Content-Security-Policy`.
    policy: String,
}

impl Page {
    /// Fills in the places of `html`. `trust` is what the policy trusts beside the script.
    fn new(html: &str, style: &str, script: &str, trust: &str) -> Self {
        let text = html
            .replace("{{version}}", env!("CARGO_PKG_VERSION"))
            .replace("{{icon}}", ICON)
            .replace("{{logo}}", LOGO)
            .replace("{{style}}", style)
            .replace("{{script}}", script);
        let policy = format!(
            "default-src 'none'; script-src {} {trust}; style-src {}; connect-src 'self'; img-src \
             data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            hash(script),
            hash(style)
        );
        Self { text, policy }
    }

    /// The page as an answer.
    pub(crate) fn answer(&'static self) -> Answer {
        Answer::new(200)
            .body(&b"text/html; charset=utf-8"[..], self.text.as_bytes())
            .uncached()
            .with("Content-Security-Policy", self.policy.as_bytes())
            .with("X-Content-Type-Options", &b"nosniff"[..])
            .with("Referrer-Policy", &b"no-referrer"[..])
    }
}

/// One script of several files, which see each other and leave no names behind.
fn script(files: &[&str]) -> String {
    format!("(() => {{\n'use strict';\n{}\n}})();\n", files.join("\n"))
}

/// What the policy knows an inline script or style by.
fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(digest(&SHA256, text.as_bytes())))
}

#[cfg(test)]
mod tests;
