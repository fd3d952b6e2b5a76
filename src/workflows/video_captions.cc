#include "workflows/video_captions.h"

#include "media/captions.h"
#include "media/text_language.h"

namespace rondo::workflows {

using catalogue::Video;
using catalogue::VideoState;

Result<GivenCaptions> VideoCaptions::put(const accounts::Principal& by, VideoId id,
                                         std::string_view language, std::string_view bytes) {
  RD_TRY(const Video video, changeable(by, id, /*by_admin=*/false));
  RD_TRY(const auto cues, media::read_captions(bytes, limits_.bytes_max));
  const std::string body = media::write_captions(cues);
  RD_CHECK(storage_.admit(video.author, body.size()));
  GivenCaptions given;
  RD_TRY(given.track, catalogue_.put_captions(id, language, body, limits_.languages_max));
  given.text_language = media::other_language(media::spoken_words(cues), given.track.language);
  return given;
}

Result<void> VideoCaptions::remove(const accounts::Principal& by, VideoId id,
                                   std::string_view language) {
  RD_CHECK(changeable(by, id, /*by_admin=*/true));
  return catalogue_.remove_captions(id, language);
}

Result<Video> VideoCaptions::changeable(const accounts::Principal& by, VideoId id,
                                        bool by_admin) const {
  RD_TRY(Video video, catalogue_.find(id));
  const bool own = by.is_account() && by.account == video.author;
  if (video.state != VideoState::kDeleted && (own || (by_admin && by.is_admin()))) return video;
  if (video.state == VideoState::kLive) {
    return denied("only its author can change a video's captions").with_reason("not_the_author");
  }
  return not_found("this video does not exist").with_reason("video_unknown");
}

}  // namespace rondo::workflows
