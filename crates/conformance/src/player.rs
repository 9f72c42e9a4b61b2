//! Plays one case.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use outpour_testkit::{Connection, Head, Request, ServerProcess};

use crate::case::Case;
use crate::configuration::{Overrides, apply};
use crate::expect::expect;
use crate::line::Line;
use crate::notation;
use crate::pattern::{Variables, fill, fill_bytes};
use crate::step::Step;
use crate::text::shown;

/// How long an answer may take when the step does not say.
const WITHIN: Duration = Duration::from_secs(10);

/// The connections and variables of a case that is being played.
pub(crate) struct Player<'a> {
    address: SocketAddr,
    server: Option<&'a mut ServerProcess>,
    configuration: &'a str,
    variables: Variables,
    lines: BTreeMap<String, Line>,
}

impl<'a> Player<'a> {
    /// Prepares to play `case` against `address`; `server` is given when the case has it for itself,
    /// `configuration` being what it was started with.
    pub(crate) fn new(
        case: &Case,
        address: SocketAddr,
        server: Option<&'a mut ServerProcess>,
        configuration: &'a str,
    ) -> Self {
        let mut variables = Variables::new();
        variables.insert("case".into(), case.channel());
        variables.insert("port".into(), address.port().to_string());
        if let Some(server) = &server {
            variables.insert("pid".into(), server.pid().to_string());
            variables.insert("dir".into(), server.folder().display().to_string());
        }
        Self { address, server, configuration, variables, lines: BTreeMap::new() }
    }

    /// Plays all steps; the error says which one failed and how.
    pub(crate) fn play(&mut self, case: &Case) -> Result<()> {
        for (index, step) in case.steps.iter().enumerate() {
            self.rounds(step).with_context(|| format!("step {}", index + 1))?;
        }
        Ok(())
    }

    fn rounds(&mut self, step: &Step) -> Result<()> {
        for n in 1..=step.times.unwrap_or(1) {
            self.variables.insert("n".into(), n.to_string());
            self.variables.insert("n2".into(), format!("{n:02}"));
            self.variables.insert("n4".into(), format!("{n:04}"));
            let round = || format!("round {n}");
            match step.until_status {
                None if step.times.is_none() => self.step_with_retries(step)?,
                None => self.step_with_retries(step).with_context(round)?,
                Some(last) if self.status_of(step).with_context(round)? == last => return Ok(()),
                Some(_) => {}
            }
            if step.keep
                && let Some(line) = self.lines.remove(line_name(step))
            {
                self.lines.insert(format!("{} {n}", line_name(step)), line);
            }
        }
        match step.until_status {
            Some(last) => bail!("no {last} in {} rounds", step.times.unwrap_or(1)),
            None => Ok(()),
        }
    }

    /// Sends a request whose answer may be a 200 or `until_status`.
    fn status_of(&mut self, step: &Step) -> Result<u16> {
        self.send(step)?;
        let deadline = Instant::now() + within(step);
        let line = self.line(step)?;
        let head = line.read_head(deadline, false)?;
        line.skip_short_body(deadline)?;
        let expected = head.status == 200 || Some(head.status) == step.until_status;
        ensure!(expected, "expected 200 or {:?}, got {}", step.until_status, shown(&head.raw));
        Ok(head.status)
    }

