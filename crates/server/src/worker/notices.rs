//! Notices: requests by which the application is told something, and for whose answers nobody waits.

use std::collections::VecDeque;
use std::time::Duration;

use outpour_core::now::Tick;
use outpour_core::settings::Level;
use slab::Slab;

use super::{Phase, Worker};
use crate::exchange::{Exchange, Extra, Hook, Load};
use crate::upstream::Purpose;

/// Notices of a worker that are under way at a time.
const UNDER_WAY_MAX: usize = 64;

/// Notices that may wait for those.
const WAITING_MAX: usize = 65_536;

/// How long until a notice that nobody has taken is sent again, time after time.
const PAUSES: [u64; 5] = [1, 2, 4, 8, 16];

/// Something that the application is told.
#[derive(Debug)]
pub(super) struct Notice {
    told: Told,
    exchange: Box<Exchange>,
}

/// What is known of a notice while it is under way.
#[derive(Debug)]
struct Told {
    /// What the log calls it.
    name: &'static str,
    /// The location that tells.
    location: Box<str>,
    /// It is sent again.
    again: bool,
    extra: Option<Extra>,
    body: Vec<u8>,
    /// How often nobody has taken it.
    failures: usize,
}

impl Notice {
    /// `exchange` has been routed and settled, and its location has `proxy_pass`.
    pub(super) fn new(hook: Hook, location: Box<str>, exchange: Box<Exchange>) -> Self {
        let (name, again) = (hook.name(), hook == Hook::Unsubscribe);
        let told = Told { name, location, again, extra: None, body: Vec::new(), failures: 0 };
        Self { told, exchange }
    }

    /// What an application behind GRIP is told.
    pub(super) fn grip(
        name: &'static str,
        location: &str,
        exchange: Box<Exchange>,
        extra: Extra,
        body: Vec<u8>,
    ) -> Self {
        let (location, extra) = (location.into(), Some(extra));
        Self { told: Told { name, location, again: true, extra, body, failures: 0 }, exchange }
    }
}

/// The notices of a worker.
#[derive(Debug, Default)]
pub(super) struct Notices {
    waiting: VecDeque<Notice>,
    under_way: Slab<Told>,
    /// Those that are sent again.
    later: Vec<(Tick, Notice)>,
    /// Some were dropped, and that was told.
    overflowing: bool,
}

impl Notices {
    /// Whether there is nothing to tell.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.under_way.is_empty() && self.later.is_empty()
    }

    /// When one is to be sent again.
    pub(super) fn due(&self) -> Option<Tick> {
        self.later.iter().map(|(due, _)| *due).min()
    }

    /// The next one that may be sent.
    fn next(&mut self, now: Tick) -> Option<Notice> {
        if self.under_way.len() >= UNDER_WAY_MAX {
            return None;
        }
        let due = self.later.iter().position(|(due, _)| *due <= now);
        due.map(|at| self.later.swap_remove(at).1).or_else(|| self.waiting.pop_front())
    }
}

impl Worker {
    /// Has something told at the end of this turn, or when there is time for it.
    pub(super) fn notify(&mut self, notice: Notice) {
        if self.notices.waiting.len() < WAITING_MAX {
            return self.notices.waiting.push_back(notice);
        }
        if !std::mem::replace(&mut self.notices.overflowing, true) {
            let (name, location) = (notice.told.name, &notice.told.location);
            let text = "too many wait for the application, some are dropped";
            self.log(Level::Alert, format_args!("{name} of location \"{location}\": {text}"));
        }
    }

    /// Sends what waits, as much as may be under way.
    pub(super) fn send_notices(&mut self) {
        // A server that ends waits for nobody.
        let upto = if self.phase == Phase::Serving { self.now.tick } else { Tick(u64::MAX) };
        while let Some(Notice { told, exchange }) = self.notices.next(upto) {
            let Some(proxy) = exchange.settings.proxy.clone() else { continue };
            let (extra, body) = (told.extra.clone(), told.body.clone());
            let slot = self.notices.under_way.insert(told);
            let notice = u32::try_from(slot).unwrap_or(u32::MAX);
            let (environment, now) = (&self.shared.environment, self.now.tick);
            let purpose = Purpose::Notice(notice);
            match exchange.into_relay(proxy, purpose, Load::whole(&body, extra), environment, now) {
                Ok(relay) => self.tell(relay),
                Err(exchange) => {
                    self.log_notes(&exchange);
                    self.notices.under_way.remove(slot);
                }
            }
        }
        self.notices.overflowing &= !self.notices.waiting.is_empty();
    }

    /// A notice has been answered with `status`, or not at all.
    pub(super) fn notice_ended(
        &mut self,
        notice: u32,
        status: Option<u16>,
        mut exchange: Box<Exchange>,
    ) {
        let Some(mut told) = self.notices.under_way.try_remove(notice as usize) else { return };
        let what = match status {
            Some(200..300) => return,
            Some(status) => format!("unexpected status: {status}"),
            None => "there is no answer".to_owned(),
        };
        let (name, location) = (told.name, &told.location);
        let text = format!("{name} of location \"{location}\": {what}");
        self.log_exchange(&exchange, Level::Error, &text);
        let pause = PAUSES.get(told.failures).filter(|_| told.again);
        if let (None, Some(pause), Phase::Serving) = (status, pause, self.phase) {
            told.failures += 1;
            exchange.state.upstream = None;
            let due = self.now.tick.after(Duration::from_secs(*pause));
            self.notices.later.push((due, Notice { told, exchange }));
        }
    }
}
