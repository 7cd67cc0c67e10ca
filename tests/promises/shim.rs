//! Stands between wandb-rs and the kernel (`LD_PRELOAD`): calls that change files below a path fail, or the process is
//! killed in their place. The script that is wrapped is left alone. Sockets count as files below `socket:`.
//!
//! `FAULT_PATH`: part of the path of the files that are meant. `FAULT_AT`: the number of the first call, from 1.
//! `FAULT_COUNT`: how many calls (1). `FAULT_ERRNO`: with which error; 0 kills the process. `FAULT_ONLY`: the name of the
//! only call that counts (`write`, `sync`, `open`, `rename`, `mkdir`; of sockets also `socket`, `connect`, `bind`, `listen`,
//! `accept`, `read`). `FAULT_LOG`: a file that gets a byte for each call;
//! `FAULT_MET`: one that gets a byte for each that fails.
//! `CLOCK_JUMP`: seconds by which the wall clock is off from its hundredth reading on.

use std::ffi::{CStr, c_char, c_int, c_long, c_void};
use std::sync::atomic::{AtomicUsize, Ordering};

unsafe extern "C" {
    fn syscall(number: c_long, ...) -> c_long;
    fn getenv(name: *const c_char) -> *const c_char;
    fn __errno_location() -> *mut c_int;
}

#[cfg(target_arch = "x86_64")]
mod numbers {
    pub const WRITE: i64 = 1;
    pub const OPENAT: i64 = 257;
    pub const FSYNC: i64 = 74;
    pub const FDATASYNC: i64 = 75;
    pub const RENAMEAT: i64 = 264;
    pub const MKDIRAT: i64 = 258;
    pub const READLINKAT: i64 = 267;
    pub const CLOCK_GETTIME: i64 = 228;
    pub const KILL: i64 = 62;
    pub const GETPID: i64 = 39;
    pub const CLOSE: i64 = 3;
    pub const SOCKET: i64 = 41;
    pub const CONNECT: i64 = 42;
    pub const ACCEPT4: i64 = 288;
    pub const SENDTO: i64 = 44;
    pub const SENDMSG: i64 = 46;
    pub const RECVFROM: i64 = 45;
    pub const RECVMSG: i64 = 47;
    pub const BIND: i64 = 49;
    pub const LISTEN: i64 = 50;
    pub const READ: i64 = 0;
    pub const WRITEV: i64 = 20;
    pub const GETSOCKOPT: i64 = 55;
}
#[cfg(target_arch = "aarch64")]
mod numbers {
    pub const WRITE: i64 = 64;
    pub const OPENAT: i64 = 56;
    pub const FSYNC: i64 = 82;
    pub const FDATASYNC: i64 = 83;
    pub const RENAMEAT: i64 = 38;
    pub const MKDIRAT: i64 = 34;
    pub const READLINKAT: i64 = 78;
    pub const CLOCK_GETTIME: i64 = 113;
    pub const KILL: i64 = 129;
    pub const GETPID: i64 = 172;
    pub const CLOSE: i64 = 57;
    pub const SOCKET: i64 = 198;
    pub const CONNECT: i64 = 203;
    pub const ACCEPT4: i64 = 242;
    pub const SENDTO: i64 = 206;
    pub const SENDMSG: i64 = 211;
    pub const RECVFROM: i64 = 207;
    pub const RECVMSG: i64 = 212;
    pub const BIND: i64 = 200;
    pub const LISTEN: i64 = 201;
    pub const READ: i64 = 63;
    pub const WRITEV: i64 = 66;
    pub const GETSOCKOPT: i64 = 209;
}
use numbers::*;

const HERE: c_int = -100;
static CALLS: AtomicUsize = AtomicUsize::new(0);
static READINGS: AtomicUsize = AtomicUsize::new(0);

fn variable(name: &CStr) -> Option<&'static CStr> {
    let value = unsafe { getenv(name.as_ptr()) };
    (!value.is_null()).then(|| unsafe { CStr::from_ptr(value) })
}

fn number(name: &CStr) -> Option<i64> {
    variable(name)?.to_str().ok()?.parse().ok()
}

