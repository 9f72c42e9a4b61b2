//! Plays one case.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use outpour_testkit::{Body, Connection, Frame, Framing, Head, Request, ServerProcess};

use crate::case::Case;
use crate::configuration::{Overrides, apply};
use crate::notation;
use crate::pattern::{self, Variables, compare, fill, fill_bytes};
use crate::step::Step;
use crate::text::shown;

/// How long an answer may take when the step does not say.
const WITHIN: Duration = Duration::from_secs(10);

/// The most bytes of a text that are unpacked from gzip.
const UNPACKED_MAX: usize = 1 << 24;

/// The connections and variables of a case that is being played.
pub(crate) struct Player<'a> {
    address: SocketAddr,
    server: Option<&'a mut ServerProcess>,
    configuration: &'a str,
    variables: Variables,
    lines: BTreeMap<String, Line>,
}

/// A connection with what is known of the answer on it.
struct Line {
    connection: Connection,
    asked: Instant,
    answer: Option<Answer>,
}

struct Answer {
    head: Head,
    body: Body,
    inflate: Option<Box<flate2::Decompress>>,
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
        if let Some(text) = &step.publish {
            self.publish(step, text)?;
        }
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
            let connection = Connection::open(self.address)?;
            let line = Line { connection, asked: Instant::now(), answer: None };
            self.lines.insert(name.to_owned(), line);
        }
        self.lines.get_mut(name).context("just inserted")
    }

    fn expect(&mut self, step: &Step) -> Result<()> {
        let name = line_name(step);
        let Some(line) = self.lines.get_mut(name) else {
            ensure!(!step.reads_head() && !step.closed, "no connection {name:?}");
            return Ok(());
        };
        let variables = &mut self.variables;
        let deadline = Instant::now() + within(step);
        if step.reads_head() {
            let head = line.read_head(deadline, step.gzip)?;
            check_head(step, &head, variables)?;
        }
        if step.reads_body() {
            let body = line.read_body(deadline)?;
            check_body(step, &body, variables).with_context(|| line.shown_head())?;
        } else if step.reads_head() {
            line.skip_short_body(deadline)?;
        }
        check_stream(step, line, variables, deadline)?;
        if let Some(milliseconds) = step.silence_ms {
            line.connection.expect_silence(Duration::from_millis(milliseconds))?;
        }
        if step.closed {
            line.connection.expect_closed(deadline)?;
        }
        if step.closed_or_408 {
            let rest = line.connection.take_to_end(deadline)?;
            let fits = rest.is_empty() || rest.starts_with(b"HTTP/1.1 408 ");
            ensure!(fits, "expected the end or a 408, got {}", shown(&rest));
        }
        if let Some((least, greatest)) = step.elapsed_s {
            let elapsed = line.asked.elapsed().as_secs_f64();
            ensure!(
                (least..=greatest).contains(&elapsed),
                "expected after {least} to {greatest} s, came after {elapsed:.3} s"
            );
        }
        Ok(())
    }
}

impl Line {
    fn takes_a_request(&self) -> bool {
        let closing = |answer: &Answer| {
            answer.head.header("Connection").is_some_and(|v| v.eq_ignore_ascii_case("close"))
        };
        let busy = |answer: &Answer| closing(answer) || !answer.body.is_ended();
        !self.connection.is_closed() && !self.answer.as_ref().is_some_and(busy)
    }

    fn read_head(&mut self, deadline: Instant, gzip: bool) -> Result<Head> {
        let head = Head::read(&mut self.connection, deadline)?;
        let body = Body::of(&head)?;
        let inflate = gzip.then(|| Box::new(flate2::Decompress::new_gzip(15)));
        self.answer = Some(Answer { head: head.clone(), body, inflate });
        Ok(head)
    }

    fn shown_head(&self) -> String {
        self.answer.as_ref().map_or_else(String::new, |answer| shown(&answer.head.raw))
    }

    fn read_body(&mut self, deadline: Instant) -> Result<Vec<u8>> {
        let answer = self.answer.as_mut().context("no answer has been read")?;
        let body = answer.body.rest(&mut self.connection, deadline)?;
        answer.unpack(body)
    }

    /// Takes a body with a length, which nobody looks at, so that the connection can be used again.
    fn skip_short_body(&mut self, deadline: Instant) -> Result<()> {
        let answer = self.answer.as_mut().context("no answer has been read")?;
        if matches!(answer.body.framing, Framing::Length(_)) {
            answer.body.rest(&mut self.connection, deadline)?;
        }
        Ok(())
    }

    fn chunk(&mut self, deadline: Instant) -> Result<Option<Vec<u8>>> {
        let answer = self.answer.as_mut().context("no answer has been read")?;
        let chunk = answer.body.chunk(&mut self.connection, deadline)?;
        chunk.map(|chunk| answer.unpack(chunk)).transpose()
    }
}

impl Answer {
    fn unpack(&mut self, packed: Vec<u8>) -> Result<Vec<u8>> {
        let Some(inflate) = &mut self.inflate else { return Ok(packed) };
        let mut unpacked = Vec::with_capacity(packed.len() * 4 + 4096);
        let mut read = 0;
        while read < packed.len() {
            let before = inflate.total_in();
            let status = inflate.decompress_vec(
                &packed[read..],
                &mut unpacked,
                flate2::FlushDecompress::Sync,
            )?;
            read += usize::try_from(inflate.total_in() - before)?;
            if status == flate2::Status::StreamEnd {
                break;
            }
            ensure!(unpacked.len() < UNPACKED_MAX, "gzip data unpacks to too much");
            unpacked.reserve(65536);
        }
        Ok(unpacked)
    }
}

fn line_name(step: &Step) -> &str {
    step.on.as_deref().unwrap_or("main")
}

