#include <string>

#include "catalogue/catalogue_fixture.h"

namespace rondo::catalogue {
namespace {

std::string tracks(const Video& video) {
  std::string text;
  for (const CaptionTrack& track : video.captions) text += track.language + " ";
  return text;
}

TEST_F(CatalogueFixture, CaptionsAreByLanguageAndReplaced) {
  const VideoId id = catalogue_->create_draft(draft(1, 10)).value().id;
  const CaptionTrack english = catalogue_->put_captions(id, "en", "one", 5).value();
  EXPECT_EQ(english.version.size(), 16u);
  const CaptionTrack brazilian = catalogue_->put_captions(id, "pt-BR", "um", 5).value();
  EXPECT_EQ(brazilian.language, "pt-br");
  EXPECT_EQ(tracks(catalogue_->find(id).value()), "en pt-br ");
  EXPECT_EQ(catalogue_->captions(id, "PT-br").value().body, "um");

  EXPECT_EQ(catalogue_->put_captions(id, "en", "one", 5).value().version, english.version);
  const CaptionTrack changed = catalogue_->put_captions(id, "EN", "two", 5).value();
  EXPECT_NE(changed.version, english.version);
  EXPECT_EQ(catalogue_->captions(id, "en").value().body, "two");
  EXPECT_EQ(catalogue_->captions(id, "en").value().track.version, changed.version);
  EXPECT_EQ(tracks(catalogue_->find(id).value()), "en pt-br ");

  for (int again = 0; again < 2; ++again) {
    catalogue_->remove_captions(id, "En").value();
    EXPECT_EQ(tracks(catalogue_->find(id).value()), "pt-br ");
  }
  EXPECT_EQ(catalogue_->captions(id, "en").error().reason(), "captions_unknown");
}

TEST_F(CatalogueFixture, CaptionsOfAPageAreEachVideosOwn) {
  const VideoId first = catalogue_->create_draft(draft(1, 10)).value().id;
  const VideoId second = catalogue_->create_draft(draft(2, 10)).value().id;
  catalogue_->put_captions(first, "fr", "un", 5).value();
  catalogue_->put_captions(second, "de", "eins", 5).value();
  const VideoId ids[] = {first, second};
  const auto videos = catalogue_->find_many(ids).value();
  EXPECT_EQ(tracks(videos.at(0)), "fr ");
  EXPECT_EQ(tracks(videos.at(1)), "de ");
}

TEST_F(CatalogueFixture, CaptionsAreBoundedAndTheirLanguageIsOne) {
  const VideoId id = catalogue_->create_draft(draft(1, 10)).value().id;
  for (const char* wrong : {"", "e", "english", "en-", "-en", "en--us", "e1", "en_us", "en-us-x",
                            "en-aa-bb-cc-dd", "en-123456789", "\xC3\xA9n"}) {
    const auto put = catalogue_->put_captions(id, wrong, "x", 5);
    ASSERT_FALSE(put.ok()) << wrong;
    EXPECT_EQ(put.error().reason(), "language_malformed");
    EXPECT_EQ(put.error().field(), "language");
  }
  for (const char* right : {"en", "gsw", "zh-Hant-TW", "de-1996", "es-419"}) {
    EXPECT_TRUE(catalogue_->put_captions(id, right, "x", 5).ok()) << right;
  }
  const auto sixth = catalogue_->put_captions(id, "it", "x", 5);
  EXPECT_EQ(sixth.error().reason(), "too_many_captions");
  EXPECT_TRUE(catalogue_->put_captions(id, "en", "y", 5).ok()) << "there is one to replace";
}

TEST_F(CatalogueFixture, CaptionsGoWithTheirVideoAndCountUntilThen) {
  const VideoId id = catalogue_->create_draft(draft(1, 10)).value().id;
  EXPECT_EQ(catalogue_->stored_bytes(AccountId(10)).value(), 0u);
  catalogue_->put_captions(id, "en", "12345", 5).value();
  EXPECT_EQ(catalogue_->stored_bytes(AccountId(10)).value(), 5u);
  EXPECT_EQ(catalogue_->stored_bytes(std::nullopt).value(), 5u);
  catalogue_->remove(id).value();
  EXPECT_EQ(catalogue_->captions(id, "en").error().reason(), "captions_unknown");
  EXPECT_EQ(catalogue_->stored_bytes(AccountId(10)).value(), 0u);
  const auto late = catalogue_->put_captions(id, "en", "12345", 5);
  EXPECT_EQ(late.error().code(), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace rondo::catalogue