/// Where a link leads.
fn link<'a>(path: &CStr, buffer: &'a mut [u8; 512]) -> &'a [u8] {
    let length = unsafe { syscall(READLINKAT, HERE, path.as_ptr(), buffer.as_mut_ptr(), 512usize) };
    &buffer[..usize::try_from(length).unwrap_or(0)]
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    !part.is_empty() && text.windows(part.len()).any(|window| window == part)
}

fn is_wandb_rs() -> bool {
    let mut buffer = [0; 512];
    link(c"/proc/self/exe", &mut buffer).ends_with(b"/wandb-rs")
}

/// Adds a byte to the file that a variable names.
fn count(variable_of_file: &CStr) {
    if let Some(file) = variable(variable_of_file) {
        // O_WRONLY | O_CREAT | O_APPEND
        let file = unsafe { syscall(OPENAT, HERE, file.as_ptr(), 0o2101 as c_int, 0o600 as c_int) };
        unsafe { syscall(WRITE, file, c".".as_ptr(), 1usize) };
        unsafe { syscall(CLOSE, file) };
    }
}

/// Counts a call on a path; gives the error with which it fails, if it does.
fn fault(call: &str, path: &[u8]) -> Option<c_int> {
    let wanted = variable(c"FAULT_PATH")?;
    if !contains(path, wanted.to_bytes()) || !is_wandb_rs() {
        return None;
    }
    if variable(c"FAULT_ONLY").is_some_and(|only| only.to_bytes() != call.as_bytes()) {
        return None;
    }
    let this = CALLS.fetch_add(1, Ordering::SeqCst) as i64 + 1;
    count(c"FAULT_LOG");
    let first = number(c"FAULT_AT")?;
    let calls = number(c"FAULT_COUNT").unwrap_or(1);
    if !(first..first.saturating_add(calls)).contains(&this) {
        return None;
    }
    count(c"FAULT_MET");
    match number(c"FAULT_ERRNO").unwrap_or(5) as c_int {
        0 => {
            let own = unsafe { syscall(GETPID) };
            unsafe { syscall(KILL, own, 9 as c_int) };
            None
        }
        error => Some(error),
    }
}

fn failed(error: c_int) -> c_int {
    unsafe { *__errno_location() = error };
    -1
}

fn of_descriptor(call: &str, descriptor: c_int) -> Option<c_int> {
    variable(c"FAULT_PATH")?;
    let mut name = *b"/proc/self/fd/\0\0\0\0\0\0\0\0\0\0\0\0";
    let digits = descriptor.to_string();
    name[14..14 + digits.len()].copy_from_slice(digits.as_bytes());
    let name = CStr::from_bytes_until_nul(&name).ok()?;
    let mut buffer = [0; 512];
    let path = link(name, &mut buffer);
    if path.starts_with(b"socket:") && !is_stream(descriptor) {
        return None;
    }
    // Reading changes no file.
    (call != "read" || path.starts_with(b"socket:")).then(|| fault(call, path))?
}

