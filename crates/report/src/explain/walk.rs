//! The way of a request through the configuration, as the server goes it.

use std::sync::Arc;

use outpour_config::BlockOrigin;
use outpour_core::access::{believe_proxy, decide};
use outpour_core::request::Method;
use outpour_core::router::{self, Fit, Place, Statement};
use outpour_core::settings::{
    Access, ErrorPage, Http, Location, LocationSettings, Matcher, PageStatus, Satisfy, Server,
};
use outpour_core::variables::{Expression, Scope, State};

use super::content::target;
use super::explanation::{Explanation, Line, Outcome, Stage, Understood};
use super::places::Chain;
use super::question::{Asked, address};
use super::watcher::Watcher;
use super::{Surroundings, describe, names, settings};

/// What is said of checks that are not tried here.
const ASKED: &str = "is asked too";

/// Changes of a request's address inside the server, as in the server.
const CHANGES_MAX: u8 = 10;

/// A request on its way.
pub(super) struct Walk<'a> {
    pub(super) http: &'a Http,
    origin: &'a BlockOrigin,
    pub(super) asked: Asked<'a>,
    pub(super) surroundings: &'a Surroundings,
    server: usize,
    pub(super) settings: Arc<LocationSettings>,
    pub(super) chain: Chain<'a>,
    pub(super) state: State,
    pub(super) stages: Vec<Stage>,
    internal: bool,
    changes: u8,
    paged: bool,
    pub(super) status: Option<u16>,
}

/// What comes next.
pub(super) enum Next {
    /// The location's content.
    Content,
    Done(Outcome),
    Error(u16),
    Inside(Vec<u8>, Vec<u8>),
    Named(Vec<u8>),
}

