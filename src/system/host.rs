//! The environment records: how the run was started, and on what. Protojson of them is `wandb-metadata.json`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use nix::sys::statvfs::statvfs;

use super::gpu::Gpus;
use crate::wire::json::Value;
use crate::wire::schema::{CpuInfo, DiskInfo, EnvironmentRecord, MemoryInfo, Timestamp};

/// This machine's name.
pub fn hostname() -> String {
    nix::unistd::gethostname()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Operating system, kernel and architecture, like `Linux-6.1.0-x86_64`.
pub fn os() -> String {
    match nix::sys::utsname::uname() {
        Ok(name) => [name.sysname(), name.release(), name.machine()]
            .map(|part| part.to_string_lossy().into_owned())
            .join("-"),
        Err(_) => std::env::consts::OS.to_owned(),
    }
}

/// `SLURM_*` variables, the prefix cut and in lower case; values with tokens in them are left out.
pub fn slurm(environment: impl Iterator<Item = (String, String)>) -> BTreeMap<String, String> {
    environment
        .filter_map(|(key, value)| Some((key.strip_prefix("SLURM_")?.to_lowercase(), value)))
        .filter(|(key, value)| {
            !crate::output::redact::is_secret_name(key) && !crate::output::redact::is_token(value)
        })
        .collect()
}

/// Processors, memory, disk and graphics cards.
pub fn hardware(writer_id: &str, gpus: Option<&Gpus>) -> EnvironmentRecord {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let (physical, logical) = (physical_cores(&cpuinfo), logical_cores());
    let mut disk = BTreeMap::new();
    if let Ok(root) = statvfs("/") {
        let unit = root.fragment_size();
        disk.insert(
            "/".to_owned(),
            DiskInfo {
                total: root.blocks() * unit,
                used: root.blocks().saturating_sub(root.blocks_free()) * unit,
            },
        );
    }
    let mut record = EnvironmentRecord {
        cpu_count: physical,
        cpu_count_logical: logical,
        disk,
        memory: memory_total().map(|total| MemoryInfo { total }),
        cpu: cpu_model(&cpuinfo).map(|model| CpuInfo {
            model,
            ..CpuInfo::default()
        }),
        writer_id: writer_id.to_owned(),
        ..EnvironmentRecord::default()
    };
    if let Some(gpus) = gpus {
        gpus.describe(&mut record);
    }
    record
}

/// Distinct pairs of core and package in `/proc/cpuinfo`, or its number of processors.
fn physical_cores(cpuinfo: &str) -> u32 {
    let mut pairs = BTreeSet::new();
    let (mut processors, mut core, mut package) = (0, None, None);
    for line in cpuinfo.lines().chain([""]) {
        match line
            .split_once(':')
            .map(|(key, value)| (key.trim(), value.trim()))
        {
            Some(("processor", _)) => processors += 1,
            Some(("core id", id)) => core = Some(id),
            Some(("physical id", id)) => package = Some(id),
            _ if line.is_empty() => {
                if let (Some(core), Some(package)) = (core.take(), package.take()) {
                    pairs.insert((core, package));
                }
            }
            _ => {}
        }
    }
    if pairs.is_empty() {
        processors
    } else {
        pairs.len() as u32
    }
}

/// Number of physical cores; at least 1.
pub fn cpu_count() -> u32 {
    physical_cores(&fs::read_to_string("/proc/cpuinfo").unwrap_or_default()).max(1)
}

fn logical_cores() -> u32 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let cpus = stat.lines().filter(|line| {
        line.strip_prefix("cpu")
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    });
    cpus.count() as u32
}