/// Not one of those through which a parent and its child speak while the latter starts, which cannot fail.
fn is_stream(descriptor: c_int) -> bool {
    let (mut kind, mut size): (c_int, u32) = (0, 4);
    // SOL_SOCKET, SO_TYPE; SOCK_STREAM
    unsafe { syscall(GETSOCKOPT, descriptor, 1 as c_int, 3 as c_int, &raw mut kind, &raw mut size) };
    kind == 1
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn write(descriptor: c_int, bytes: *const c_void, size: usize) -> isize {
    if let Some(error) = of_descriptor("write", descriptor) {
        return failed(error) as isize;
    }
    unsafe { syscall(WRITE, descriptor, bytes, size) as isize }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsync(descriptor: c_int) -> c_int {
    if let Some(error) = of_descriptor("sync", descriptor) {
        return failed(error);
    }
    unsafe { syscall(FSYNC, descriptor) as c_int }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fdatasync(descriptor: c_int) -> c_int {
    if let Some(error) = of_descriptor("sync", descriptor) {
        return failed(error);
    }
    unsafe { syscall(FDATASYNC, descriptor) as c_int }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: c_int) -> c_int {
    // O_CREAT
    if flags & 0o100 != 0
        && let Some(error) = fault("open", unsafe { CStr::from_ptr(path) }.to_bytes())
    {
        return failed(error);
    }
    unsafe { syscall(OPENAT, HERE, path, flags, mode) as c_int }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    if let Some(error) = fault("rename", unsafe { CStr::from_ptr(to) }.to_bytes()) {
        return failed(error);
    }
    unsafe { syscall(RENAMEAT, HERE, from, HERE, to) as c_int }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn mkdir(path: *const c_char, mode: c_int) -> c_int {
    if let Some(error) = fault("mkdir", unsafe { CStr::from_ptr(path) }.to_bytes()) {
        return failed(error);
    }
    unsafe { syscall(MKDIRAT, HERE, path, mode) as c_int }
}

/// A call of a socket that goes through unless it is its turn to fail.
macro_rules! of_socket {
    ($call:literal, $name:ident($descriptor:ident $(, $argument:ident: $type:ty)*) = $number:ident) => {
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($descriptor: c_int $(, $argument: $type)*) -> isize {
            if let Some(error) = of_descriptor($call, $descriptor) {
                return failed(error) as isize;
            }
            unsafe { syscall($number, $descriptor $(, $argument)*) as isize }
        }
    };
}

type Pointer = *mut c_void;
of_socket!("write", writev(descriptor, parts: Pointer, count: c_int) = WRITEV);
of_socket!("read", read(descriptor, bytes: Pointer, size: usize) = READ);
of_socket!("write", sendmsg(descriptor, message: Pointer, flags: c_int) = SENDMSG);
of_socket!("read", recvmsg(descriptor, message: Pointer, flags: c_int) = RECVMSG);

#[unsafe(no_mangle)]
pub unsafe extern "C" fn send(descriptor: c_int, bytes: Pointer, size: usize, flags: c_int) -> isize {
    if let Some(error) = of_descriptor("write", descriptor) {
        return failed(error) as isize;
    }
    unsafe { syscall(SENDTO, descriptor, bytes, size, flags, 0usize, 0usize) as isize }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn recv(descriptor: c_int, bytes: Pointer, size: usize, flags: c_int) -> isize {
    if let Some(error) = of_descriptor("read", descriptor) {
        return failed(error) as isize;
    }
    unsafe { syscall(RECVFROM, descriptor, bytes, size, flags, 0usize, 0usize) as isize }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int {
    if let Some(error) = fault("socket", b"socket:") {
        return failed(error);
    }
    unsafe { syscall(SOCKET, domain, kind, protocol) as c_int }
}

/// As `of_socket!`, of calls that return an `int`.
fn small(call: &str, descriptor: c_int, make: impl FnOnce() -> c_long) -> c_int {
    match of_descriptor(call, descriptor) {
        Some(error) => failed(error),
        None => make() as c_int,
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn connect(descriptor: c_int, address: Pointer, size: u32) -> c_int {
    small("connect", descriptor, || unsafe { syscall(CONNECT, descriptor, address, size) })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn bind(descriptor: c_int, address: Pointer, size: u32) -> c_int {
    small("bind", descriptor, || unsafe { syscall(BIND, descriptor, address, size) })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn listen(descriptor: c_int, backlog: c_int) -> c_int {
    small("listen", descriptor, || unsafe { syscall(LISTEN, descriptor, backlog) })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn accept4(descriptor: c_int, address: Pointer, size: Pointer, flags: c_int) -> c_int {
    small("accept", descriptor, || unsafe { syscall(ACCEPT4, descriptor, address, size, flags) })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(clock: c_int, time: *mut [i64; 2]) -> c_int {
    let result = unsafe { syscall(CLOCK_GETTIME, clock, time) as c_int };
    // CLOCK_REALTIME
    if clock == 0
        && let Some(jump) = number(c"CLOCK_JUMP")
        && is_wandb_rs()
        && READINGS.fetch_add(1, Ordering::SeqCst) >= 100
    {
        unsafe { (*time)[0] += jump };
    }
    result
}
