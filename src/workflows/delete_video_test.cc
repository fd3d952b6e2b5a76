#include "workflows/delete_video.h"

#include "workflows/publish_fixture.h"

namespace rondo::workflows {
namespace {

using catalogue::VideoState;

class DeleteVideoTest : public PublishFixture {
 protected:
  VideoId live(uint64_t n) {
    VideoId id = submit(n);
    queue_.run_all();
    return id;
  }
};

TEST_F(DeleteVideoTest, GoneAtOnceAndItsFilesSoon) {
  VideoId id = live(1);
  remove_->remove(ada_, id).value();
  EXPECT_EQ(video(id).state, VideoState::kDeleted);
  EXPECT_EQ(outbox_size(), 2u);
  EXPECT_EQ(notified_, 2);
  EXPECT_EQ(media_.size(), 1u) << "by the job";
  queue_.run_all();
  EXPECT_TRUE(media_.empty());
  EXPECT_TRUE(catalogue_->to_clean_up(VideoId(), 10).value().empty());
  EXPECT_TRUE(remove_->remove(ada_, id).ok()) << "idempotent";
  EXPECT_EQ(outbox_size(), 2u);
}

TEST_F(DeleteVideoTest, OnlyItsAuthorAndAdmins) {
  VideoId id = live(1);
  VideoId draft = submit(2);
  accounts::Principal bob = sign_up("bob");
  EXPECT_EQ(remove_->remove(bob, id).error().reason(), "not_the_author");
  EXPECT_EQ(remove_->remove(accounts::Principal(), id).error().code(), ErrorCode::kDenied);
  EXPECT_EQ(remove_->remove(bob, draft).error().code(), ErrorCode::kNotFound)
      << "what is not public does not exist for others";
  EXPECT_EQ(remove_->remove(ada_, VideoId(7)).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(video(id).state, VideoState::kLive);
  bob.role = accounts::Role::kAdmin;
  EXPECT_TRUE(remove_->remove(bob, id).ok());
}

// An anonymous viewer has no account id; a video has: the two must never count as equal.
TEST_F(DeleteVideoTest, AnonymousIsNobodysAuthor) {
  VideoId id = live(1);
  accounts::Principal anonymous;
  anonymous.account = ada_.account;
  EXPECT_FALSE(remove_->remove(anonymous, id).ok());
}

TEST_F(DeleteVideoTest, ACrashLeavesNoFiles) {
  VideoId no_job = live(1);
  VideoId failed = live(2);
  queue_.refuse_enqueue = true;
  remove_->remove(ada_, no_job).value();
  queue_.refuse_enqueue = false;
  remove_media_error = unavailable("the store is down");
  remove_->remove(ada_, failed).value();
  queue_.run_all();
  EXPECT_EQ(media_.size(), 2u);

  remove_media_error.reset();
  restart();
  EXPECT_EQ(remove_->resume().value(), 2);
  queue_.run_all();
  EXPECT_TRUE(media_.empty());
  EXPECT_EQ(remove_->resume().value(), 0);
}

TEST_F(DeleteVideoTest, ADraftThatIsDeletedIsNotMade) {
  VideoId id = submit(1);
  remove_->remove(ada_, id).value();
  queue_.run_all();
  EXPECT_EQ(video(id).state, VideoState::kDeleted);
  EXPECT_EQ(made_, 0);
  EXPECT_TRUE(uploads_.empty());
  EXPECT_EQ(outbox_size(), 0u);
}

}  // namespace
}  // namespace rondo::workflows
