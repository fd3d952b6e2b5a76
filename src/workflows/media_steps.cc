#include "workflows/media_steps.h"

#include <utility>

#include "media/editor.h"
#include "media/identity.h"
#include "media/ingest.h"
#include "media/pipeline.h"

namespace rondo::workflows {

namespace {

catalogue::MediaFacts facts_of(const media::Asset& asset) {
  catalogue::MediaFacts facts;
  facts.duration_ms = static_cast<uint32_t>(asset.duration_ms);
  facts.width = asset.width;
  facts.height = asset.height;
  facts.credentials = asset.credentials;
  for (const media::Rendition& made : asset.renditions) {
    facts.renditions.push_back(
        {made.name, made.width, made.height, made.bandwidth_bps, made.size_bytes});
  }
  if (asset.storyboard) {
    const media::Storyboard& s = *asset.storyboard;
    facts.storyboard = {s.count, s.columns, s.tile_width, s.tile_height, s.interval_ms};
  }
  return facts;
}

std::string original_key(VideoId video) { return "originals/" + to_text(video); }

}  // namespace

MediaSteps media_steps(media::Ingest& ingest, media::Editor& editor, media::Pipeline& pipeline,
                       media::Identities& identities, Originals originals) {
  MediaSteps steps;
  steps.check_upload = [&ingest](UploadId upload, AccountId owner) -> Result<void> {
    RD_TRY(const media::Upload found, ingest.find(upload, owner));
    if (found.state != media::UploadState::kOpen) return {};
    return conflict("the upload has " + std::to_string(found.offset) + " of " +
                    std::to_string(found.length) + " bytes; send the rest first")
        .with_field("upload_id")
        .with_reason("upload_incomplete");
  };
  steps.claim_upload = [&ingest](UploadId upload, AccountId owner) {
    return ingest.claim(upload, owner);
  };
  steps.cut = [&ingest, &editor](const catalogue::Video& video, const std::filesystem::path& file,
                                 const std::function<void(double)>& progress,
                                 std::stop_token stop) -> Result<std::filesystem::path> {
    if (!video.edit.trim) return file;
    const std::filesystem::path cut = ingest.derived_path(video.upload);
    RD_CHECK(editor.cut(file, {video.edit.trim->start_ms, video.edit.trim->end_ms}, cut, progress,
                        std::move(stop)));
    return cut;
  };
  steps.make_cover = [&editor](const catalogue::Video& video, const catalogue::MediaFacts& facts,
                               std::stop_token stop) -> Result<void> {
    if (!video.edit.cover_ms) return {};
    return editor.make_cover(video.id, facts.renditions.at(0).name, facts.duration_ms,
                             *video.edit.cover_ms, std::move(stop));
  };
  steps.make_playable = [&pipeline, &identities](
                            VideoId video, const std::filesystem::path& file,
                            const std::function<void(double)>& progress,
                            std::stop_token stop) -> Result<catalogue::MediaFacts> {
    RD_TRY(const media::Playable made,
           pipeline.make_playable(video, file, progress, std::move(stop)));
    RD_TRY(const media::Identity identity, identities.assign(video, made.traces));
    catalogue::MediaFacts facts = facts_of(made.asset);
    facts.placeholder = made.traces.placeholder;
    facts.waveform = made.traces.sound.waveform;
    facts.look = identity.look;
    facts.sound = identity.sound;
    return facts;
  };
  steps.make_rest = [&pipeline](VideoId video, const std::filesystem::path& file,
                                std::stop_token stop) -> Result<catalogue::MediaFacts> {
    RD_TRY(const media::Asset asset, pipeline.make_rest(video, file, std::move(stop)));
    return facts_of(asset);
  };
  if (pipeline.makes_av1()) {
    steps.make_extra = [&pipeline](VideoId video, const std::filesystem::path& file,
                                   std::stop_token stop) -> Result<catalogue::MediaFacts> {
      RD_TRY(const media::Asset asset, pipeline.make_av1(video, file, std::move(stop)));
      return facts_of(asset);
    };
  }
  steps.remove_upload = [&ingest](UploadId upload) { return ingest.remove(upload); };
  if (originals.keep) {
    steps.keep_original = [&ingest, &store = originals.store](
                              VideoId video, UploadId upload,
                              AccountId owner) -> Result<std::optional<uint64_t>> {
      const std::string key = original_key(video);
      const auto there = store.stat(key);
      if (there.ok()) return std::optional<uint64_t>(there->size_bytes);
      if (there.error().code() != ErrorCode::kNotFound) return there.error();
      auto file = ingest.claim(upload, owner);
      if (!file.ok()) {
        // Of before the policy was chosen: nothing is left to keep.
        if (file.error().code() == ErrorCode::kNotFound) return std::optional<uint64_t>();
        return std::move(file).error();
      }
      RD_CHECK(store.put_file(key, *file));
      RD_TRY(const blob::BlobInfo kept, store.stat(key));
      return std::optional<uint64_t>(kept.size_bytes);
    };
  }
  steps.remove_media = [&pipeline, &identities,
                        &store = originals.store](VideoId video) -> Result<void> {
    RD_CHECK(identities.forget(video));
    RD_CHECK(pipeline.remove(video));
    return store.remove(original_key(video));
  };
  return steps;
}

}  // namespace rondo::workflows
