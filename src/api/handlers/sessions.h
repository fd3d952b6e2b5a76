// Who: anonymous viewers, accounts, sessions, profiles, follows.
#pragma once

#include "api/route.h"
#include "api/wire.h"

namespace rondo::api::handlers {

runtime::Task<Result<Reply<wire::Session>>> create_viewer(Context&, None, wire::NewViewer);
runtime::Task<Result<Reply<wire::Session>>> create_account(Context&, None, wire::NewAccount);
runtime::Task<Result<Reply<wire::Session>>> create_session(Context&, None, wire::Credentials);
runtime::Task<Result<Reply<wire::Session>>> get_current_session(Context&, None, None);
runtime::Task<Result<Reply<None>>> delete_current_session(Context&, None, None);
runtime::Task<Result<Reply<wire::Account>>> change_own_account(Context&, None, wire::AccountChange);
runtime::Task<Result<Reply<wire::Profile>>> get_profile(Context&, None, None);
runtime::Task<Result<Reply<None>>> follow(Context&, None, None);
runtime::Task<Result<Reply<None>>> unfollow(Context&, None, None);

}  // namespace rondo::api::handlers