fn within(step: &Step) -> Duration {
    step.within_s.map_or(WITHIN, Duration::from_secs_f64)
}

fn check_head(step: &Step, head: &Head, variables: &mut Variables) -> Result<()> {
    let all = || shown(&head.raw);
    let status = step.status.unwrap_or(head.status);
    ensure!(head.status == status, "status: expected {status}, got {}", all());
    let fits = step.status_in.is_empty() || step.status_in.contains(&head.status);
    ensure!(fits, "status: expected one of {:?}, got {}", step.status_in, all());
    ensure!(head.version == "HTTP/1.1", "version: expected HTTP/1.1, got {}", all());
    if let Some(reason) = &step.reason {
        compare("reason", reason, head.reason.as_bytes(), variables)?;
    }
    if let Some(explain) = &step.explain {
        let got = head.header("X-Nginx-PushStream-Explain");
        let got = got.with_context(|| format!("no explanation in {}", all()))?;
        compare("explanation", explain, got.as_bytes(), variables)?;
        ensure!(head.header("Content-Length") == Some("0"), "Content-Length: 0 missing: {}", all());
        ensure!(head.header("Content-Type").is_none(), "Content-Type unexpected: {}", all());
    }
    for (name, expected) in &step.header {
        let got = head.all(name).collect::<Vec<_>>();
        ensure!(!got.is_empty(), "no header {name} in {}", all());
        compare(name, expected, got.join(" && ").as_bytes(), variables)?;
    }
    for name in &step.absent {
        ensure!(head.header(name).is_none(), "unexpected header {name} in {}", all());
    }
    for (variable, name) in &step.capture {
        let value = head.header(name).with_context(|| format!("no header {name} in {}", all()))?;
        variables.insert(variable.clone(), value.to_owned());
    }
    Ok(())
}

fn check_body(step: &Step, body: &[u8], variables: &mut Variables) -> Result<()> {
    if let Some(expected) = &step.body {
        compare("body", expected, body, variables)?;
    }
    if let Some((text, count)) = &step.body_repeat {
        let expected = fill_bytes(text, variables).repeat(*count);
        ensure!(expected == body, "body of {} bytes: got {}", expected.len(), shown(body));
    }
    if step.explain.is_some() {
        ensure!(body.is_empty(), "expected no body, got {}", shown(body));
    }
    if let Some(length) = step.body_length {
        ensure!(body.len() == length, "expected {length} bytes of body, got {}", body.len());
    }
    for part in &step.body_has {
        let part = fill_bytes(part, variables);
        ensure!(contains(body, &part), "body lacks {}: {}", shown(&part), shown(body));
    }
    for part in &step.body_lacks {
        let part = fill_bytes(part, variables);
        ensure!(!contains(body, &part), "body has {}: {}", shown(&part), shown(body));
    }
    for (pattern, least, greatest) in &step.body_number {
        let number: f64 = pattern::group(&fill(pattern, variables), body)?.parse()?;
        ensure!(
            (*least..=*greatest).contains(&number),
            "{pattern}: expected {least} to {greatest}, got {number}"
        );
    }
    for (variable, pattern) in &step.capture_body {
        let value = pattern::group(&fill(pattern, variables), body)?;
        variables.insert(variable.clone(), value);
    }
    Ok(())
}

fn check_stream(
    step: &Step,
    line: &mut Line,
    variables: &Variables,
    deadline: Instant,
) -> Result<()> {
    for (index, expected) in step.chunks.iter().enumerate() {
        let what = format!("chunk {}", index + 1);
        let chunk = line.chunk(deadline).context(what.clone())?;
        let chunk = chunk.with_context(|| format!("{what}: the stream ended"))?;
        compare(&what, expected, &chunk, variables)?;
    }
    for (index, length) in step.chunk_lengths.iter().enumerate() {
        let chunk = line.chunk(deadline)?.unwrap_or_default();
        ensure!(chunk.len() == *length, "chunk {}: {length} / {}", index + 1, chunk.len());
    }
    if let Some(expected) = &step.stream {
        let wanted = fill_bytes(expected, variables).len();
        let mut got = Vec::new();
        while got.len() < wanted {
            let Some(chunk) = line.chunk(deadline).with_context(|| shown(&got))? else { break };
            got.extend(chunk);
        }
        compare("stream", expected, &got, variables)?;
    }
    check_frames(step, line, variables, deadline)?;
    if let Some(expected) = &step.bytes {
        let count = fill_bytes(expected, variables).len();
        let got = line.connection.take_exactly(count, deadline)?;
        compare("bytes", expected, &got, variables)?;
    }
    if step.ends
        && let Some(chunk) = line.chunk(deadline).context("end of the stream")?
    {
        bail!("expected the end of the stream, got the chunk {}", shown(&chunk));
    }
    if let Some(expected) = &step.rest {
        let got = line.connection.take_to_end(deadline)?;
        compare("rest", expected, &got, variables)?;
    }
    Ok(())
}

fn check_frames(
    step: &Step,
    line: &mut Line,
    variables: &Variables,
    deadline: Instant,
) -> Result<()> {
    for (index, expected) in step.frames.iter().enumerate() {
        let what = format!("frame {}", index + 1);
        let frame = Frame::read(&mut line.connection, deadline).context(what.clone())?;
        compare(&what, expected, &notation::write(&frame), variables)?;
    }
    for (index, length) in step.frame_lengths.iter().enumerate() {
        let frame = Frame::read(&mut line.connection, deadline)?;
        let got = frame.payload.len();
        ensure!(got == *length, "frame {}: expected {length} bytes, got {got}", index + 1);
    }
    Ok(())
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
#[path = "player_tests.rs"]
mod tests;
