// Captions of a video, by its author: read and written anew (media/captions.h), held against the
// limits and the room of the account, then the catalogue's.
//
// Thread safe; calls block.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "accounts/principal.h"
#include "catalogue/catalogue.h"
#include "workflows/storage_use.h"

namespace rondo::workflows {

struct CaptionLimits {
  size_t bytes_max = 512 << 10;
  size_t languages_max = 20;
};

struct GivenCaptions {
  catalogue::CaptionTrack track;
  // What the words are in, where that is plainly another language than was said; else "".
  std::string text_language;
};

class VideoCaptions {
 public:
  VideoCaptions(catalogue::Catalogue& catalogue, const Storage& storage,
                const CaptionLimits& limits)
      : catalogue_(catalogue), storage_(storage), limits_(limits) {}

  // In place of those in the same language. While the video is processed, too. What is wrong with
  // the file, by its line; with the language; account_full. not_found and denied as for remove.
  Result<GivenCaptions> put(const accounts::Principal& by, VideoId video, std::string_view language,
                            std::string_view bytes);
  // By the author or an admin; again: nothing more happens. not_found; denied "not_the_author" for
  // everybody else (not_found when the video is not public).
  Result<void> remove(const accounts::Principal& by, VideoId video, std::string_view language);

 private:
  Result<catalogue::Video> changeable(const accounts::Principal& by, VideoId video,
                                      bool by_admin) const;

  catalogue::Catalogue& catalogue_;
  const Storage& storage_;
  const CaptionLimits limits_;
};

}  // namespace rondo::workflows
