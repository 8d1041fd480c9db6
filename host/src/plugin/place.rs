//! Where compiled code may lie: in files and folders that only the user of this process can
//! change, from the root of the file system down. What is checked is what is read: links are
//! resolved first, and the open file is looked at, not its name.

use std::{
    io,
    path::{Path, PathBuf},
};

/// The bytes of a file that nobody else can have written; `None` when there is none.
///
/// # Errors
/// Somebody else may write to it or to its place, or it cannot be read.
#[cfg(unix)]
pub(super) fn read(file: &Path) -> io::Result<Option<Vec<u8>>> {
    use std::{
        fs::OpenOptions,
        io::Read,
        os::unix::fs::{MetadataExt, OpenOptionsExt},
    };
    let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else {
        return Ok(None);
    };
    let folder = match checked(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        folder => folder?,
    };
    let no_links = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default();
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(no_links)
        .open(folder.join(name));
    let mut opened = match opened {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let metadata = opened.metadata()?;
    let is_ours = metadata.is_file()
        && metadata.uid() == rustix::process::geteuid().as_raw()
        && metadata.mode() & 0o022 == 0
        // A second name could lie where others may write.
        && metadata.nlink() == 1;
    if !is_ours {
        return Err(io::Error::other("somebody else may write to it"));
    }
    let mut bytes = Vec::new();
    opened.read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// A folder without links in its path, once it is sure that only this user and root can put
/// anything in it or another one in its place.
///
/// # Errors
/// [`io::ErrorKind::NotFound`], or somebody else can.
#[cfg(unix)]
pub(super) fn checked(folder: &Path) -> io::Result<PathBuf> {
    use std::os::unix::fs::MetadataExt;
    let folder = folder.canonicalize()?;
    let own = rustix::process::geteuid().as_raw();
    for (depth, place) in folder.ancestors().enumerate() {
        let metadata = place.symlink_metadata()?;
        let (owner, mode) = (metadata.uid(), metadata.mode());
        // In a folder with the sticky bit (/tmp) nobody renames what is others'.
        let is_closed = mode & 0o022 == 0 || (depth > 0 && mode & 0o1000 != 0);
        let is_ours = owner == own || (depth > 0 && owner == 0);
        if !is_closed || !is_ours {
            let place = place.display();
            return Err(io::Error::other(format!(
                "somebody else may write to {place}; set CALPORT_CACHE_DIR to a folder of this \
                 user alone"
            )));
        }
    }
    Ok(folder)
}

/// Whose a file is cannot be told here: nothing is kept.
#[cfg(not(unix))]
pub(super) fn read(_: &Path) -> io::Result<Option<Vec<u8>>> {
    Ok(None)
}

/// As above.
#[cfg(not(unix))]
pub(super) fn checked(_: &Path) -> io::Result<PathBuf> {
    Err(io::Error::other("compiled code is kept on Unix alone"))
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        fs,
        os::unix::fs::{PermissionsExt, symlink},
    };

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// `outer/cache/file`, closed to others.
    fn place() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("outer/cache");
        fs::create_dir_all(&cache).unwrap();
        let file = cache.join("file");
        fs::write(&file, "code").unwrap();
        for path in [folder.path(), &folder.path().join("outer"), &cache] {
            set_mode(path, 0o700);
        }
        set_mode(&file, 0o600);
        (folder, file)
    }

    #[test]
    fn what_is_ours_alone_is_read() {
        let (_folder, file) = place();
        assert_eq!(read(&file).unwrap().unwrap(), b"code");
        assert_eq!(read(&file.with_extension("missing")).unwrap(), None);
        assert_eq!(read(Path::new("/no/such/folder/file")).unwrap(), None);
    }

    #[test]
    fn a_file_or_any_folder_above_it_that_others_may_change_is_refused() {
        let (folder, file) = place();
        let cache = file.parent().unwrap().to_owned();
        let outer = folder.path().join("outer");
        for (path, mode) in [
            (&file, 0o620),
            (&file, 0o602),
            (&cache, 0o770),
            (&cache, 0o1777),
            (&outer, 0o777),
            (&outer, 0o720),
        ] {
            let before = fs::metadata(path).unwrap().permissions();
            set_mode(path, mode);
            assert!(read(&file).is_err(), "{} {mode:o}", path.display());
            fs::set_permissions(path, before).unwrap();
            assert!(read(&file).is_ok());
        }
        // As /tmp is: others can add to it, and not replace what is ours.
        set_mode(&outer, 0o1777);
        assert!(read(&file).is_ok());
    }

    #[test]
    fn links_to_files_are_not_followed_and_links_to_folders_are_checked_where_they_lead() {
        let (folder, file) = place();
        let cache = file.parent().unwrap().to_owned();
        symlink(&file, cache.join("link")).unwrap();
        assert!(read(&cache.join("link")).is_err());
        fs::hard_link(&file, folder.path().join("second")).unwrap();
        assert!(read(&file).is_err(), "it has another name elsewhere");
        fs::remove_file(folder.path().join("second")).unwrap();
        let short = folder.path().join("short");
        symlink(&cache, &short).unwrap();
        assert!(read(&short.join("file")).is_ok());
        set_mode(&folder.path().join("outer"), 0o777);
        assert!(read(&short.join("file")).is_err());
    }
}