fn cpu_model(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo
        .lines()
        .find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// Bytes of memory of the machine.
pub fn memory_total() -> Option<u64> {
    super::proc::meminfo("MemTotal")
}

/// A UUID of version 7 from a moment and random bytes; tells writers of one run apart.
pub fn writer_id(unix_nanos: i128, random: [u8; 10]) -> String {
    let millis = (unix_nanos / 1_000_000) as u64;
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
    bytes[6..].copy_from_slice(&random);
    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

/// RFC 3339 in UTC, as protojson writes a timestamp.
fn rfc3339(time: &Timestamp) -> String {
    chrono::DateTime::from_timestamp(time.seconds, time.nanos.max(0).cast_unsigned())
        .map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
        .unwrap_or_default()
}

/// The records of a run as one, in protojson: official names, 64-bit numbers as text, empty fields left out.
pub fn metadata_json(records: &[EnvironmentRecord]) -> Value {
    let mut members: Vec<(String, Value)> = Vec::new();
    for record in records {
        for (key, value) in members_of(record) {
            match members.iter_mut().find(|(name, _)| *name == key) {
                Some(member) => member.1 = value,
                None => members.push((key, value)),
            }
        }
    }
    Value::Map(members)
}

fn members_of(record: &EnvironmentRecord) -> Vec<(String, Value)> {
    let mut members = Vec::new();
    let mut text = |key: &str, value: &str| {
        if !value.is_empty() {
            members.push((key.to_owned(), Value::from(value)));
        }
    };
    text("os", &record.os);
    text("python", &record.python);
    if let Some(time) = &record.started_at {
        text("startedAt", &rfc3339(time));
    }
    text("docker", &record.docker);
    text("program", &record.program);
    text("codePath", &record.code_path);
    text("codePathLocal", &record.code_path_local);
    text("email", &record.email);
    text("root", &record.root);
    text("host", &record.host);
    text("username", &record.username);
    text("executable", &record.executable);
    text("gpu", &record.gpu_type);
    text("cudaVersion", &record.cuda_version);
    text("writerId", &record.writer_id);
    let mut add = |key: &str, value: Value| members.push((key.to_owned(), value));
    let object = |pairs: Vec<(&str, Value)>| {
        Value::Map(
            pairs
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    };
    if !record.args.is_empty() {
        let args = record
            .args
            .iter()
            .map(|arg| Value::from(arg.as_str()))
            .collect();
        add("args", Value::List(args));
    }
    if let Some(git) = &record.git {
        let remote = ("remote", Value::from(git.remote_url.as_str()));
        let commit = ("commit", Value::from(git.commit.as_str()));
        let filled = |(_, value): &(&str, Value)| value.as_str() != Some("");
        add(
            "git",
            object([remote, commit].into_iter().filter(filled).collect()),
        );
    }
    for (key, count) in [
        ("cpu_count", record.cpu_count),
        ("cpu_count_logical", record.cpu_count_logical),
        ("gpu_count", record.gpu_count),
    ] {
        if count > 0 {
            add(key, Value::Int(count.into()));
        }
    }
    let number = |n: u64| Value::Text(n.to_string());
    if !record.disk.is_empty() {
        let disks = record.disk.iter().map(|(path, disk)| {
            (
                path.clone(),
                object(vec![
                    ("total", number(disk.total)),
                    ("used", number(disk.used)),
                ]),
            )
        });
        add("disk", Value::Map(disks.collect()));
    }
    if let Some(memory) = &record.memory {
        add("memory", object(vec![("total", number(memory.total))]));
    }
    if let Some(cpu) = &record.cpu {
        add(
            "cpu",
            object(vec![("model", Value::from(cpu.model.as_str()))]),
        );
    }
    if !record.gpu_nvidia.is_empty() {
        let cards = record.gpu_nvidia.iter().map(|gpu| {
            object(vec![
                ("name", Value::from(gpu.name.as_str())),
                ("memoryTotal", number(gpu.memory_total)),
                ("cudaCores", Value::Int(gpu.cuda_cores.into())),
                ("architecture", Value::from(gpu.architecture.as_str())),
                ("uuid", Value::from(gpu.uuid.as_str())),
            ])
        });
        add("gpu_nvidia", Value::List(cards.collect()));
    }
    if !record.slurm.is_empty() {
        let slurm = record
            .slurm
            .iter()
            .map(|(key, value)| (key.clone(), Value::from(value.as_str())));
        add("slurm", Value::Map(slurm.collect()));
    }
    members
}

/// A script's path below a directory, with `/`; `None` if it lies elsewhere.
pub fn path_below(path: &Path, directory: &Path) -> Option<String> {
    let below = path.strip_prefix(directory).ok()?;
    Some(below.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_can_be_described() {
        let record = hardware("w", None);
        assert!(record.cpu_count >= 1 && record.cpu_count_logical >= record.cpu_count);
        assert!(record.memory.unwrap().total > 1 << 20);
        assert!(record.disk["/"].total >= record.disk["/"].used);
        assert!(os().starts_with("Linux-"));
    }

    #[test]
    fn metadata_is_protojson() {
        let first = EnvironmentRecord {
            os: "Linux".into(),
            args: vec!["--lr".into(), "0.1".into()],
            started_at: Some(Timestamp::from_nanos(1_700_000_000_120_000_000)),
            writer_id: "w".into(),
            ..EnvironmentRecord::default()
        };
        let mut second = EnvironmentRecord {
            cpu_count: 2,
            memory: Some(MemoryInfo { total: 1 << 34 }),
            ..EnvironmentRecord::default()
        };
        second
            .disk
            .insert("/".into(), DiskInfo { total: 10, used: 5 });
        assert_eq!(
            metadata_json(&[first, second]).to_json(),
            r#"{"os":"Linux","startedAt":"2023-11-14T22:13:20.120Z","writerId":"w","args":["--lr","0.1"],"cpu_count":2,"disk":{"/":{"total":"10","used":"5"}},"memory":{"total":"17179869184"}}"#
        );
    }

    #[test]
    fn slurm_variables_without_secrets() {
        let variables = [
            ("SLURM_JOB_ID", "7"),
            ("HOME", "/"),
            ("SLURM_JWT_TOKEN", "x"),
        ];
        let slurm = slurm(
            variables
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned())),
        );
        assert_eq!(
            slurm.into_iter().collect::<Vec<_>>(),
            [("job_id".to_owned(), "7".to_owned())]
        );
    }

    #[test]
    fn writer_ids_are_uuids_of_version_7() {
        let id = writer_id(1_700_000_000_000_000_000, [0xff; 10]);
        assert_eq!(id, "018bcfe5-6800-7fff-bfff-ffffffffffff");
    }

    #[test]
    fn cores_are_counted_by_package() {
        let text = "processor: 0\nphysical id: 0\ncore id: 0\n\nprocessor: 1\nphysical id: 0\ncore id: 0\n\nprocessor: 2\nphysical id: 1\ncore id: 0\n";
        assert_eq!(physical_cores(text), 2);
        assert_eq!(physical_cores("processor: 0\n\nprocessor: 1\n"), 2);
    }
}
