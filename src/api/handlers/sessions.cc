#include "api/handlers/sessions.h"

#include "accounts/accounts.h"
#include "api/handlers/present.h"
#include "api/services.h"
#include "catalogue/catalogue.h"
#include "social/social.h"

namespace rondo::api::handlers {
namespace {

using runtime::Task;

std::string session_cookie(const Services& services, const std::string& token, int64_t seconds) {
  std::string cookie = "rondo_session=" + token +
                       "; Path=/; HttpOnly; SameSite=Lax; Max-Age=" + std::to_string(seconds);
  if (services.config.server.secure_cookies) cookie += "; Secure";
  return cookie;
}

wire::Account to_wire(const accounts::Account& account) {
  wire::Account out;
  out.id = to_text(account.id);
  out.handle = account.handle;
  out.role = account.role == accounts::Role::kAdmin ? wire::Role::admin : wire::Role::member;
  out.created_at = time_text(account.created_us);
  out.shares_likes = account.shares_likes;
  return out;
}

Reply<wire::Session> issued(Services& services, const accounts::IssuedSession& session,
                            const accounts::Account* account) {
  Reply<wire::Session> reply;
  if (account != nullptr) {
    reply.body.kind = wire::SessionKind::account;
    reply.body.account = to_wire(*account);
  }
  reply.body.token = session.token;
  reply.body.expires_at = time_text(session.session.expires_us);
  uint64_t now_us = services.clock.now_us();
  int64_t seconds = static_cast<int64_t>(
      (session.session.expires_us - std::min(session.session.expires_us, now_us)) / 1'000'000);
  reply.headers.emplace_back("Set-Cookie", session_cookie(services, session.token, seconds));
  return reply;
}

Error too_often(std::string what, int seconds) {
  return exhausted(std::move(what) + "; try again in " + std::to_string(seconds) + " s")
      .with_reason("too_often")
      .with_retry_after(seconds);
}

}  // namespace

Task<Result<Reply<wire::Session>>> create_viewer(Context& context, None, wire::NewViewer wanted) {
  Services& services = context.services;
  // Whoever has a session keeps it: a new one would sign an account out, and forget a viewer.
  if (context.principal) {
    auto present = co_await get_current_session(context, {}, {});
    if (present.ok()) present->status = 200;
    co_return present;
  }
  if (int wait =
          services.viewer_limit.take(context.request.remote_address, 1, services.clock.now_us())) {
    co_return too_often("too many new viewers from this address", wait);
  }
  RD_CO_TRY(std::string language, accounts::primary_language(wanted.language.value_or("")));
  auto open = [&services, language] { return services.sessions.open_anonymous(language); };
  RD_CO_TRY(auto session, co_await context.blocking(open));
  co_return issued(services, session, nullptr);
}

Task<Result<Reply<wire::Session>>> create_account(Context& context, None, wire::NewAccount wanted) {
  Services& services = context.services;
  if (!services.config.limits.sign_up) {
    co_return denied("sign-up is closed here; ask whoever runs this network for an account")
        .with_reason("sign_up_closed");
  }
  if (int wait =
          services.sign_up_limit.take(context.request.remote_address, 1, services.clock.now_us())) {
    co_return too_often("too many sign-ups from this address", wait);
  }
  accounts::NewAccount account;
  account.handle = std::move(wanted.handle);
  account.password = std::move(wanted.password);
  account.language = wanted.language.value_or("");
  if (context.principal && !context.principal->is_account()) {
    account.keep_viewer = context.principal->viewer;
  }
  auto sign_up = [&services, account] { return services.accounts.sign_up(account); };
  RD_CO_TRY(auto made, co_await services.passwords.run(sign_up));
  auto open = [&services, id = made.id] { return services.sessions.open(id); };
  RD_CO_TRY(auto session, co_await context.blocking(open));
  co_return issued(services, session, &made);
}

Task<Result<Reply<wire::Session>>> create_session(Context& context, None, wire::Credentials given) {
  Services& services = context.services;
  if (int wait = services.accounts.admit_sign_in(given.handle, context.request.remote_address)) {
    co_return too_often("too many attempts to sign in", wait);
  }
  auto sign_in = [&services, given] {
    return services.accounts.sign_in(given.handle, given.password);
  };
  RD_CO_TRY(auto account, co_await services.passwords.run(sign_in));
  auto open = [&services, id = account.id] { return services.sessions.open(id); };
  RD_CO_TRY(auto session, co_await context.blocking(open));
  co_return issued(services, session, &account);
}

Task<Result<Reply<wire::Session>>> get_current_session(Context& context, None, None) {
  Services& services = context.services;
  auto look_up = [&services, token = context.session_token,
                  principal = *context.principal]() -> Result<wire::Session> {
    wire::Session out;
    RD_TRY(auto session, services.sessions.authenticate(token));
    if (!session) return denied("this session has ended").with_reason("signed_out");
    out.expires_at = time_text(session->expires_us);
    if (principal.is_account()) {
      RD_TRY(auto account, services.accounts.find(principal.account));
      out.kind = wire::SessionKind::account;
      out.account = to_wire(account);
    }
    return out;
  };
  Reply<wire::Session> reply;
  RD_CO_TRY(reply.body, co_await context.blocking(look_up));
  co_return reply;
}

Task<Result<Reply<None>>> delete_current_session(Context& context, None, None) {
  Services& services = context.services;
  auto close = [&services, token = context.session_token] {
    return services.sessions.close(token);
  };
  RD_CO_CHECK(co_await context.blocking(close));
  Reply<None> reply;
  reply.headers.emplace_back("Set-Cookie", session_cookie(services, "", 0));
  co_return reply;
}

Task<Result<Reply<wire::Account>>> change_own_account(Context& context, None,
                                                      wire::AccountChange change) {
  auto apply = [&services = context.services, id = context.principal->account,
                shares = change.shares_likes] {
    return shares ? services.accounts.share_likes(id, *shares) : services.accounts.find(id);
  };
  RD_CO_TRY(auto account, co_await context.blocking(apply));
  Reply<wire::Account> reply;
  reply.body = to_wire(account);
  co_return reply;
}

Task<Result<Reply<wire::Profile>>> get_profile(Context& context, None, None) {
  Services& services = context.services;
  auto look_up = [&services, handle = context.path.at(0),
                  principal = context.principal]() -> Result<wire::Profile> {
    RD_TRY(auto account, services.accounts.find_handle(handle));
    wire::Profile out;
    out.handle = account.handle;
    out.created_at = time_text(account.created_us);
    RD_TRY(auto counts, services.social.counts(account.id));
    out.followers = counts.followers;
    RD_TRY(out.videos, services.catalogue.count_live_of(account.id));
    if (principal && principal->is_account()) {
      RD_TRY(out.following, services.social.is_following(principal->account, account.id));
    }
    return out;
  };
  Reply<wire::Profile> reply;
  RD_CO_TRY(reply.body, co_await context.blocking(look_up));
  co_return reply;
}

namespace {

Task<Result<Reply<None>>> set_follow(Context& context, bool following) {
  Services& services = context.services;
  auto change = [&services, handle = context.path.at(0), principal = *context.principal,
                 following]() -> Result<void> {
    RD_TRY(auto who, services.accounts.find_handle(handle));
    RD_TRY(auto me, services.accounts.find(principal.account));
    social::Follower follower{me.id, me.viewer};
    social::Followed followed{who.id, who.author};
    RD_TRY(bool changed, following ? services.social.follow(follower, followed)
                                   : services.social.unfollow(follower, followed));
    if (changed) services.notify_outbox();
    return {};
  };
  RD_CO_CHECK(co_await context.blocking(change));
  co_return Reply<None>();
}

}  // namespace

Task<Result<Reply<None>>> follow(Context& context, None, None) { return set_follow(context, true); }
Task<Result<Reply<None>>> unfollow(Context& context, None, None) {
  return set_follow(context, false);
}

}  // namespace rondo::api::handlers
