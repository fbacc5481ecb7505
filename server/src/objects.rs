//! Bundles and artifacts, each under its hash: in a folder, in Azure Blob Storage or in S3.

use std::path::Path as File;
use std::sync::Arc;

use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt as _};
use wpc_model::Hash;

use crate::problem::{Code, Refusal};

/// Where objects are.
#[derive(Clone, Debug)]
pub(crate) struct Objects {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
}

impl Objects {
    /// Those of a folder, which is made where it is missing, or of an URL: `file:///…`, `az://CONTAINER/…`,
    /// `s3://BUCKET/…`. Accounts and keys come from the environment, as the `object_store` crate names them.
    pub(crate) fn open(place: &str) -> Result<Self, String> {
        let Ok(url) = place.parse::<url::Url>() else { return Self::folder(File::new(place)) };
        if url.scheme() == "file" {
            return Self::folder(&url.to_file_path().map_err(|()| "not the URL of a folder".to_owned())?);
        }
        let options = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?.to_ascii_lowercase(), value.into_string().ok()?))
        });
        let (store, prefix) =
            object_store::parse_url_opts(&url, options).map_err(|error| error.to_string())?;
        Ok(Self { store: store.into(), prefix })
    }

    fn folder(path: &File) -> Result<Self, String> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path).map_err(|error| error.to_string())?;
        let store = LocalFileSystem::new_with_prefix(path).map_err(|error| error.to_string())?;
        // What is acknowledged outlives a power failure.
        Ok(Self { store: Arc::new(store.with_fsync(true)), prefix: Path::default() })
    }

    /// The signed policy with this hash.
    pub(crate) async fn artifact(&self, hash: Hash) -> Result<Option<Vec<u8>>, Refusal> {
        self.get(&self.path("wpc", hash)).await
    }

    pub(crate) async fn put_artifact(&self, hash: Hash, bytes: Vec<u8>) -> Result<(), Refusal> {
        self.put(&self.path("wpc", hash), bytes).await
    }

    /// The bundle whose bytes have this hash.
    pub(crate) async fn bundle(&self, hash: Hash) -> Result<Option<Vec<u8>>, Refusal> {
        let bytes = self.get(&self.path("bundle", hash)).await?;
        if bytes.as_deref().is_some_and(|bytes| Hash::of(bytes) != hash) {
            return Err(Refusal::new(Code::ObjectDamaged));
        }
        Ok(bytes)
    }

    pub(crate) async fn put_bundle(&self, hash: Hash, bytes: Vec<u8>) -> Result<(), Refusal> {
        self.put(&self.path("bundle", hash), bytes).await
    }

    /// Whether it answers.
    pub(crate) async fn is_ready(&self) -> Result<(), Refusal> {
        self.get(&self.path("wpc", Hash::of(b""))).await.map(drop)
    }

    fn path(&self, kind: &'static str, hash: Hash) -> Path {
        self.prefix.clone().join(kind).join(hash.to_string())
    }

    async fn get(&self, path: &Path) -> Result<Option<Vec<u8>>, Refusal> {
        let bytes = match self.store.get(path).await {
            Ok(found) => found.bytes().await,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => Err(error),
        };
        bytes.map(|bytes| Some(bytes.to_vec())).map_err(|error| failed(&error))
    }

    async fn put(&self, path: &Path, bytes: Vec<u8>) -> Result<(), Refusal> {
        self.store.put(path, bytes.into()).await.map(drop).map_err(|error| failed(&error))
    }
}

fn failed(error: &Error) -> Refusal {
    tracing::error!(%error, "object store");
    Refusal::new(Code::ObjectsUnavailable)
}
