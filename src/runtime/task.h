// Coroutines over Asio. One io_context a thread, so a coroutine never moves between threads and
// needs no strand. The executor type is concrete: `any_io_executor` costs 8-9% of a small answer.
//
// Rules (GCC 12): coroutine parameters by value; no capturing lambda in the same expression as
// co_await.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "base/result.h"

namespace rondo::runtime {

namespace asio = boost::asio;

using IoExecutor = asio::io_context::executor_type;
template <typename T>
using Task = asio::awaitable<T, IoExecutor>;
inline constexpr asio::use_awaitable_t<IoExecutor> kUseTask{};

// Turns a call that answers through a callback, on any thread, into one that can be awaited. The
// callback must be called exactly once; the coroutine goes on on its own thread. Whoever calls back
// must outlive the wait, and calls with a deadline of its own.
template <typename T>
Task<T> await_callback(std::function<void(std::function<void(T)>)> start) {
  IoExecutor executor = co_await asio::this_coro::executor;
  auto initiate = [executor](auto handler, std::function<void(std::function<void(T)>)> begin) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    begin([executor, shared](T value) {
      asio::post(executor, [shared, v = std::make_shared<T>(std::move(value))]() mutable {
        (*shared)(std::move(v));
      });
    });
  };
  std::shared_ptr<T> value =
      co_await asio::async_initiate<const asio::use_awaitable_t<IoExecutor>,
                                    void(std::shared_ptr<T>)>(initiate, kUseTask, std::move(start));
  co_return std::move(*value);
}

}  // namespace rondo::runtime
