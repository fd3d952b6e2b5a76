// From a complete upload to a video in the feed, as steps that a crash cannot break:
//
//   job publish_video
//   1. draft in the catalogue, job in the queue           submit(), before the client is answered
//   2. cut out what is wanted of the file; make what can be    undone by removing the files
//      played: probe, one rendition; take the cover
//   3. publish: state and record in one transaction            or refuse, with the reason
//   job finish_video, behind what was submitted meanwhile: others' first pictures come first
//   4. make the rest, tell the catalogue
//   5. remove the upload, and of a refused video the files
//
// Each step may be repeated and finds itself done. A file that is at fault is refused at once with
// media's reason; a failure of the machine is tried attempts_max times, then refused with words
// that say so. A live video whose rest cannot be made stays live as it is. Deleting a
// video stops the work on it. No video stays in
// processing, no live one unfinished: resume(), at start and now and then, gives a job to whatever
// lost its own, and ends what failed for good.
//
// Thread safe. submit and resume block on the database.
// Failpoints: publish.before_publish, publish.after_publish.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/accounts.h"
#include "accounts/principal.h"
#include "catalogue/catalogue.h"
#include "jobs/job_queue.h"
#include "workflows/media_steps.h"
#include "workflows/running_work.h"

namespace rondo::workflows {

struct NewVideo {
  UploadId upload;
  std::string caption;
  std::vector<std::string> hashtags;
  // A BCP 47 tag. Empty: what its words tell (media/text_language.h), the caption before captions;
  // else that of whoever publishes.
  std::string language;
  catalogue::Edit edit = {};
};

class PublishVideo {
 public:
  static constexpr int kAttemptsMax = 3;

  // `published` is called after each publication: wakes the outbox's relay.
  PublishVideo(const accounts::Accounts& accounts, catalogue::Catalogue& catalogue,
               jobs::JobQueue& jobs, MediaSteps media, std::function<void()> published);

  // Adds the kinds to the queue; before it starts.
  void register_jobs();

  // The draft, with its job enqueued. Sent again for the same upload: the same video. denied for
  // anonymous viewers; invalid with field and reason; what check_upload says of the upload.
  Result<catalogue::Video> submit(const accounts::Principal& by, const NewVideo& wanted);

  // Stops the work on a video at once, if this process does any: it was deleted.
  void stop_work(VideoId video) { running_.stop(video); }

  // Ends the work on a video for good, as whoever runs the network wants it: one that is processed
  // is refused ("called_off") with words that say who did it, a live one stays with what it has.
  // Again: nothing more happens. not_found.
  Result<void> call_off(VideoId video);

  // After the queue has started, and now and then. How many videos are not done.
  Result<int> resume();

 private:
  Result<void> run(jobs::JobContext& context);
  Result<void> end_or_finish(VideoId id);
  Result<void> finish(jobs::JobContext& context);
  Result<void> make_and_publish(const catalogue::Video& video, jobs::JobContext& context);
  Result<void> make_rest(const catalogue::Video& video, jobs::JobContext& context);
  Result<std::string> language_of(const catalogue::Video& video) const;
  Result<bool> is_over(VideoId id, catalogue::VideoState wanted) const;
  Result<void> refuse(VideoId video, std::string code, std::string detail);
  void give_up(const jobs::Job& job);
  Result<JobId> enqueue(std::string_view kind, VideoId video, AccountId author);
  Result<int> resume_processing();
  Result<int> resume_live();
  Result<std::map<std::string, jobs::Job>> failed_jobs(std::string_view kind) const;

  const accounts::Accounts& accounts_;
  catalogue::Catalogue& catalogue_;
  jobs::JobQueue& jobs_;
  const MediaSteps media_;
  const std::function<void()> published_;
  RunningWork running_;
};

}  // namespace rondo::workflows
