//! The last step: drafts inherit, get defaults and become settings.

use outpour_core::settings::{
    ErrorLog, Level, LocationSettings, LogTarget, Main, Origin, Role, Settings, WorkerProcesses,
};

use crate::draft::{Block, MainDraft};
use crate::source::Span;

use super::Lowering;

impl Lowering<'_> {
    pub(super) fn finish(&mut self, main: Block) -> Settings {
        let level = self.main(main.main);
        let http = main.blocks.into_iter().next().map(|http| self.http(http, &level));
        let used = http.as_ref().is_some_and(|http| http.push_used);
        if !used && !self.report.failed() {
            let message = "ngx_http_push_stream_module will not be used with this configuration.";
            self.report.say(Level::Notice, None, message.into(), None);
        }
        Settings { main: level, http }
    }

    fn main(&self, draft: MainDraft) -> Main {
        let mut error_log = draft.error_log;
        if error_log.is_empty() && self.logs {
            let target = LogTarget::File(self.prefix.join("logs/error.log"));
            error_log.push(ErrorLog { target, level: Level::Error, json: false });
        }
        let default_pid = self.logs.then(|| self.prefix.join("logs/nginx.pid"));
        Main {
            worker_processes: draft.worker_processes.unwrap_or(WorkerProcesses::Auto),
            daemon: draft.daemon.unwrap_or(false),
            pid: draft.pid.or(default_pid),
            user: draft.user,
            worker_rlimit_nofile: draft.worker_rlimit_nofile,
            working_directory: draft.working_directory,
            worker_shutdown_timeout: draft.worker_shutdown_timeout,
            worker_connections: draft.worker_connections,
            error_log,
        }
    }

    pub(super) fn origin(&self, at: Span) -> Origin {
        let source = self.report.sources.get(at.source);
        let line = source.line_of(at.start);
        Origin { file: source.name().into(), line: u32::try_from(line).unwrap_or(u32::MAX) }
    }

    /// Whether anything in `settings` has a push role.
    pub(super) fn has_role(settings: &LocationSettings) -> bool {
        !matches!(settings.push.role, Role::None | Role::Service(_) | Role::Application)
    }
}
