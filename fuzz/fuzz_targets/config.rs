//! A node's configuration from arbitrary text: an error that names the file, or a configuration that is understood.

#![no_main]

use std::path::PathBuf;
use std::sync::OnceLock;

use diqkd_node::Config;
use libfuzzer_sys::fuzz_target;

/// A file of this process, in memory where the system has such a folder.
fn path() -> &'static PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let memory = PathBuf::from("/dev/shm");
        let folder = if memory.is_dir() { memory } else { std::env::temp_dir() };
        folder.join(format!("diqkd-fuzz-{}.toml", std::process::id()))
    })
}

fuzz_target!(|data: &[u8]| {
    std::fs::write(path(), data).expect("a folder that can be written to");
    match Config::load(path()) {
        Ok(config) => {
            assert_eq!(config.needs_restart(&config), None);
            assert_eq!(config.digest(), config.digest());
            assert!(config.agreed().len() <= config.understood().len());
            assert!(config.pad_bits_a_session() > 0);
        }
        Err(error) => assert!(error.to_string().contains(".toml"), "{error}"),
    }
});
