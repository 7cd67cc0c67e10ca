//! NVIDIA graphics cards through NVML, which is loaded only where the driver's device exists.

use std::path::Path;

use nvml_wrapper::Nvml;
use nvml_wrapper::enum_wrappers::device::{Clock, PcieUtilCounter, TemperatureSensor};

use crate::wire::schema::{EnvironmentRecord, GpuNvidiaInfo};

/// The cards of this machine.
#[derive(Debug)]
pub struct Gpus {
    nvml: Nvml,
}

impl Gpus {
    /// Loads the driver's library; `None` where there is no driver.
    pub fn load() -> Option<Self> {
        if !Path::new("/dev/nvidiactl").exists() {
            return None;
        }
        Nvml::init().ok().map(|nvml| Self { nvml })
    }

    fn devices(&self) -> impl Iterator<Item = (u32, nvml_wrapper::Device<'_>)> {
        let count = self.nvml.device_count().unwrap_or(0);
        (0..count).filter_map(|index| Some((index, self.nvml.device_by_index(index).ok()?)))
    }

    /// Fills in what the metadata says about cards.
    pub fn describe(&self, record: &mut EnvironmentRecord) {
        for (_, device) in self.devices() {
            record.gpu_nvidia.push(GpuNvidiaInfo {
                name: device.name().unwrap_or_default(),
                memory_total: device.memory_info().map_or(0, |memory| memory.total),
                cuda_cores: device.num_cores().unwrap_or(0),
                architecture: device
                    .architecture()
                    .map_or_else(|_| String::new(), |a| a.to_string()),
                uuid: device.uuid().unwrap_or_default(),
            });
        }
        record.gpu_count = record.gpu_nvidia.len() as u32;
        record.gpu_type = record
            .gpu_nvidia
            .first()
            .map(|gpu| gpu.name.clone())
            .unwrap_or_default();
        if let Ok(version) = self.nvml.sys_cuda_driver_version() {
            record.cuda_version = format!("{}.{}", version / 1000, version % 1000 / 10);
        }
    }

    /// Adds readings of every card, and copies of those that one of the processes uses.
    pub fn sample(&self, processes: &[u32], values: &mut Vec<(String, f64)>) {
        for (index, device) in self.devices() {
            let mut readings: Vec<(&str, f64)> = Vec::new();
            if let Ok(use_) = device.utilization_rates() {
                readings.push(("gpu", use_.gpu.into()));
                readings.push(("memory", use_.memory.into()));
            }
            if let Ok(memory) = device.memory_info() {
                readings.push((
                    "memoryAllocated",
                    memory.used as f64 / memory.total.max(1) as f64 * 100.0,
                ));
                readings.push(("memoryAllocatedBytes", memory.used as f64));
            }
            if let Ok(degrees) = device.temperature(TemperatureSensor::Gpu) {
                readings.push(("temp", degrees.into()));
            }
            if let Ok(milliwatts) = device.power_usage() {
                let watts = f64::from(milliwatts) / 1000.0;
                readings.push(("powerWatts", watts));
                if let Ok(limit) = device.enforced_power_limit() {
                    let limit = f64::from(limit) / 1000.0;
                    readings.push(("enforcedPowerLimitWatts", limit));
                    readings.push(("powerPercent", watts / limit.max(1e-3) * 100.0));
                }
            }
            let of_process = readings.len();
            if let Ok(millijoules) = device.total_energy_consumption() {
                readings.push(("energyJoules", millijoules as f64 / 1000.0));
            }
            for (name, clock) in [
                ("smClock", Clock::SM),
                ("memoryClock", Clock::Memory),
                ("graphicsClock", Clock::Graphics),
            ] {
                if let Ok(megahertz) = device.clock_info(clock) {
                    readings.push((name, megahertz.into()));
                }
            }
            if let Ok(percent) = device.fan_speed(0) {
                readings.push(("fanSpeed", percent.into()));
            }
            if let Ok(encoder) = device.encoder_utilization() {
                readings.push(("encoderUtilization", encoder.utilization.into()));
            }
            for (name, counter) in [
                ("pcieTxBytes", PcieUtilCounter::Send),
                ("pcieRxBytes", PcieUtilCounter::Receive),
            ] {
                if let Ok(kib) = device.pcie_throughput(counter) {
                    readings.push((name, f64::from(kib) * 1024.0));
                }
            }
            let used = device
                .running_compute_processes()
                .is_ok_and(|users| users.iter().any(|user| processes.contains(&user.pid)));
            for (i, (name, value)) in readings.into_iter().enumerate() {
                values.push((format!("gpu.{index}.{name}"), value));
                if used && i < of_process {
                    values.push((format!("gpu.process.{index}.{name}"), value));
                }
            }
        }
    }
}
