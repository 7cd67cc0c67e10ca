//! Samples of system metrics with the official keys. Formulas as in wandb's `symon`, but for the whole process
//! tree of the child, because data loaders and launchers do the work in processes of their own.

use std::collections::HashMap;
use std::time::Instant;

use nix::sys::statvfs::statvfs;
use nix::unistd::Pid;

use super::gpu::Gpus;
use super::{host, proc};
use crate::child::tree;
use crate::wire::json::Value;
use crate::wire::schema::{StatsItem, StatsRecord, Timestamp};

const MIB: f64 = 1024.0 * 1024.0;
const GIB: f64 = MIB * 1024.0;

/// Samples one process tree and the machine.
#[derive(Debug)]
pub struct Sampler {
    root: Pid,
    cores: f64,
    page: f64,
    ticks_per_second: f64,
    device: Option<String>,
    gpus: Option<Gpus>,
    last: Option<(Instant, HashMap<Pid, u64>)>,
    /// First readings of counters; later ones are told relative to them.
    baseline: HashMap<String, f64>,
}

impl Sampler {
    /// A sampler for a process and all below it.
    pub fn new(root: Pid, gpus: Option<Gpus>) -> Self {
        let setting = |name, default: i64| {
            nix::unistd::sysconf(name).ok().flatten().unwrap_or(default) as f64
        };
        Self {
            root,
            cores: f64::from(host::cpu_count()),
            page: setting(nix::unistd::SysconfVar::PAGE_SIZE, 4096),
            ticks_per_second: setting(nix::unistd::SysconfVar::CLK_TCK, 100),
            device: proc::root_device(),
            gpus,
            last: None,
            baseline: HashMap::new(),
        }
    }

    /// Takes one sample; sources that are missing leave their keys out.
    pub fn sample(&mut self, unix_nanos: i128) -> StatsRecord {
        let mut values: Vec<(String, f64)> = Vec::new();
        let processes = self.processes(&mut values);
        Self::memory(self.root, &mut values);
        self.disk(&mut values);
        if let Some((sent, received)) = proc::network() {
            self.counter("network.sent", sent as f64, &mut values);
            self.counter("network.recv", received as f64, &mut values);
        }
        if let Some(segments) = proc::tcp_retransmits() {
            self.counter("network.tcpRetransmits", segments as f64, &mut values);
        }
        if let Some(gpus) = &self.gpus {
            gpus.sample(&processes, &mut values);
        }
        StatsRecord {
            stats_type: 0,
            timestamp: Some(Timestamp::from_nanos(unix_nanos)),
            item: values
                .into_iter()
                .map(|(key, value)| StatsItem {
                    key,
                    value_json: Value::Float(value).to_json(),
                })
                .collect(),
        }
    }

    fn processes(&mut self, values: &mut Vec<(String, f64)>) -> Vec<u32> {
        let now = Instant::now();
        let mut ticks = HashMap::new();
        let (mut threads, mut pages) = (0, 0);
        for pid in std::iter::once(self.root).chain(tree::descendants(self.root)) {
            if let Some(stat) = proc::process(pid) {
                ticks.insert(pid, stat.ticks);
                threads += stat.threads;
                pages += stat.pages;
            }
        }
        if let Some((then, before)) = &self.last {
            // A process that was not there before has spent all its time since.
            let spent: u64 = ticks
                .iter()
                .map(|(pid, ticks)| ticks.saturating_sub(before.get(pid).copied().unwrap_or(0)))
                .sum();
            let seconds = now.duration_since(*then).as_secs_f64();
            if seconds > 0.0 {
                let cpu = spent as f64 / self.ticks_per_second / seconds * 100.0 / self.cores;
                values.push(("cpu".to_owned(), cpu));
            }
        }
        let pids = ticks
            .keys()
            .map(|pid| pid.as_raw().cast_unsigned())
            .collect();
        self.last = Some((now, ticks));
        let resident = pages as f64 * self.page;
        values.push(("proc.cpu.threads".to_owned(), threads as f64));
        values.push(("proc.memory.rssMB".to_owned(), resident / MIB));
        let limit = proc::cgroup_memory(self.root)
            .map(|(limit, _)| limit)
            .or_else(host::memory_total);
        if let Some(limit) = limit {
            values.push((
                "proc.memory.percent".to_owned(),
                resident / limit as f64 * 100.0,
            ));
        }
        pids
    }

    fn memory(root: Pid, values: &mut Vec<(String, f64)>) {
        let limit = proc::cgroup_memory(root);
        let host = || Some((proc::meminfo("MemTotal")?, proc::meminfo("MemAvailable")?));
        let reading = limit
            .map(|(limit, used)| (limit, limit.saturating_sub(used)))
            .or_else(host);
        if let Some((total, available)) = reading {
            let used = total.saturating_sub(available) as f64;
            values.push(("proc.memory.availableMB".to_owned(), available as f64 / MIB));
            values.push(("memory_percent".to_owned(), used / total as f64 * 100.0));
        }
    }

    fn disk(&mut self, values: &mut Vec<(String, f64)>) {
        if let Ok(root) = statvfs("/") {
            let used = root.blocks().saturating_sub(root.blocks_free()) as f64;
            let usable = used + root.blocks_available() as f64;
            values.push((
                "disk./.usagePercent".to_owned(),
                used / usable.max(1.0) * 100.0,
            ));
            values.push((
                "disk./.usageGB".to_owned(),
                used * root.fragment_size() as f64 / GIB,
            ));
        }
        if let Some(device) = self.device.clone()
            && let Some((read, written)) = proc::disk_io(&device)
        {
            self.counter(&format!("disk.{device}.in"), read as f64 / MIB, values);
            self.counter(&format!("disk.{device}.out"), written as f64 / MIB, values);
        }
    }

    fn counter(&mut self, key: &str, value: f64, values: &mut Vec<(String, f64)>) {
        let baseline = self.baseline.entry(key.to_owned()).or_insert(value);
        *baseline = baseline.min(value);
        values.push((key.to_owned(), value - *baseline));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_have_the_official_keys() {
        let mut sampler = Sampler::new(nix::unistd::getpid(), None);
        let keys = |record: &StatsRecord| {
            record
                .item
                .iter()
                .map(|item| item.key.clone())
                .collect::<Vec<_>>()
        };
        let first = sampler.sample(0);
        assert!(!keys(&first).contains(&"cpu".to_owned()));
        let second = sampler.sample(1_500_000_000);
        for key in [
            "cpu",
            "proc.cpu.threads",
            "proc.memory.rssMB",
            "proc.memory.percent",
            "proc.memory.availableMB",
            "memory_percent",
            "disk./.usagePercent",
            "disk./.usageGB",
            "network.sent",
            "network.recv",
        ] {
            assert!(
                keys(&second).contains(&key.to_owned()),
                "{key} is missing in {:?}",
                keys(&second)
            );
        }
        let sent = first
            .item
            .iter()
            .find(|item| item.key == "network.sent")
            .unwrap();
        assert_eq!(sent.value_json, "0.0");
        assert_eq!(second.timestamp.unwrap().nanos, 500_000_000);
    }
}