pub(super) fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        http: &'a Http,
        origin: &'a BlockOrigin,
        asked: Asked<'a>,
        surroundings: &'a Surroundings,
    ) -> Self {
        let mut state = State::new(http.set_slots);
        let (server, why) = names::server(http, asked.listen, &asked.request.host, &mut state);
        let chain = Chain::new(origin, server);
        let names = chain.said(&["server_name"]);
        let at = chain.innermost().place.clone();
        let text = match names.first() {
            Some((_, said)) => format!("server_name {}", said.value),
            None => "server without a name".to_owned(),
        };
        let lines = vec![Line::new(Some((&at).into()), text, "takes it")];
        let stages = vec![Stage { stage: "server", lines, sentence: why }];
        Self {
            http,
            origin,
            server,
            settings: Arc::clone(&http.servers[server].settings),
            asked,
            surroundings,
            chain,
            state,
            stages,
            internal: false,
            changes: 0,
            paged: false,
            status: None,
        }
    }

    /// Goes all the way.
    pub(super) fn run(mut self) -> Explanation {
        let request = self.understood();
        self.believe_proxy();
        let mut next = self.enter();
        let outcome = loop {
            next = match next {
                Next::Content => self.content(),
                Next::Done(outcome) => break outcome,
                Next::Error(status) => match self.error_page(status) {
                    Some(next) => next,
                    None => break self.own_page(status),
                },
                Next::Inside(path, args) => self.inside(path, &args),
                Next::Named(name) => self.named(&name),
            };
        };
        let settings = settings::settings(&self.chain);
        Explanation { form: 1, request, way: self.stages, outcome, settings }
    }

    fn understood(&self) -> Understood {
        let (request, peer) = (&self.asked.request, &self.asked.peer);
        Understood {
            method: shown(request.method_text()),
            target: shown(request.target()),
            host: shown(&request.host),
            from: peer.remote.map_or_else(|| "unix:".into(), |remote| remote.ip().to_string()),
            listen: address(&self.asked.listen.address),
        }
    }

    pub(super) fn scope(&self) -> Scope<'_> {
        Scope {
            request: &self.asked.request,
            peer: &self.asked.peer,
            server_name: &self.server().name,
            maps: &self.http.maps,
            state: &self.state,
            files: &self.settings.files,
            environment: &self.surroundings.environment,
            now: self.surroundings.now,
            outcome: None,
        }
    }

    pub(super) fn value(&self, expression: &Expression) -> Vec<u8> {
        expression.evaluate(&self.scope()).into_owned()
    }

    fn server(&self) -> &'a Server {
        &self.http.servers[self.server]
    }

    pub(super) fn stage(
        &mut self,
        stage: &'static str,
        lines: Vec<Line>,
        sentence: impl Into<String>,
    ) {
        self.stages.push(Stage { stage, lines, sentence: sentence.into() });
    }

    /// From the server's script to a location.
    fn enter(&mut self) -> Next {
        let server = self.server();
        self.settings = Arc::clone(&server.settings);
        self.chain = Chain::new(self.origin, self.server);
        match self.script(&server.script) {
            Some(next) => next,
            None => self.locate(),
        }
    }

    fn locate(&mut self) -> Next {
        let server = self.server();
        loop {
            self.state.rewrite.changed = false;
            let mut watcher = Watcher::default();
            let path = self.asked.request.path.clone();
            let found =
                router::watch_location(&server.locations, &path, &mut self.state, &mut watcher);
            let (location, lacks_slash) = match found {
                Some(Place::Location(location)) => (Some(location), false),
                Some(Place::Slash(location)) => (Some(location), true),
                None => (None, false),
            };
            self.found(&watcher, location);
            let Some(location) = location else {
                self.settings = Arc::clone(&server.settings);
                self.chain = Chain::new(self.origin, self.server);
                return self.access();
            };
            self.take(location);
            if self.settings.files.internal && !self.internal {
                self.stage("access", Vec::new(), "`internal`: nobody gets here from outside");
                return Next::Error(404);
            }
            if lacks_slash {
                return self.returned(301, Some(&[&path[..], b"/"].concat()));
            }
            if let Some(next) = self.script(&location.script) {
                return next;
            }
            if !self.state.rewrite.changed {
                return self.access();
            }
            if let Some(next) = self.one_more_change() {
                return next;
            }
        }
    }

    /// The location whose settings are in force from here.
    fn take(&mut self, location: &'a Location) {
        self.settings = Arc::clone(&location.settings);
        let server = Chain::new(self.origin, self.server);
        self.chain = server.at_location(&self.server().locations, location);
    }

    fn one_more_change(&mut self) -> Option<Next> {
        self.changes += 1;
        (self.changes > CHANGES_MAX).then(|| {
            self.stage("redirect", Vec::new(), "more than ten changes of the address: a cycle");
            Next::Error(500)
        })
    }

    /// Tells which locations were compared.
    fn found(&mut self, watcher: &Watcher, found: Option<&'a Location>) {
        let all = all_locations(&self.server().locations);
        let mut lines = Vec::new();
        for (location, fit) in &watcher.locations {
            let Some(location) = all.iter().find(|known| std::ptr::eq(**known, *location)) else {
                continue;
            };
            let wins = found.is_some_and(|found| std::ptr::eq(found, *location));
            let result = match (fit, wins) {
                (Fit::Exact, _) => "is the path: takes it",
                (Fit::Slash, _) => "is the path but for a slash: a redirect leads to it",
                (Fit::Prefix | Fit::Regex, true) => "fits: takes it",
                (Fit::Prefix | Fit::Regex, false) => "fits",
                (Fit::Not, _) => "does not fit",
            };
            lines.push(location_line(location, result));
        }
        let path = shown(&self.asked.request.path);
        let sentence = match found {
            None => format!("no location fits \"{path}\": the server itself"),
            Some(location) => {
                format!("{}; the path is \"{path}\"", why(location, &watcher.locations))
            }
        };
        self.stage("location", lines, sentence);
    }

    /// Runs a script; something if it answers the request.
    fn script(&mut self, script: &[Statement]) -> Option<Next> {
        if script.is_empty() {
            return None;
        }
        let mut state = std::mem::take(&mut self.state);
        let mut watcher = Watcher::default();
        let look = self.surroundings.look;
        let test = move |test, name: &[u8]| super::files::test(look, test, name);
        let verdict = router::watch_run(script, &self.scope(), &mut state, &test, &mut watcher);
        let (path, args) = (state.rewrite.path.take(), state.rewrite.args.take());
        self.internal |= path.is_some();
        let sentence = match &path {
            Some(path) => format!("the path becomes \"{}\"", shown(path)),
            None => String::new(),
        };
        self.asked.request.rewrite(path, args.as_deref());
        self.state = state;
        let lines = watcher.lines(&self.chain.innermost().script);
        self.stage("script", lines, sentence);
        let (settings, answer) = match verdict {
            router::Verdict::Continue(settings) => (settings, None),
            router::Verdict::Return { status, text, settings } => (settings, Some((status, text))),
        };
        if let Some(settings) = settings {
            self.settings = settings;
        }
        if let Some(way) = &watcher.settings {
            self.chain = self.chain.clone().at_if(way);
        }
        answer.map(|(status, text)| self.returned(status, text.as_deref()))
    }

    fn returned(&self, status: u16, text: Option<&[u8]>) -> Next {
        let answer = |sentence: String| {
            Next::Done(Outcome::new("return", sentence).status(self.status.unwrap_or(status)))
        };
        match (status, text) {
            (444, _) => {
                let sentence = "closes the connection without an answer";
                Next::Done(Outcome::new("close", sentence))
            }
            (301 | 302 | 303 | 307 | 308, Some(place)) => {
                let sentence = format!("redirects to {}", shown(place));
                Next::Done(Outcome::new("return", sentence).status(status))
            }
            (_, None) if status >= 300 && status != 304 => Next::Error(status),
            (_, Some(text)) => answer(format!("answers with the text \"{}\"", shown(text))),
            (_, None) => answer("answers without a text".into()),
        }
    }

    /// `set_real_ip_from`, of the server before its script and of the location that serves.
    fn believe_proxy(&mut self) {
        let (real_ip, asked) = (self.settings.real_ip.as_deref(), &mut self.asked);
        believe_proxy(real_ip, &asked.request, &mut asked.peer);
    }

    /// `allow` and `deny`, and what else is asked for.
    fn access(&mut self) -> Next {
        self.believe_proxy();
        let peer = self.asked.peer.remote.map(|remote| remote.ip());
        let guard = self.settings.guard.clone();
        let rules = guard.as_ref().map(|guard| &*guard.rules).unwrap_or_default();
        let decides =
            rules.iter().position(|rule| decide(std::slice::from_ref(rule), peer).is_some());
        let said = self.chain.said(&["allow", "deny"]);
        let mut lines = Vec::new();
        for (index, (_, said)) in said.iter().enumerate() {
            let result = match decides {
                Some(decides) if index == decides => "fits: decides",
                Some(decides) if index > decides => "not asked",
                Some(_) | None => "does not fit",
            };
            let text = format!("{} {}", said.directive, said.value);
            lines.push(Line::new(Some((&said.place).into()), text, result));
        }
        for name in describe::OTHER_ACCESS {
            for (_, said) in self.chain.said(&[name]) {
                let text = format!("{} {}", said.directive, said.value);
                lines.push(Line::new(Some((&said.place).into()), text, ASKED));
            }
        }
        let who = peer.map_or_else(|| "peers on unix sockets".into(), |ip| ip.to_string());
        let others = lines.iter().any(|line| line.result == ASKED);
        let any = guard.as_ref().is_some_and(|guard| guard.satisfy == Satisfy::Any) && others;
        let denied = decide(rules, peer) == Some(Access::Deny);
        let may = match (denied, any) {
            (true, true) => "may pass if another check lets it in",
            (true, false) => "may not",
            (false, _) if others => "may pass if the other checks let it in",
            (false, _) => "may pass",
        };
        if !lines.is_empty() {
            self.stage("access", lines, format!("{who} {may}"));
        }
        if denied && !any { Next::Error(403) } else { Next::Content }
    }

    /// What `error_page` says about a status.
    fn error_page(&mut self, status: u16) -> Option<Next> {
        let settings = Arc::clone(&self.settings);
        let page: &ErrorPage =
            settings.files.error_pages.iter().find(|page| page.code == status)?;
        if self.paged || self.changes > CHANGES_MAX {
            return None;
        }
        self.paged = !settings.files.recursive_error_pages;
        self.status = match page.status {
            PageStatus::Kept => Some(status),
            PageStatus::Own => None,
            PageStatus::Changed(status) => Some(status),
        };
        let uri = self.value(&page.target);
        let code = status.to_string();
        let mine = self.chain.said(&["error_page"]).into_iter();
        let mine = mine.filter(|(_, said)| said.value.split(' ').any(|word| word == code));
        let line = |said: &outpour_config::Said| {
            let text = format!("error_page {}", said.value);
            Line::new(Some((&said.place).into()), text, "applies")
        };
        let lines: Vec<Line> = mine.take(1).map(|(_, said)| line(said)).collect();
        let sentence = format!("{status} is answered by \"{}\"", shown(&uri));
        self.stage("error_page", lines, sentence);
        if !uri.starts_with(b"/") && !uri.starts_with(b"@") {
            let sentence = format!("redirects to {}", shown(&uri));
            return Some(Next::Done(Outcome::new("return", sentence).status(302)));
        }
        if uri.starts_with(b"/") && self.asked.request.method != Method::Head {
            self.asked.request.method = Method::Get;
        }
        Some(target(&uri))
    }

    fn own_page(&self, status: u16) -> Outcome {
        let status = self.status.filter(|_| self.paged).unwrap_or(status);
        Outcome::new("error", "answers with the server's own page").status(status)
    }

    fn inside(&mut self, path: Vec<u8>, args: &[u8]) -> Next {
        if let Some(next) = self.one_more_change() {
            return next;
        }
        self.internal = true;
        self.state.rewrite.alias_with_uri = false;
        self.state.rewrite.broken = false;
        self.asked.request.rewrite(Some(path), Some(args));
        self.enter()
    }

    fn named(&mut self, name: &[u8]) -> Next {
        if let Some(next) = self.one_more_change() {
            return next;
        }
        self.internal = true;
        self.state.rewrite.changed = false;
        let server = self.server();
        let Some(location) = router::find_named(&server.locations, name) else {
            let sentence = format!("there is no location @{}", shown(name));
            self.stage("location", Vec::new(), sentence);
            return Next::Error(500);
        };
        self.take(location);
        self.stage("location", vec![location_line(location, "takes it")], "it was named");
        match self.script(&location.script) {
            Some(next) => next,
            None if !self.state.rewrite.changed => self.access(),
            None => self.one_more_change().unwrap_or_else(|| self.locate()),
        }
    }
}

