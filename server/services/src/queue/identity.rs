//! Who a worker is, so that what it held when it died can be told from what another holds now.

use std::{
    fs::{self, File},
    path::Path,
};

use uuid::Uuid;

/// The name of a worker. A process that holds its data directory's lock has the directory's name: whatever bears that
/// name was left by a predecessor, which is dead, because the lock goes with the process.
#[derive(Debug)]
pub(crate) struct WorkerIdentity {
    /// The name that leases carry.
    pub name: String,
    /// Names this start of the process.
    pub start: Uuid,
    /// Held as long as the process lives; `None` if another process works in the same directory.
    lock: Option<File>,
}

impl WorkerIdentity {
    /// Takes the name of the data directory, or a passing one if another process has it.
    pub(crate) fn claim(data: &Path) -> Self {
        Self::try_claim(data).unwrap_or_else(|error| {
            tracing::info!(%error, "another process works in this data directory; its leases are respected");
            Self::passing()
        })
    }

    /// A name that nobody had before.
    pub(crate) fn passing() -> Self {
        let start = Uuid::now_v7();
        Self { name: start.to_string(), start, lock: None }
    }

    /// Whether leases in this name are certainly not held by a living process other than this one.
    pub(crate) fn is_sole(&self) -> bool {
        self.lock.is_some()
    }

    fn try_claim(data: &Path) -> std::io::Result<Self> {
        fs::create_dir_all(data)?;
        let lock = File::create(data.join("worker.lock"))?;
        lock.try_lock()?;
        let path = data.join("worker.id");
        let known = fs::read_to_string(&path).ok().and_then(|text| text.trim().parse::<Uuid>().ok());
        let name = known.unwrap_or_else(Uuid::now_v7);
        if known.is_none() {
            fs::write(&path, name.to_string())?;
        }
        Ok(Self { name: name.to_string(), start: Uuid::now_v7(), lock: Some(lock) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_name_and_one_holder() {
        let data = tempfile::tempdir().unwrap();
        let first = WorkerIdentity::claim(data.path());
        let second = WorkerIdentity::claim(data.path());
        assert!(first.is_sole() && !second.is_sole());
        assert_ne!(first.name, second.name);
        let name = first.name.clone();
        drop(first);
        let successor = WorkerIdentity::claim(data.path());
        assert!(successor.is_sole());
        assert_eq!(successor.name, name);
    }
}
