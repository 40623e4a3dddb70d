//! Where members' files are kept.

use std::path::PathBuf;

use actix_web::http::Uri;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

/// Files of imports, kept until a day after the import has ended: in a folder or in a bucket. Neither: no file is kept.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// A folder that all hosts share.
    #[schema(value_type = Option<String>)]
    pub folder: Option<PathBuf>,
    #[schema(inline)]
    pub s3: Option<S3>,
}

/// A bucket of S3, or of a store with its interface. Set `bucket`, and nothing here for a folder.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct S3 {
    /// The name of the bucket.
    pub bucket: String,
    /// The address of the store. Not set: that of AWS for the region. Production refuses `http://` to another machine.
    pub endpoint: Option<String>,
    /// The region. Not set: `us-east-1`.
    #[serde(default = "usual_region")]
    pub region: String,
    /// The id of an access key. Not set, like its secret: AWS's own variables or the machine's role give both.
    pub access_key_id: Option<String>,
    /// The secret of that access key.
    #[schema(value_type = Option<String>)]
    pub secret_access_key: Option<SecretString>,
}

fn usual_region() -> String {
    "us-east-1".to_owned()
}

impl Files {
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.folder.is_some() && self.s3.is_some() {
            faults.push("files.folder and files.s3 are two places; set one of them".to_owned());
        }
        let Some(s3) = &self.s3 else { return faults };
        if s3.bucket.is_empty() || s3.bucket.contains('/') {
            faults.push("files.s3.bucket must be the name of a bucket".to_owned());
        }
        if s3.access_key_id.is_some() != s3.secret_access_key.is_some() {
            faults.push("files.s3.access_key_id and files.s3.secret_access_key belong together".to_owned());
        }
        let address = |endpoint: &str| {
            let scheme = |uri: &Uri| uri.scheme_str().is_some_and(|scheme| ["http", "https"].contains(&scheme));
            endpoint.parse::<Uri>().is_ok_and(|uri| scheme(&uri) && uri.host().is_some())
        };
        if s3.endpoint.as_deref().is_some_and(|endpoint| !address(endpoint)) {
            faults.push("files.s3.endpoint must be an address, as in https://s3.example".to_owned());
        }
        faults
    }
}
