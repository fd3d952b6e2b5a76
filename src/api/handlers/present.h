// Domain values as the wire shows them. Blocks on the database: for the pool.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "accounts/principal.h"
#include "api/wire.h"
#include "catalogue/video.h"
#include "rondo/log/v1/record.pb.h"

namespace rondo::workflows {
struct StorageUse;
}

namespace rondo::api {

struct Services;

namespace handlers {

std::string time_text(uint64_t us);

// With authors' handles, and likes as `who` sees them.
Result<std::vector<wire::Video>> present(Services& services,
                                         std::span<const catalogue::Video> videos,
                                         const std::optional<accounts::Principal>& who);
Result<wire::Video> present(Services& services, const catalogue::Video& video,
                            const std::optional<accounts::Principal>& who);

wire::StorageUse present(const workflows::StorageUse& use);
wire::CaptionTrack present(VideoId video, const catalogue::CaptionTrack& track);

std::vector<wire::ScoreTerm> to_wire(
    const google::protobuf::RepeatedPtrField<log::v1::ScoreTerm>& terms);
wire::Source to_wire(log::v1::Source source);
// Reasons with the handles of the authors that they name.
Result<std::vector<std::vector<wire::Reason>>> present_reasons(Services& services,
                                                               const log::v1::Served& served);

}  // namespace handlers
}  // namespace rondo::api
