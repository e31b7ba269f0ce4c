//! A pre-shared key agreed on by files, where nobody can carry one: what goes from site to site may be read and altered by
//! anybody. See [`diqkd_auth::post_quantum`]; keys that rest on such a key say so.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use diqkd_auth::post_quantum::{self, AgreementError, Identity, Offer, PublicIdentity};
use rand_core::Rng;
use zeroize::Zeroizing;

use crate::randomness::Randomness;
use crate::store::private;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PreshareError {
    /// A file can't be read or written; none is written over.
    #[error("can't use {}; check the path, and that a file to be written does not exist yet", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A secret of the wrong length.
    #[error("{} is not a secret that `diqkd preshare` wrote: it has not {expected} bytes", path.display())]
    Secret {
        /// The file.
        path: PathBuf,
        /// The length of such a secret.
        expected: usize,
    },
    /// The sites do not agree.
    #[error("no key is agreed on")]
    Agreement(#[from] AgreementError),
}

/// Makes a site's signing key: `NAME.secret`, which stays at the site, and `NAME.public`, which the peer gets. Gives the
/// fingerprint of the public one.
///
/// # Errors
/// [`PreshareError::Io`].
pub fn identity(name: &Path, randomness: &Randomness) -> Result<[u8; 32], PreshareError> {
    let mut secret = Zeroizing::new([0; 32]);
    randomness.generator("signing key of a site").fill_bytes(&mut *secret);
    let public = Identity::from_secret(&secret).public();
    write(&beside(name, "secret"), &*secret)?;
    write(&beside(name, "public"), &public.to_bytes())?;
    Ok(public.fingerprint())
}

/// The fingerprint of a public key, to be compared with the peer's own.
///
/// # Errors
/// [`PreshareError`].
pub fn fingerprint(public: &Path) -> Result<[u8; 32], PreshareError> {
    Ok(read_public(public)?.fingerprint())
}

/// Alice: writes an offer of a key of `key_bytes` bytes, and `OFFER.secret` beside it, which stays here until the answer comes.
///
/// # Errors
/// [`PreshareError`].
pub fn offer(
    identity: &Path,
    peer: &Path,
    key_bytes: u64,
    out: &Path,
    randomness: &Randomness,
) -> Result<(), PreshareError> {
    let (alice, bob) = (read_identity(identity)?, read_public(peer)?);
    let offer = Offer::new(&alice, &bob, key_bytes, &mut randomness.generator("offer of a pre-shared key"))?;
    write(&beside(out, "secret"), &**offer.secret())?;
    write(out, offer.message())
}

/// Bob: writes the answer to Alice's offer, and the pre-shared key.
///
/// # Errors
/// [`PreshareError`].
pub fn answer(
    identity: &Path,
    peer: &Path,
    offer: &Path,
    out: &Path,
    key: &Path,
    randomness: &Randomness,
) -> Result<(), PreshareError> {
    let (bob, alice) = (read_identity(identity)?, read_public(peer)?);
    let mut rng = randomness.generator("answer to an offer of a pre-shared key");
    let (message, secret) = post_quantum::answer(&bob, &alice, &read(offer)?, &mut rng)?;
    write(key, &secret)?;
    write(out, &message)
}

/// Alice: writes the pre-shared key, and removes what she kept of her offer.
///
/// # Errors
/// [`PreshareError`].
pub fn finish(
    identity: &Path,
    peer: &Path,
    offer: &Path,
    answer: &Path,
    key: &Path,
) -> Result<(), PreshareError> {
    let (alice, bob) = (read_identity(identity)?, read_public(peer)?);
    let kept = beside(offer, "secret");
    let offer = Offer::resume(read_secret(&kept)?, read(offer)?.to_vec());
    write(key, &offer.accept(&alice, &bob, &read(answer)?)?)?;
    std::fs::remove_file(&kept).map_err(|source| PreshareError::Io { path: kept, source })
}

fn read_identity(path: &Path) -> Result<Identity, PreshareError> {
    Ok(Identity::from_secret(&read_secret(path)?))
}

fn read_public(path: &Path) -> Result<PublicIdentity, PreshareError> {
    Ok(PublicIdentity::from_bytes(&read(path)?)?)
}

fn read_secret<const N: usize>(path: &Path) -> Result<Zeroizing<[u8; N]>, PreshareError> {
    let secret = read(path)?;
    let wrong = |_| PreshareError::Secret { path: path.to_path_buf(), expected: N };
    Ok(Zeroizing::new(secret.as_slice().try_into().map_err(wrong)?))
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, PreshareError> {
    let mut bytes = Zeroizing::new(Vec::new());
    let read = File::open(path).and_then(|file| file.take(MOST_BYTES).read_to_end(&mut bytes));
    read.map(|_| bytes).map_err(|source| PreshareError::Io { path: path.to_path_buf(), source })
}

/// Writes a new file that its owner alone may read, and sees to it that it is on disk.
fn write(path: &Path, bytes: &[u8]) -> Result<(), PreshareError> {
    let written = private(OpenOptions::new().write(true).create_new(true))
        .open(path)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.map_err(|source| PreshareError::Io { path: path.to_path_buf(), source })
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// More than any file that is read here has.
const MOST_BYTES: u64 = 1 << 16;
