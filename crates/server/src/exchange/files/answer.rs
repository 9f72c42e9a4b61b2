//! The answer that carries a file: validators, conditions, ranges.

use std::ops::Range;
use std::os::unix::fs::MetadataExt as _;

use outpour_core::answer::{Answer, Body};
use outpour_core::files::{
    Precondition, Ranges, Validators, boundary_head, boundary_tail, etag, if_range_holds,
};
use outpour_core::router;
use outpour_core::transport::gzip::{self, Told};
use outpour_core::wire::http_date;

use super::body::{FileBody, Segment, read};
use super::{Opened, Step};
use crate::exchange::Exchange;

/// Files up to this many bytes are sent in one piece with the head.
const SMALL_MAX: u64 = 64 * 1024;

/// What identifies a file.
struct Identity {
    modified: u64,
    etag: Option<String>,
    length: u64,
}

impl Exchange {
    /// The answer with an open regular file; `zipped`: it is the compressed form of the file that
    /// was asked for.
    pub(super) fn file_answer(&self, opened: Opened, zipped: bool) -> Step {
        let files = &self.settings.files;
        let (seconds, length) = (opened.metadata.mtime(), opened.metadata.len());
        let modified = u64::try_from(seconds).unwrap_or(0);
        let identity =
            Identity { modified, length, etag: files.etag.then(|| etag(seconds, length)) };
        let status = self.inside.status.unwrap_or(200);
        if status != 200 {
            return self.whole(opened, &identity, status, zipped);
        }
        let tag = identity.etag.as_deref().map(str::as_bytes);
        let validators = Validators { modified, etag: tag };
        match Precondition::of(&self.request, validators, files.if_modified_since) {
            Precondition::Failed => Step::error(412),
            Precondition::NotModified => {
                let answer = Answer { body: Body::Upgrade, ..Answer::new(304) };
                Step::answer(identity.mark(answer, zipped))
            }
            Precondition::Holds => match self.ranges(&identity, zipped) {
                Ranges::Whole => self.whole(opened, &identity, 200, zipped),
                Ranges::Unsatisfiable => {
                    let range = format!("bytes */{length}").into_bytes();
                    Step::error(416).with("Content-Range", range)
                }
                Ranges::Parts(parts) => self.parts(opened, &identity, &parts),
            },
        }
    }

    fn ranges(&self, identity: &Identity, zipped: bool) -> Ranges {
        let Some(header) = self.request.header("range").filter(|_| !zipped) else {
            return Ranges::Whole;
        };
        let length = usize::try_from(identity.length).unwrap_or(usize::MAX);
        let (gzip, content_type) = (&self.settings.gzip, self.type_of_file());
        let marks = identity.mark(Answer::new(200), false).headers;
        let told = Told { headers: &marks, unix: self.started.unix };
        if gzip::level(gzip, &self.request, 200, &content_type, Some(length), told).is_some() {
            // The answer will be compressed, and has no ranges then.
            return Ranges::Whole;
        }
        let tag = identity.etag.as_deref().map(str::as_bytes);
        let condition = self.request.header("if-range");
        match condition.is_none_or(|text| if_range_holds(text, identity.modified, tag)) {
            true => Ranges::parse(header, identity.length, self.settings.files.max_ranges),
            false => Ranges::Whole,
        }
    }

    fn type_of_file(&self) -> Vec<u8> {
        router::content_type(&self.settings, &self.request.path).to_vec()
    }

    fn whole(&self, opened: Opened, identity: &Identity, status: u16, zipped: bool) -> Step {
        let answer = Answer::new(status).with("Content-Type", self.type_of_file());
        let mut answer = identity.mark(answer, zipped);
        if status == 200 && !zipped && self.settings.files.max_ranges > 0 {
            answer = answer.with("Accept-Ranges", &b"bytes"[..]);
        }
        part(answer, opened, 0..identity.length)
    }

    /// 206 with one range, or with several as `multipart/byteranges`.
    fn parts(&self, opened: Opened, identity: &Identity, parts: &[Range<u64>]) -> Step {
        let (answer, length) = (Answer::new(206), identity.length);
        if let [range] = parts {
            let text = format!("bytes {}-{}/{length}", range.start, range.end - 1).into_bytes();
            let answer = identity.mark(answer.with("Content-Type", self.type_of_file()), false);
            return part(answer.with("Content-Range", text), opened, range.clone());
        }
        let boundary = format!("{:020}", self.peer.connection);
        let mut segments = Vec::with_capacity(parts.len() * 2 + 1);
        for range in parts {
            let head = boundary_head(&boundary, &self.type_of_file(), range, length);
            segments.push(Segment::Bytes(head));
            segments.push(Segment::File(range.clone()));
        }
        segments.push(Segment::Bytes(boundary_tail(&boundary)));
        let multipart = format!("multipart/byteranges; boundary={boundary}").into_bytes();
        let answer = identity.mark(answer.with("Content-Type", multipart), false);
        announced(answer, FileBody::new(opened.file, segments))
    }
}

impl Identity {
    /// The headers that identify the file.
    fn mark(&self, answer: Answer, zipped: bool) -> Answer {
        let mut answer = answer;
        if matches!(answer.status, 200 | 206 | 304) {
            answer = answer.with("Last-Modified", http_date::format(self.modified).to_vec());
        }
        if let Some(etag) = &self.etag {
            answer = answer.with("ETag", etag.clone().into_bytes());
        }
        match zipped && answer.status != 304 {
            true => answer.with("Content-Encoding", &b"gzip"[..]),
            false => answer,
        }
    }
}

fn part(mut answer: Answer, opened: Opened, range: Range<u64>) -> Step {
    let length = range.end - range.start;
    if length > SMALL_MAX {
        return announced(answer, FileBody::new(opened.file, [Segment::File(range)]));
    }
    match read(&opened.file, range.start, usize::try_from(length).unwrap_or(0)) {
        Ok(bytes) => {
            answer.body = Body::Bytes(bytes.into());
            Step::answer(answer)
        }
        Err(_) => Step::error(500),
    }
}

fn announced(mut answer: Answer, body: FileBody) -> Step {
    answer.body = Body::Announced(body.length());
    Step::File(Box::new(answer), Box::new(body))
}