    fn step_with_retries(&mut self, step: &Step) -> Result<()> {
        let deadline = Instant::now() + within(step);
        loop {
            let result = self.step(step);
            if result.is_ok() || !step.retry || Instant::now() > deadline {
                return result;
            }
            self.lines.remove(line_name(step));
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn step(&mut self, step: &Step) -> Result<()> {
        if step.wait_s > 0.0 {
            thread::sleep(Duration::from_secs_f64(step.wait_s));
        }
        self.act_on_server(step)?;
        self.send(step)?;
        self.expect(step)?;
        self.check_server(step)?;
        if step.disconnect {
            self.lines.remove(line_name(step));
        }
        Ok(())
    }

    fn act_on_server(&mut self, step: &Step) -> Result<()> {
        if step.reconfigure.is_none() && step.signal.is_none() {
            return Ok(());
        }
        let server = self.server.as_ref().context("only an isolated case acts on its server")?;
        if let Some(overrides) = &step.reconfigure {
            let overrides: Overrides = overrides.clone();
            server.write_configuration(&apply(self.configuration, &overrides)?)?;
        }
        match &step.signal {
            Some(name) => server.signal(name),
            None => Ok(()),
        }
    }

    fn check_server(&mut self, step: &Step) -> Result<()> {
        if step.log_has.is_none() && step.log_lacks.is_none() && step.exit.is_none() {
            return Ok(());
        }
        let server = self.server.as_mut().context("only an isolated case looks at its server")?;
        if let Some(code) = step.exit {
            let got = server.wait()?;
            ensure!(got == Some(code), "exit code: expected {code}, got {got:?}");
        }
        if let Some(wanted) = &step.log_has {
            let deadline = Instant::now() + within(step);
            while !server.logs().contains(wanted.as_str()) {
                ensure!(Instant::now() < deadline, "log lacks {wanted:?}:\n{}", server.logs());
                thread::sleep(Duration::from_millis(50));
            }
        }
        if let Some(unwanted) = &step.log_lacks {
            ensure!(!server.logs().contains(unwanted.as_str()), "log has {unwanted:?}");
        }
        Ok(())
    }

    fn send(&mut self, step: &Step) -> Result<()> {
        if let Some(target) = &step.websocket {
            self.handshake(step, target)?;
        }
        if let Some((method, target)) = step.method_and_target() {
            let bytes = self.request(step, method, target).bytes();
            let line = self.line_for_request(step)?;
            line.asked = Instant::now();
            // A server may answer and close before it has read everything: the answer counts.
            let _ = line.connection.send(&bytes);
        }
        if step.connect {
            self.line(step)?.asked = Instant::now();
        }
        let mut bytes = Vec::new();
        if let Some(text) = &step.send {
            bytes.extend(fill_bytes(text, &self.variables));
        }
        if let Some((text, count)) = &step.send_repeat {
            bytes.extend(fill_bytes(text, &self.variables).repeat(*count));
        }
        for frame in &step.send_frames {
            bytes.extend(notation::parse(frame, &self.variables)?.bytes());
        }
        if !bytes.is_empty() {
            let line = self.line(step)?;
            line.asked = Instant::now();
            let _ = line.connection.send(&bytes);
        }
        if let Some(text) = &step.publish {
            self.publish(step, text)?;
        }
        if step.finish_sending {
            self.line(step)?.connection.finish_sending()?;
        }
        Ok(())
    }

    fn request(&self, step: &Step, method: &str, target: &str) -> Request {
        let fill = |text: &str| fill(text, &self.variables);
        let version = step.version.as_deref().unwrap_or("1.1");
        let mut request = Request::with_version(method, &fill(target), version);
        if let Some(host) = &step.host {
            request = request.host((!host.is_empty()).then_some(&fill(host)));
        }
        for line in &step.headers {
            request = request.header(fill_bytes(line, &self.variables));
        }
        if let Some(data) = &step.data {
            request = request.body(fill_bytes(data, &self.variables));
        }
        if let Some((text, count)) = &step.data_repeat {
            request = request.body(fill_bytes(text, &self.variables).repeat(*count));
        }
        let chunk = |text: &String| fill_bytes(text, &self.variables);
        request.chunks(step.data_chunks.iter().map(chunk).collect())
    }

    fn publish(&self, step: &Step, text: &str) -> Result<()> {
        let channel = step.to.as_deref().unwrap_or("{{case}}");
        let target = fill(&format!("/pub?id={channel}"), &self.variables);
        let mut request = Request::new("POST", &target).body(fill_bytes(text, &self.variables));
        if let Some(id) = &step.event_id {
            request = request.header(fill_bytes(&format!("Event-Id: {id}"), &self.variables));
        }
        if let Some(kind) = &step.event_type {
            request = request.header(fill_bytes(&format!("Event-Type: {kind}"), &self.variables));
        }
        let mut connection = Connection::open(self.address)?;
        connection.send(&request.bytes())?;
        let head = Head::read(&mut connection, Instant::now() + WITHIN).context("publish")?;
        ensure!(head.status == 200, "publish: expected 200, got {}", shown(&head.raw));
        Ok(())
    }

    fn handshake(&mut self, step: &Step, target: &str) -> Result<()> {
        let mut request = Request::new("GET", &fill(target, &self.variables))
            .header("Connection: Upgrade")
            .header("Upgrade: websocket")
            .header("Sec-WebSocket-Key: /mQoZf6pRiv8+6o72GncLQ==")
            .header("Sec-WebSocket-Version: 13");
        for line in &step.headers {
            request = request.header(fill_bytes(line, &self.variables));
        }
        self.lines.remove(line_name(step));
        let line = self.line(step)?;
        line.asked = Instant::now();
        line.connection.send(&request.bytes())?;
        let head = Head::read(&mut line.connection, Instant::now() + within(step))?;
        ensure!(head.status == 101, "expected 101, got {}", shown(&head.raw));
        let accept = head.header("Sec-WebSocket-Accept");
        ensure!(accept == Some("RaIOIcQ6CBoc74B9EKdH0avYZnw="), "accept key: {accept:?}");
        Ok(())
    }

    /// The connection for a request: a new one when the old one is closed or streams.
    fn line_for_request(&mut self, step: &Step) -> Result<&mut Line> {
        let name = line_name(step);
        let usable = self.lines.get(name).is_some_and(Line::takes_a_request);
        if !usable {
            self.lines.remove(name);
        }
        self.line(step)
    }

    fn line(&mut self, step: &Step) -> Result<&mut Line> {
        let name = line_name(step);
        if !self.lines.contains_key(name) {
            self.lines.insert(name.to_owned(), Line::open(self.address)?);
        }
        self.lines.get_mut(name).context("just inserted")
    }

    fn expect(&mut self, step: &Step) -> Result<()> {
        let name = line_name(step);
        match self.lines.get_mut(name) {
            Some(line) => expect(step, line, &mut self.variables, Instant::now() + within(step)),
            None if step.reads_head() || step.closed => bail!("no connection {name:?}"),
            None => Ok(()),
        }
    }
}

fn line_name(step: &Step) -> &str {
    step.on.as_deref().unwrap_or("main")
}

fn within(step: &Step) -> Duration {
    step.within_s.map_or(WITHIN, Duration::from_secs_f64)
}

#[cfg(test)]
#[path = "player_tests.rs"]
mod tests;
