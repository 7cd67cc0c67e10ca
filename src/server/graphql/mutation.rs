//! The root of mutations: which one does what.

use super::{
    Arguments, Context, Object, Resolved, artifact_edits, artifact_uploads, collections, files,
    plain, run_edits, sweeps,
};

/// The root of mutations.
pub(super) struct Mutation;

impl Object for Mutation {
    fn kind(&self) -> &'static str {
        "Mutation"
    }

    fn field(&self, context: &Context<'_>, name: &str, arguments: &Arguments) -> Resolved {
        let work: fn(&Context<'_>, &Arguments) -> Resolved = match name {
            "upsertBucket" => run_edits::upsert,
            "rewindRun" => run_edits::rewind,
            "deleteRun" => run_edits::delete,
            "stopRun" => run_edits::stop,
            "updateRunState" => run_edits::update_state,
            "notifyScriptableRunAlert" => run_edits::alert,
            "upsertModel" => run_edits::upsert_project,
            "deleteModel" => run_edits::delete_project,
            "createRunFiles" => files::create,
            "deleteFiles" => files::delete,
            // What was put is there already.
            "markRunFilesUploaded" => |_, _| plain::done(),
            "createArtifact" => artifact_edits::create,
            "createArtifactManifest" => artifact_uploads::create_manifest,
            "updateArtifactManifest" => artifact_uploads::update_manifest,
            "createArtifactFiles" => artifact_uploads::create_files,
            "completeMultipartUploadArtifact" => artifact_uploads::complete_multipart,
            "commitArtifact" => artifact_uploads::commit,
            "updateArtifact" => artifact_edits::update,
            "deleteArtifact" => artifact_edits::delete,
            "useArtifact" => artifact_edits::use_artifact,
            "linkArtifact" => artifact_edits::link,
            "unlinkArtifact" => artifact_edits::unlink,
            "addAliases" => artifact_edits::add_aliases,
            "deleteAliases" => artifact_edits::delete_aliases,
            "deleteArtifactSequence" | "deleteArtifactPortfolio" => collections::delete,
            "updateArtifactSequence" | "updateArtifactPortfolio" | "moveArtifactSequence" => {
                collections::update
            }
            "createArtifactCollectionTagAssignments" => collections::add_tags,
            "deleteArtifactCollectionTagAssignments" => collections::delete_tags,
            "upsertSweep" => sweeps::upsert,
            "createAgent" => sweeps::create_agent,
            "agentHeartbeat" => sweeps::heartbeat,
            _ => return Ok(None),
        };
        work(context, arguments)
    }
}
