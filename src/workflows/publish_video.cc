#include "workflows/publish_video.h"

#include <chrono>

#include "base/failpoint.h"
#include "media/captions.h"
#include "media/text_language.h"
#include "telemetry/log.h"
#include "workflows/clean_up.h"

namespace rondo::workflows {

namespace {

using catalogue::Video;
using catalogue::VideoState;

constexpr std::string_view kKind = "publish_video";
constexpr std::string_view kFinishKind = "finish_video";
constexpr int kResumePage = 100;
constexpr int kFailedJobsMax = 1000;
constexpr double kCutShare = 0.4;  // of the way to what can be played

bool is_fault_of_the_file(const Error& error) {
  return error.code() == ErrorCode::kInvalid || error.code() == ErrorCode::kExhausted;
}

bool may_pass(const Error& error) {
  return error.code() == ErrorCode::kUnavailable || error.code() == ErrorCode::kInternal;
}

bool is_not_processing(const Error& error) { return error.reason() == "not_processing"; }

std::string times(int count) { return count == 1 ? "once" : std::to_string(count) + " times"; }

}  // namespace

PublishVideo::PublishVideo(const accounts::Accounts& accounts, catalogue::Catalogue& catalogue,
                           jobs::JobQueue& jobs, MediaSteps media, std::function<void()> published)
    : accounts_(accounts),
      catalogue_(catalogue),
      jobs_(jobs),
      media_(std::move(media)),
      published_(std::move(published)) {}

void PublishVideo::register_jobs() {
  jobs::JobKind kind;
  kind.name = std::string(kKind);
  kind.run = [this](jobs::JobContext& context) { return run(context); };
  kind.on_failed = [this](const jobs::Job& job) { give_up(job); };
  kind.attempts_max = kAttemptsMax;
  kind.backoff_first = std::chrono::seconds(2);
  kind.backoff_max = std::chrono::seconds(60);
  jobs_.add_kind(kind);

  kind.name = std::string(kFinishKind);
  kind.run = [this](jobs::JobContext& context) { return finish(context); };
  kind.on_failed = [this](const jobs::Job& job) {
    log::error("a live video stays with the renditions that it has",
               {{"video", job.payload}, {"attempts", job.attempts}, {"why", job.error}});
    auto id = id_from_text<VideoId>(job.payload);
    if (!id.ok()) return;
    if (auto cleaned = clean_up(catalogue_, media_, *id); !cleaned.ok())
      log::error("its upload is not removed yet; it is tried again", cleaned.error());
  };
  jobs_.add_kind(std::move(kind));
}

Result<JobId> PublishVideo::enqueue(std::string_view kind, VideoId video, AccountId author) {
  const std::string id = to_text(video);
  return jobs_.enqueue(kind, std::string(kind) + "/" + id, id, author.value());
}

Result<Video> PublishVideo::submit(const accounts::Principal& by, const NewVideo& wanted) {
  if (!by.is_account()) {
    return denied("publishing needs an account; sign up or sign in").with_reason("account_needed");
  }
  RD_TRY(const accounts::Account author, accounts_.find(by.account));
  catalogue::Draft draft;
  draft.upload = wanted.upload;
  draft.author = author.id;
  draft.author_engine = author.author;
  draft.caption = wanted.caption;
  draft.hashtags = wanted.hashtags;
  draft.edit = wanted.edit;
  RD_TRY(draft.language, accounts::primary_language(wanted.language));
  // A repeated request may come when the upload has been worked off: ask the catalogue first.
  RD_TRY(const std::optional<Video> earlier, catalogue_.find_upload(wanted.upload));
  if (!earlier) RD_CHECK(media_.check_upload(wanted.upload, author.id));
  RD_TRY(Video video, catalogue_.create_draft(draft));
  if (video.state != VideoState::kProcessing) return video;
  // After the draft: a claimed upload never expires, so somebody must know that it is to go. When
  // the upload went away this very moment, the job refuses the video and says so.
  if (auto claimed = media_.claim_upload(wanted.upload, author.id); !claimed.ok()) {
    log::warning("an upload could not be claimed", {{"why", claimed.error().describe()}});
  }
  RD_CHECK(enqueue(kKind, video.id, author.id));
  return video;
}

Result<void> PublishVideo::run(jobs::JobContext& context) {
  RD_TRY(const VideoId id, id_from_text<VideoId>(context.job().payload));
  RD_TRY(const Video video, catalogue_.find(id));
  if (video.state == VideoState::kProcessing) RD_CHECK(make_and_publish(video, context));
  return end_or_finish(id);
}

Result<void> PublishVideo::end_or_finish(VideoId id) {
  RD_TRY(const Video video, catalogue_.find(id));
  if (video.state != VideoState::kLive) return clean_up(catalogue_, media_, id);
  RD_CHECK(enqueue(kFinishKind, id, video.author));
  return {};
}

Result<void> PublishVideo::finish(jobs::JobContext& context) {
  RD_TRY(const VideoId id, id_from_text<VideoId>(context.job().payload));
  RD_TRY(const Video video, catalogue_.find(id));
  if (video.state == VideoState::kLive) RD_CHECK(make_rest(video, context));
  return clean_up(catalogue_, media_, id);
}

// Deleted or refused by somebody else, before they could have told the work.
Result<bool> PublishVideo::is_over(VideoId id, VideoState wanted) const {
  RD_TRY(const Video video, catalogue_.find(id));
  return video.state != wanted;
}

Result<void> PublishVideo::call_off(VideoId id) {
  RD_TRY(const Video video, catalogue_.find(id));
  if (video.state == VideoState::kProcessing) {
    RD_CHECK(
        refuse(id, "called_off",
               "Whoever runs this network has called the processing of this video off. Ask them "
               "before you upload it again."));
  }
  const bool told = running_.stop(id);
  // Work that is under way cleans up when it ends, and a job that waits when its turn comes; but
  // the rest of a live video would be made then, if its upload were still there.
  if (told || video.state != VideoState::kLive) return {};
  return clean_up(catalogue_, media_, id);
}

Result<void> PublishVideo::make_rest(const Video& video, jobs::JobContext& context) {
  auto file = media_.claim_upload(video.upload, video.author);
  if (!file.ok()) {
    if (may_pass(file.error())) return std::move(file).error();
    return {};  // gone: this was done before
  }
  const RunningWork::Work work(running_, video.id, context);
  RD_TRY(const bool over, is_over(video.id, VideoState::kLive));
  if (over) return {};
  std::filesystem::path source;
  auto made = [&]() -> Result<catalogue::MediaFacts> {
    RD_TRY(source, media_.cut(video, *file, {}, work.token()));
    return media_.make_rest(video.id, source, work.token());
  }();
  if (made.ok()) {
    RD_CHECK(catalogue_.complete_media(video.id, *made));
    if (!media_.make_extra) return {};
    made = media_.make_extra(video.id, source, work.token());
    if (made.ok()) return catalogue_.complete_media(video.id, *made);
  }
  if (work.called_off()) return {};
  if (context.stopping()) return unavailable("the server is stopping");
  if (!is_fault_of_the_file(made.error())) return std::move(made).error();
  log::warning("a live video stays with the renditions that it has",
               {{"video", to_text(video.id)}, {"why", made.error().describe()}});
  return {};
}

Result<void> PublishVideo::make_and_publish(const Video& video, jobs::JobContext& context) {
  auto file = media_.claim_upload(video.upload, video.author);
  if (!file.ok()) {
    if (may_pass(file.error())) return std::move(file).error();
    return refuse(video.id, "upload_gone",
                  "the uploaded file is not there any more; upload it again");
  }
  const RunningWork::Work work(running_, video.id, context);
  RD_TRY(const bool over, is_over(video.id, VideoState::kProcessing));
  if (over) return {};
  const double cut_share = video.edit.trim ? kCutShare : 0;
  auto note = [&](double progress) {
    auto noted = catalogue_.note_progress(video.id, progress);
    if (!noted.ok()) log::warning("progress was not noted", {{"why", noted.error().describe()}});
  };
  note(0);  // it waits no longer
  auto made = [&]() -> Result<catalogue::MediaFacts> {
    RD_TRY(const auto cut,
           media_.cut(
               video, *file, [&](double done) { note(done * cut_share); }, work.token()));
    RD_TRY(auto facts,
           media_.make_playable(
               video.id, cut, [&](double done) { note(cut_share + done * (1 - cut_share)); },
               work.token()));
    RD_CHECK(media_.make_cover(video, facts, work.token()));
    return facts;
  }();
  if (!made.ok()) {
    if (work.called_off()) return {};
    if (context.stopping()) return unavailable("the server is stopping");
    if (!is_fault_of_the_file(made.error())) return std::move(made).error();
    return refuse(video.id, made.error().reason(), made.error().message());
  }
  if (video.language.empty()) {
    RD_TRY(const std::string language, language_of(video));
    RD_CHECK(catalogue_.note_language(video.id, language));
  }
  base::failpoint("publish.before_publish");
  auto published = catalogue_.publish(video.id, *made);
  // Deleted meanwhile: cleaning up is all that is left to do.
  if (!published.ok() && !is_not_processing(published.error())) return published;
  base::failpoint("publish.after_publish");
  published_();
  return {};
}

// Of a video whose author named none. Captions may have come while it was processed.
Result<std::string> PublishVideo::language_of(const Video& video) const {
  std::string told = media::dominant_language(video.caption);
  if (!told.empty()) return told;
  RD_TRY(const Video now, catalogue_.find(video.id));
  // Several languages are of several translations, and do not tell which one is spoken.
  if (now.captions.size() == 1) {
    auto captions = catalogue_.captions(now.id, now.captions[0].language);
    if (captions.ok()) {
      RD_TRY(const auto cues, media::read_captions(captions->body, captions->body.size()));
      told = media::dominant_language(media::spoken_words(cues));
      if (!told.empty()) return told;
    }
  }
  auto author = accounts_.find(video.author);
  if (!author.ok() && author.error().code() == ErrorCode::kNotFound) return std::string();
  if (!author.ok()) return std::move(author).error();
  return author->language;
}

Result<void> PublishVideo::refuse(VideoId video, std::string code, std::string detail) {
  if (code.empty()) code = "processing_failed";
  auto refused = catalogue_.refuse(video, {code, detail});
  if (refused.ok()) {
    log::info("a video is refused", {{"video", to_text(video)}, {"code", code}, {"why", detail}});
  } else if (!is_not_processing(refused.error())) {
    return refused;
  }
  return {};
}

void PublishVideo::give_up(const jobs::Job& job) {
  auto id = id_from_text<VideoId>(job.payload);
  if (!id.ok()) return;
  log::error("a video could not be worked off",
             {{"video", job.payload}, {"attempts", job.attempts}, {"why", job.error}});
  // The cause may name what is the machine's own business; the operator finds it by the id.
  auto refused = refuse(*id, "processing_failed",
                        "processing failed " + times(job.attempts) +
                            ", and not because of the file; upload it again later, and if it "
                            "fails again, tell whoever runs this network that it was video " +
                            job.payload);
  // Live when what failed came after: the rest is made all the same, and cleans up.
  if (refused.ok()) refused = end_or_finish(*id);
  if (!refused.ok())
    log::error("a failed video is not cleaned up yet; it is tried again", refused.error());
}

// Jobs of this kind that have failed for good, of the newest thousand, by the video.
Result<std::map<std::string, jobs::Job>> PublishVideo::failed_jobs(std::string_view kind) const {
  RD_TRY(auto failed, jobs_.list(jobs::JobState::kFailed, kFailedJobsMax));
  std::map<std::string, jobs::Job> by_payload;
  for (jobs::Job& job : failed) {
    if (job.kind == kind) by_payload.emplace(job.payload, std::move(job));
  }
  return by_payload;
}

Result<int> PublishVideo::resume() {
  RD_TRY(const int processing, resume_processing());
  RD_TRY(const int live, resume_live());
  return processing + live;
}

Result<int> PublishVideo::resume_processing() {
  int count = 0;
  RD_TRY(const auto failed, failed_jobs(kKind));
  for (VideoId after;;) {
    RD_TRY(const auto ids, catalogue_.processing(after, kResumePage));
    if (ids.empty()) return count;
    for (VideoId id : ids) {
      ++count;
      // Enqueuing would begin a failed job anew, and a video that kills the process would do so
      // at every start.
      if (auto job = failed.find(to_text(id)); job != failed.end()) {
        give_up(job->second);
        continue;
      }
      RD_TRY(const Video before, catalogue_.find(id));
      RD_TRY(const JobId job_id, enqueue(kKind, id, before.author));
      RD_TRY(const jobs::Job job, jobs_.find(job_id));
      if (job.state != jobs::JobState::kDone) continue;
      // Done, and the video was processing: unless it ended just now, its job was not heard out.
      RD_TRY(const Video video, catalogue_.find(id));
      if (video.state == VideoState::kProcessing) give_up(job);
    }
    after = ids.back();
  }
}

Result<int> PublishVideo::resume_live() {
  int count = 0;
  RD_TRY(const auto failed, failed_jobs(kFinishKind));
  for (VideoId after;;) {
    RD_TRY(const auto ids, catalogue_.to_clean_up(after, kResumePage));
    if (ids.empty()) return count;
    for (VideoId id : ids) {
      RD_TRY(const Video video, catalogue_.find(id));
      if (video.state != VideoState::kLive) continue;
      ++count;
      bool over = failed.count(to_text(id)) > 0;
      if (!over) {
        RD_TRY(const JobId job_id, enqueue(kFinishKind, id, video.author));
        RD_TRY(const jobs::Job job, jobs_.find(job_id));
        over = job.state == jobs::JobState::kDone;
      }
      if (over) RD_CHECK(clean_up(catalogue_, media_, id));
    }
    after = ids.back();
  }
}

}  // namespace rondo::workflows
