//! The socket of a delivery: who may open it may take keys.

use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use crate::config::Access;

/// A socket in the file system, gone when this is dropped.
pub(crate) struct Socket {
    path: PathBuf,
}

impl Socket {
    /// Makes the socket. One that a killed node has left behind is replaced, one on which somebody listens is not.
    pub(crate) fn listen(path: &Path, access: Access) -> io::Result<(Self, UnixListener)> {
        match std::fs::symlink_metadata(path) {
            Ok(found) if !found.file_type().is_socket() => {
                return Err(io::Error::new(
                    io::ErrorKind::AlreadyExists,
                    "a file that is no socket is there",
                ));
            }
            Ok(_) if UnixStream::connect(path).is_ok() => {
                return Err(io::Error::new(io::ErrorKind::AddrInUse, "another process listens there"));
            }
            Ok(_) => std::fs::remove_file(path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let listener = UnixListener::bind(path)?;
        let socket = Self { path: path.to_path_buf() };
        let mode = match access {
            Access::Owner => 0o600,
            Access::Group => 0o660,
        };
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
        listener.set_nonblocking(true)?;
        // Who came in before the permissions were set is sent away.
        while listener.accept().is_ok() {}
        Ok((socket, listener))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_its_owners_and_replaces_only_one_that_is_dead() {
        let folder = std::env::temp_dir().join(format!("diqkd-socket-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("keys.sock");
        let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        let (socket, listener) = Socket::listen(&path, Access::Owner).unwrap();
        assert_eq!(mode(), 0o600);
        let refused = |access| Socket::listen(&path, access).map(|_| ()).unwrap_err().kind();
        assert_eq!(refused(Access::Owner), io::ErrorKind::AddrInUse);
        drop(listener);
        std::mem::forget(socket);
        let (socket, _listener) = Socket::listen(&path, Access::Group).unwrap();
        assert_eq!(mode(), 0o660);
        drop(socket);
        assert!(!path.exists());
        std::fs::write(&path, "mine").unwrap();
        assert_eq!(refused(Access::Owner), io::ErrorKind::AlreadyExists);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