fn all_locations(locations: &[Location]) -> Vec<&Location> {
    let mut all = Vec::new();
    for location in locations {
        all.push(location);
        all.extend(all_locations(&location.locations));
    }
    all
}

fn location_line(location: &Location, result: &str) -> Line {
    let origin = &location.settings.origin;
    let line = usize::try_from(origin.line).unwrap_or(usize::MAX);
    let at = super::explanation::At { file: Some(origin.file.to_string()), line };
    Line::new(Some(at), format!("location {}", location.settings.name), result)
}

/// Why a location wins.
fn why(location: &Location, compared: &[(*const Location, Fit)]) -> &'static str {
    let expressions = compared.iter().any(|(_, fit)| matches!(fit, Fit::Not | Fit::Regex));
    let prefixes = compared.iter().filter(|(_, fit)| *fit == Fit::Prefix).count();
    let redirects =
        compared.iter().any(|(to, fit)| *fit == Fit::Slash && std::ptr::eq(*to, location));
    match &location.matcher {
        Matcher::Exact(_) | Matcher::Prefix { .. } if redirects => {
            "`proxy_pass` behind a slash that the path lacks"
        }
        Matcher::Exact(_) => "`=` ends the search",
        Matcher::Prefix { no_regex: true, .. } => {
            "the longest prefix is `^~`: no expression is tried"
        }
        Matcher::Prefix { .. } if expressions => "the longest prefix; no expression fits",
        Matcher::Prefix { .. } if prefixes > 1 => "the longest prefix",
        Matcher::Prefix { .. } => "the only prefix that fits",
        Matcher::Regex(_) if prefixes > 0 => "the first expression that fits goes before prefixes",
        Matcher::Regex(_) => "the first expression that fits",
        Matcher::Named(_) => "it was named",
    }
}
