//! Where clients come in: the private Unix socket, and for old SDKs a port on the loopback address.
//!
//! Whoever comes must be the user (or root). A Unix socket tells who is on the other side; for a loopback connection the
//! kernel's table of connections does.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixListener;

use nix::sys::socket::{getsockopt, sockopt};

/// A listening socket.
pub(super) trait Door: AsFd + Send + 'static {
    /// The next client and its process (0 if that is not known); `None` for a stranger.
    fn next(&self) -> io::Result<Option<(OwnedFd, i32)>>;
}

fn is_ours(uid: u32) -> bool {
    uid == nix::unistd::geteuid().as_raw() || uid == 0
}

impl Door for UnixListener {
    fn next(&self) -> io::Result<Option<(OwnedFd, i32)>> {
        let (stream, _) = self.accept()?;
        let peer = getsockopt(&stream, sockopt::PeerCredentials)?;
        Ok(is_ours(peer.uid()).then(|| (OwnedFd::from(stream), peer.pid())))
    }
}

impl Door for TcpListener {
    fn next(&self) -> io::Result<Option<(OwnedFd, i32)>> {
        let (stream, from) = self.accept()?;
        // Answers are small and waited for.
        stream.set_nodelay(true)?;
        let to = stream.local_addr()?;
        let table = fs::read_to_string("/proc/net/tcp").unwrap_or_default();
        let ours = owner(&table, from, to).is_some_and(is_ours);
        Ok(ours.then(|| (OwnedFd::from(stream), 0)))
    }
}

/// The user who has made the connection from one address to another, by the kernel's table.
fn owner(table: &str, from: SocketAddr, to: SocketAddr) -> Option<u32> {
    let (from, to) = (hexadecimal(from)?, hexadecimal(to)?);
    table.lines().find_map(|line| {
        let mut columns = line.split_whitespace().skip(1);
        let (local, remote) = (columns.next()?, columns.next()?);
        (local == from && remote == to).then(|| columns.nth(4)?.parse().ok())?
    })
}

/// An address as the table writes it: bytes in the order of this machine, then the port.
fn hexadecimal(address: SocketAddr) -> Option<String> {
    match address {
        SocketAddr::V4(address) => {
            let ip = u32::from_ne_bytes(address.ip().octets());
            Some(format!("{ip:08X}:{:04X}", address.port()))
        }
        SocketAddr::V6(_) => None,
    }
}

/// A port on the loopback address.
pub(super) fn loopback() -> io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_of_a_connection_stands_in_the_table() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000   500        0 1\n   1: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 2\n";
        let address = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if cfg!(target_endian = "little") {
            assert_eq!(owner(table, address(0xc350), address(0x1f90)), Some(1000));
        }
        assert_eq!(owner(table, address(1), address(0x1f90)), None);
        assert_eq!(owner("", address(1), address(2)), None);
    }

    #[test]
    fn the_user_comes_in_through_the_loopback_port() {
        let listener = loopback().unwrap();
        let _client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert!(listener.next().unwrap().is_some());
    }
}
