//! One measurement of requests and answers.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use super::{Setting, Site, Snapshot, own_cpu};
use crate::{
    answer::exchange,
    generator::{Clients, Question},
    ledger::Faults,
    load::Load,
    outcome::{Held, Outcome, Work},
    progress::Progress,
    request,
    resource::{Resource, content},
};

impl Setting {
    /// Has every connection ask again as soon as it is answered.
    ///
    /// # Errors
    /// If a connection fails, or an answer is another one than expected.
    pub(super) fn measure_requests(
        &self,
        site: &Site<'_>,
        load: &Load,
        resource: Resource,
        progress: &mut Progress,
    ) -> Result<Outcome> {
        let question = site.question(load, resource);
        self.wait_for_answer(&question)?;
        let before = Snapshot::take(site, self.patience);
        let mut clients = Clients::new(question)?;
        let cpu = site.cpu();
        let time = clients.gather(usize::try_from(load.subscribers)?, self.patience)?;
        let connected = Snapshot::take(site, self.patience);
        let connecting = Work { time, cpu: site.cpu_since(cpu) };
        clients.run(Duration::from_secs_f64(load.warm_up), self.patience, progress)?;

        let (cpu, own) = (site.cpu(), own_cpu()?);
        let time = clients.run(load.duration(), self.patience, progress)?;
        Ok(Outcome {
            subject: site.name.clone(),
            load: load.clone(),
            start_up: None,
            connecting,
            publishing: Work { time, cpu: site.cpu_since(cpu) },
            generator_cpu: own_cpu()?.saturating_sub(own),
            published: 0,
            tally: clients.tally().clone(),
            memory: Snapshot::growth(before, connected, load.subscribers),
            faults: Faults::default(),
            closed: 0,
            held: Held::default(),
        })
    }
}

impl Setting {
    /// Asks until the answer is good: an upstream that was started along may need a moment.
    fn wait_for_answer(&self, question: &Question) -> Result<()> {
        let begin = Instant::now();
        loop {
            let status = exchange(&question.endpoint, &question.request, self.patience)?;
            if status == 200 {
                return Ok(());
            }
            ensure!(begin.elapsed() < self.patience, "the first request was answered {status}");
            thread::sleep(super::GLANCE);
        }
    }
}

impl Site<'_> {
    /// What is asked; of a server that was not started here, any good answer will do.
    fn question(&self, load: &Load, resource: Resource) -> Question {
        let target = self.target;
        let (path, content) = match target.started {
            true => (resource.path(), content(load.size)),
            false => (target.subscribe.as_str(), Vec::new()),
        };
        let request = request::get(&target.host, path, "");
        Question { endpoint: target.endpoint.clone(), request, content }
    }
}
