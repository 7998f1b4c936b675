use std::time::SystemTime;

use sysinfo::{Disks, Networks, Pid, ProcessesToUpdate, System};
use wf_sdk::{DeltaCounter, Event, Granularity, Histogram, Metric, SourceTag, Span, SpanLog};

use super::{identity::Identity, jitter::Jitter, outlets::Outlets};

/// What the operating system says of this machine.
pub(crate) struct Machine {
    system: System,
    disks: Disks,
    networks: Networks,
    process: Option<Pid>,
}

/// Says that the demo began: an event, and a tag on this machine as a source.
pub(crate) fn send_start(outlets: &Outlets, identity: &mut Identity) {
    let id = identity.next();
    let annotations = [("id", id.as_ref()), ("severity", "info"), ("type", "demo")];
    outlets.send(&Event::new("wf demo started", SystemTime::now()).annotations(&annotations));
    outlets.send(&SourceTag::add(&["wf-demo"]));
}

impl Machine {
    pub(crate) fn new() -> Self {
        let mut system = System::new();
        system.refresh_cpu_usage();
        Self {
            system,
            disks: Disks::new_with_refreshed_list(),
            networks: Networks::new_with_refreshed_list(),
            process: sysinfo::get_current_pid().ok(),
        }
    }

    /// Takes one reading of everything and sends it, with a span for the whole and one for each part.
    pub(crate) fn send_reading(&mut self, outlets: &Outlets, jitter: &Jitter, identity: &mut Identity) {
        let mut reading = Reading { outlets, identity, trace: 0, root: 0 };
        reading.trace = reading.identity.next_u128();
        reading.root = reading.identity.next_u128();
        let start = SystemTime::now();
        reading.part("demo.cpu", |reading| self.send_cpu(reading));
        reading.part("demo.memory", |reading| self.send_memory(reading));
        reading.part("demo.disks", |reading| self.send_disks(reading));
        reading.part("demo.network", |reading| self.send_network(reading));
        reading.part("demo.process", |reading| self.send_process(reading));
        reading.part("demo.jitter", |reading| send_jitter(reading, jitter));
        reading.span("demo.reading", start, reading.root, &[]);
    }

    fn send_cpu(&mut self, reading: &mut Reading<'_>) {
        self.system.refresh_cpu_usage();
        for (core, cpu) in self.system.cpus().iter().enumerate() {
            reading.metric("cpu.usage.percent", cpu.cpu_usage(), Some(("core", &core.to_string())));
        }
        let load = System::load_average();
        reading.metric("system.load.1m", load.one, None);
        reading.metric("system.load.5m", load.five, None);
        reading.metric("system.load.15m", load.fifteen, None);
    }

    fn send_memory(&mut self, reading: &mut Reading<'_>) {
        self.system.refresh_memory();
        reading.metric("memory.used.bytes", self.system.used_memory() as f64, None);
        reading.metric("memory.available.bytes", self.system.available_memory() as f64, None);
        reading.metric("swap.used.bytes", self.system.used_swap() as f64, None);
    }

    fn send_disks(&mut self, reading: &mut Reading<'_>) {
        self.disks.refresh(true);
        for disk in &self.disks {
            let mount = disk.mount_point().to_string_lossy();
            reading.metric("disk.available.bytes", disk.available_space() as f64, Some(("mount", &mount)));
            reading.metric("disk.total.bytes", disk.total_space() as f64, Some(("mount", &mount)));
        }
    }

    fn send_network(&mut self, reading: &mut Reading<'_>) {
        self.networks.refresh(true);
        let mut sent_since = 0;
        for (interface, data) in &self.networks {
            let tag = Some(("interface", interface.as_str()));
            reading.metric("network.received.bytes", data.total_received() as f64, tag);
            reading.metric("network.sent.bytes", data.total_transmitted() as f64, tag);
            sent_since += data.transmitted();
        }
        // A delta counter counts up: nothing sent is nothing to say.
        if sent_since > 0 {
            let id = reading.identity.next();
            let tags = [("id", id.as_ref())];
            reading.outlets.send(&DeltaCounter::new("network.bytes.sent", sent_since as f64).tags(&tags));
        }
    }

    fn send_process(&mut self, reading: &mut Reading<'_>) {
        let Some(pid) = self.process else { return };
        self.system.refresh_processes(ProcessesToUpdate::Some(&[pid]), true);
        let Some(process) = self.system.process(pid) else { return };
        reading.metric("process.memory.bytes", process.memory() as f64, None);
        reading.metric("process.cpu.percent", process.cpu_usage(), None);
        reading.metric("process.uptime.seconds", process.run_time() as f64, None);
    }
}

fn send_jitter(reading: &mut Reading<'_>, jitter: &Jitter) {
    let centroids = jitter.take();
    if centroids.is_empty() {
        return;
    }
    let id = reading.identity.next();
    let tags = [("id", id.as_ref()), ("unit", "us")];
    let granularities = [Granularity::Minute, Granularity::Hour, Granularity::Day];
    reading
        .outlets
        .send(&Histogram::new("scheduling.jitter", &centroids).granularities(&granularities).tags(&tags));
}

/// One reading on its way: each point with an id, each part with a span.
struct Reading<'a> {
    outlets: &'a Outlets,
    identity: &'a mut Identity,
    trace: u128,
    root: u128,
}

impl Reading<'_> {
    fn metric(&mut self, name: &str, value: impl Into<f64>, tag: Option<(&str, &str)>) {
        let id = self.identity.next();
        let tags = [("id", id.as_ref()), tag.unwrap_or_default()];
        let tags = if tag.is_some() { &tags[..] } else { &tags[..1] };
        self.outlets.send(&Metric::new(name, value).tags(tags));
    }

    /// Does a part of the reading and sends a span of it.
    fn part(&mut self, name: &str, work: impl FnOnce(&mut Self)) {
        let start = SystemTime::now();
        work(self);
        let id = self.identity.next_u128();
        self.span(name, start, id, &[self.root.into()]);
    }

    fn span(&mut self, name: &str, start: SystemTime, span: u128, parents: &[wf_sdk::Id]) {
        let id = self.identity.next();
        let tags = [("id", id.as_ref()), ("service", "wf-demo"), ("cluster", "none"), ("shard", "none")];
        let took = start.elapsed().unwrap_or_default();
        let fields = [("id", id.as_ref()), ("event", "done")];
        let logs = [SpanLog::new(SystemTime::now(), &fields)];
        let span = Span::new(name, start, took, self.trace, span).parents(parents).tags(&tags);
        self.outlets.send(&span.span_logs(&logs));
    }
}
