//! What a step expects.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use outpour_testkit::{Frame, Head};

use crate::line::Line;
use crate::notation;
use crate::pattern::{self, Variables, compare, fill, fill_bytes};
use crate::step::Step;
use crate::text::shown;

/// Reads from `line` what `step` expects; captured values go to `variables`.
pub(crate) fn expect(
    step: &Step,
    line: &mut Line,
    variables: &mut Variables,
    deadline: Instant,
) -> Result<()> {
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
