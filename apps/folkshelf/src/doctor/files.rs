//! The file store: whether it is there, and takes what the host says.

use crate::doctor::finding::Finding;
use crate::ports::FileKeeper;
use crate::settings::Settings;

const FILES: &str = "file store";

pub async fn look(settings: &Settings) -> Vec<Finding> {
    if let Some(folder) = settings.files.folder.as_ref().filter(|folder| !folder.exists()) {
        let what = format!("{} is not there; the host makes it when it starts", folder.display());
        return vec![Finding::look(FILES, what, "Make it where the host's user may not.")];
    }
    let looked = async {
        let Some(files) = FileKeeper::open(&settings.files)? else { return Ok(None) };
        files.look().await.map(Some)
    };
    let finding = match looked.await {
        Ok(None) => Finding::fine(FILES, "none is set: files of imports are not kept"),
        Ok(Some(())) => Finding::fine(FILES, "takes files and gives them back"),
        Err(error) => {
            let todo = "See that the folder or the bucket is there, and that the host may write to it. Imports go on without it; \
                        their files are not kept.";
            Finding::wrong(FILES, format!("does not work: {error}: {}", error.root_cause()), todo)
        }
    };
    vec![finding]
}
