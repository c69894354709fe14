//! File systems of their own for tests, in images.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::support::tools::{Tool, are_there, run};

/// A kind of file system.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    make: &'static str,
    /// What it takes at least.
    megabytes: u64,
}

impl Kind {
    pub(crate) const EXT4: Self = Self { name: "ext4", make: "mkfs.ext4", megabytes: 64 };
    pub(crate) const XFS: Self = Self { name: "xfs", make: "mkfs.xfs", megabytes: 300 };
}

/// A file system in a file, mounted.
pub(crate) struct Disk {
    image: PathBuf,
    pub(crate) mounted: PathBuf,
}

impl Disk {
    /// Nothing if the machine has no such thing, after saying so.
    pub(crate) fn new(kind: &Kind, purpose: &str) -> Option<Self> {
        let needs = [Tool::Program("xfs_io"), Tool::Program(kind.make), Tool::Root];
        if !are_there(&format!("{purpose} on {}", kind.name), &needs) {
            return None;
        }
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let mounted = folder.join(format!("{} {}", purpose, kind.name).replace(' ', "-"));
        let image = mounted.with_extension("image");
        // What a test that was killed may have left.
        run("umount", &[mounted.to_str().unwrap()]);
        drop(fs::remove_file(&image));
        fs::create_dir_all(&mounted).unwrap();
        fs::File::create(&image).unwrap().set_len(kind.megabytes << 20).unwrap();
        assert!(run(kind.make, &["-q", image.to_str().unwrap()]));
        let disk = Self { image, mounted };
        disk.mount();
        Some(disk)
    }

    fn mount(&self) {
        let (image, mounted) = (self.image.to_str().unwrap(), self.mounted.to_str().unwrap());
        assert!(run("mount", &["-o", "loop", image, mounted]));
    }

    pub(crate) fn make_read_only(&self) {
        assert!(run("mount", &["-o", "remount,ro", self.mounted.to_str().unwrap()]));
    }

    /// Takes all its space, until the file that is named is removed.
    pub(crate) fn fill(&self) -> PathBuf {
        let path = self.mounted.join("filler");
        let mut filler = fs::File::create(&path).unwrap();
        while filler.write_all(&[0; 4096]).is_ok() {}
        path
    }

    /// Takes its power away. Shutting a file system down without flushing its log, as XFS and ext4
    /// can, and mounting it again leaves what a power cut leaves.
    pub(crate) fn cut(&self) {
        assert!(run("xfs_io", &["-x", "-c", "shutdown", self.mounted.to_str().unwrap()]));
    }

    /// Makes it stand still: whatever writes to it waits until the result is dropped.
    pub(crate) fn freeze(&self) -> Frozen<'_> {
        assert!(run("xfs_io", &["-x", "-c", "freeze", self.mounted.to_str().unwrap()]));
        Frozen(self)
    }

    pub(crate) fn mount_again(&self) {
        assert!(run("umount", &[self.mounted.to_str().unwrap()]));
        self.mount();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // A store of the test may have a file open a moment longer. Then the mount ends with that.
        run("umount", &["--lazy", self.mounted.to_str().unwrap()]);
        drop(fs::remove_file(&self.image));
    }
}

/// A file system that stands still.
pub(crate) struct Frozen<'a>(&'a Disk);

impl Drop for Frozen<'_> {
    fn drop(&mut self) {
        assert!(run("xfs_io", &["-x", "-c", "thaw", self.0.mounted.to_str().unwrap()]));
    }
}
