//! Statistics: questions about channels that change nothing.

use super::channel::Channel;
use super::path::Entry;
use super::report::{self, Info, Overview, ReportContext, ReportFormat, Summary, WorkerRow};
use super::table::Slot;
use super::{Channels, Refusal};

impl Channels {
    /// What a publisher is told about the channels of `entries`, or `None` if none of them exists:
    /// the answer to GET, once [`Self::check`] has passed, and to a publication.
    ///
    /// One existing entry is reported alone, several as a group. Linear in the entries.
    #[must_use]
    pub fn information(
        &self,
        entries: &[Entry],
        format: ReportFormat,
        context: &ReportContext<'_>,
    ) -> Option<Vec<u8>> {
        if let [entry] = entries {
            return self
                .table
                .lookup(&entry.id)
                .map(|channel| report::item(&info(channel), format));
        }
        let found = entries.iter().filter_map(|entry| self.table.lookup(&entry.id));
        let infos: Vec<_> = found.map(info).collect();
        match infos.as_slice() {
            [] => None,
            [one] => Some(report::item(one, format)),
            several => Some(self.group(several, format, context)),
        }
    }

    /// The same about the channels in these places, of which there is at least one.
    pub(super) fn information_of(
        &self,
        slots: &[Slot],
        format: ReportFormat,
        context: &ReportContext<'_>,
    ) -> Vec<u8> {
        if let [slot] = slots {
            return report::item(&info(self.table.get(*slot)), format);
        }
        let infos: Vec<_> = slots.iter().map(|slot| info(self.table.get(*slot))).collect();
        self.group(&infos, format, context)
    }

    /// What a statistics location answers: a list for `ALL` and for patterns, else what is known
    /// about the channels of `entries`, or `None` if none of them exists. Without entries a
    /// summary.
    ///
    /// A pattern ends at its first `*`. The first entry that is a question ends the path. A list
    /// is linear in the number of channels.
    ///
    /// # Errors
    ///
    /// [`Refusal::IdTooLarge`] if an id up to there is.
    pub fn statistics(
        &self,
        entries: &[Entry],
        format: ReportFormat,
        context: &ReportContext<'_>,
    ) -> Result<Option<Vec<u8>>, Refusal> {
        if entries.is_empty() {
            return Ok(Some(report::summary(&self.summary(context), format, context)));
        }
        for Entry { id, .. } in entries {
            self.check_length(id)?;
            if let Some(end) = memchr::memchr(b'*', id) {
                return Ok(Some(self.list(&id[..end], format, context)));
            }
            if **id == *b"ALL" {
                return Ok(Some(self.list(b"", format, context)));
            }
        }
        Ok(self.information(entries, format, context))
    }

    /// All channels whose ids begin with `prefix`, in order of creation.
    fn list(&self, prefix: &[u8], format: ReportFormat, context: &ReportContext<'_>) -> Vec<u8> {
        let found = self.table.iter().filter(|channel| channel.id.starts_with(prefix));
        let infos: Vec<_> = found.map(info).collect();
        self.group(&infos, format, context)
    }

    fn group(
        &self,
        infos: &[Info<'_>],
        format: ReportFormat,
        context: &ReportContext<'_>,
    ) -> Vec<u8> {
        let overview = Overview {
            channels: self.totals.channels,
            wildcard_channels: self.totals.wildcard_channels,
            uptime: self.uptime(context),
        };
        report::group(infos, &overview, format, context)
    }

    pub(super) fn summary(&self, context: &ReportContext<'_>) -> Summary {
        let uptime = self.uptime(context);
        let row =
            |subscribers: &u64| WorkerRow { pid: context.pid, subscribers: *subscribers, uptime };
        let trash = self.trash.total();
        Summary {
            channels: self.totals.channels,
            wildcard_channels: self.totals.wildcard_channels,
            published_messages: self.totals.tally.published,
            stored_messages: self.totals.stored,
            messages_in_trash: trash.messages,
            channels_in_delete: self.deleted.len() as u64,
            channels_in_trash: trash.channels,
            subscribers: self.connections.iter().sum(),
            uptime,
            by_worker: self.connections.iter().map(row).collect(),
        }
    }

    fn uptime(&self, context: &ReportContext<'_>) -> u64 {
        context.now.tick.since(self.started).as_secs()
    }
}

fn info(channel: &Channel) -> Info<'_> {
    Info {
        id: &channel.id,
        published_messages: channel.last_id,
        stored_messages: channel.history.len(),
        subscribers: channel.subscriptions(),
    }
}
