#include "api/http/server.h"

#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <set>
#include <thread>

#include "api/http/wire.h"

namespace rondo::api::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using runtime::IoExecutor;
using runtime::kUseTask;
using runtime::Task;
using Socket = asio::basic_stream_socket<tcp, IoExecutor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, IoExecutor>;

constexpr uint32_t kHeaderBytesMax = 16 << 10;
constexpr std::chrono::seconds kIdleMax{60};
constexpr size_t kFileChunkBytes = 1 << 20;
// Of what a client sends on after its answer.
constexpr std::chrono::seconds kLingerMax{10};
constexpr size_t kLingerBytesMax = 64 << 20;

// What the connections of one io thread share; touched on that thread alone, but for `count`.
struct IoThread {
  std::set<class Connection*> connections;  // outlives `io`, which drops what was never finished
  asio::io_context io{1};
  std::optional<asio::executor_work_guard<IoExecutor>> work;
  std::thread thread;
};

struct Shared {
  ServerOptions options;
  Service* service = nullptr;
  std::atomic<bool> stopping{false};
  std::atomic<int> connections{0};
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Socket socket, tcp::endpoint peer, IoThread& owner, Shared& shared)
      : socket_(std::move(socket)),
        peer_(std::move(peer)),
        watchdog_(socket_.get_executor()),
        owner_(owner),
        shared_(shared) {
    owner_.connections.insert(this);
    ++shared_.connections;
  }
  ~Connection() {
    owner_.connections.erase(this);
    --shared_.connections;
  }

  static Task<void> run(std::shared_ptr<Connection> self) {
    asio::co_spawn(self->socket_.get_executor(), watch(self), asio::detached);
    co_await self->serve();
    if (self->unread_) co_await self->linger();
    self->close();
    self->watchdog_.cancel();
  }

  void close() {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    socket_.close(ignored);
  }
  void close_if_idle() {
    if (idle_) close();
  }

 private:
  class Reader;
  class Writer;

  static Task<void> watch(std::shared_ptr<Connection> self) {
    // Second-grained: a timer that is set anew for every request costs more than it is worth.
    while (self->socket_.is_open()) {
      self->watchdog_.expires_after(std::chrono::seconds(1));
      error_code ec;
      co_await self->watchdog_.async_wait(asio::redirect_error(kUseTask, ec));
      if (std::chrono::steady_clock::now() >= self->deadline_) self->close();
    }
  }

  void allow(std::chrono::seconds time) { deadline_ = std::chrono::steady_clock::now() + time; }

  Task<void> serve() {
    error_code ec;
    socket_.set_option(tcp::no_delay(true), ec);
    socket_.native_non_blocking(true, ec);
    while (socket_.is_open() && !shared_.stopping) {
      bool go_on = co_await serve_one();
      if (!go_on) break;
    }
  }

  // Closed at once, a connection with unread bytes is reset, and the answer may be lost with it
  // (RFC 9112, 9.6): what still comes is read and thrown away, within limits.
  Task<void> linger() {
    error_code ec;
    idle_ = true;
    allow(kLingerMax);
    socket_.shutdown(tcp::socket::shutdown_send, ec);
    std::array<char, 16 << 10> sink;
    for (size_t read = 0; !ec && !shared_.stopping && read < kLingerBytesMax;) {
      read +=
          co_await socket_.async_read_some(asio::buffer(sink), asio::redirect_error(kUseTask, ec));
    }
  }

  Task<bool> serve_one();
  Task<bool> write(Response response, bool head_only, bool keep_alive);
  Task<bool> send_file(FileBody file);

  Socket socket_;
  tcp::endpoint peer_;
  Timer watchdog_;
  IoThread& owner_;
  Shared& shared_;
  beast::flat_buffer buffer_{kHeaderBytesMax + (64 << 10)};
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::now() + kIdleMax;
  bool idle_ = true;
  bool unread_ = false;  // of the request that is answered, something may be
};

using BodyParser = bhttp::request_parser<bhttp::buffer_body>;

class Connection::Reader final : public BodyReader {
 public:
  Reader(Connection& connection, BodyParser& parser, bool expects_continue)
      : connection_(connection), parser_(parser), expects_continue_(expects_continue) {}

  Task<Result<size_t>> read_some(char* out, size_t size) override {
    if (parser_.is_done()) co_return size_t{0};
    error_code ec;
    if (std::exchange(expects_continue_, false)) {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      co_await asio::async_write(connection_.socket_, asio::buffer(kContinue),
                                 asio::redirect_error(kUseTask, ec));
    }
    connection_.allow(connection_.shared_.options.request_max);
    auto& body = parser_.get().body();
    body.data = out;
    body.size = size;
    body.more = true;
    co_await bhttp::async_read(connection_.socket_, connection_.buffer_, parser_,
                               asio::redirect_error(kUseTask, ec));
    if (ec == bhttp::error::need_buffer) ec = {};
    if (ec == bhttp::error::body_limit) {
      co_return Error(ErrorCode::kExhausted, "the body is larger than this route takes");
    }
    if (ec) co_return unavailable("the client has gone: " + ec.message());
    co_return size - body.size;
  }

 private:
  Connection& connection_;
  BodyParser& parser_;
  bool expects_continue_;
};

class Connection::Writer final : public BodyWriter {
 public:
  explicit Writer(Connection& connection)
      : connection_(connection), timer_(connection.socket_.get_executor()) {}

  Task<bool> write(std::string bytes) override {
    error_code ec;
    connection_.allow(connection_.shared_.options.request_max);
    co_await asio::async_write(connection_.socket_, asio::buffer(bytes),
                               asio::redirect_error(kUseTask, ec));
    co_return !ec;
  }

  Task<bool> wait(std::chrono::milliseconds time) override {
    error_code ec;
    connection_.allow(std::chrono::ceil<std::chrono::seconds>(time) +
                      connection_.shared_.options.request_max);
    timer_.expires_after(time);
    co_await timer_.async_wait(asio::redirect_error(kUseTask, ec));
    if (ec || connection_.shared_.stopping || !connection_.socket_.is_open()) co_return false;
    // A client that has gone reads as the end of what it sends.
    char byte = 0;
    const ssize_t size =
        ::recv(connection_.socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    co_return size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR));
  }

 private:
  Connection& connection_;
  Timer timer_;
};

Task<bool> Connection::serve_one() {
  error_code ec;
  idle_ = true;
  allow(kIdleMax);
  bhttp::request_parser<bhttp::empty_body> head;
  head.header_limit(kHeaderBytesMax);
  head.body_limit(boost::none);
  if (buffer_.size() == 0) {
    // Wait for the first byte before the request's own clock starts.
    co_await socket_.async_wait(tcp::socket::wait_read, asio::redirect_error(kUseTask, ec));
    if (ec) co_return false;
  }
  idle_ = false;
  unread_ = true;
  allow(shared_.options.request_max);
  co_await bhttp::async_read_header(socket_, buffer_, head, asio::redirect_error(kUseTask, ec));
  if (ec == bhttp::error::header_limit || ec == bhttp::error::buffer_overflow) {
    co_return co_await write(shared_.service->refuse(431, "the headers are larger than 16 KiB"),
                             false, false);
  }
  if (ec) {
    // Gone or silent: nobody to answer. Only what was sent and is wrong gets an answer.
    bool is_syntax = ec.category() == make_error_code(bhttp::error::bad_method).category();
    if (!is_syntax || ec == bhttp::error::end_of_stream) co_return false;
    co_return co_await write(
        shared_.service->refuse(400, "this is not an HTTP/1.1 request: " + ec.message()), false,
        false);
  }
  bool keep_alive = head.keep_alive() && !shared_.stopping;
  bool head_only = head.get().method() == bhttp::verb::head;
  bool expects_continue = beast::iequals(head.get()[bhttp::field::expect], "100-continue");
  auto parsed =
      to_request(head.get(), peer_.address().to_string(), shared_.options.trust_forwarded);
  if (!parsed.ok()) {
    co_return co_await write(shared_.service->refuse(400, parsed.error().message()), head_only,
                             false);
  }
  Request request = std::move(parsed).value();
  if (auto length = head.content_length()) request.content_length = *length;

  BodyRule rule = shared_.service->body_rule(request);
  if (request.content_length.value_or(0) > rule.bytes_max) {
    co_return co_await write(
        shared_.service->refuse(413, "the body has " + std::to_string(*request.content_length) +
                                         " bytes; this route takes at most " +
                                         std::to_string(rule.bytes_max)),
        head_only, false);
  }
  BodyParser parser(std::move(head));
  parser.body_limit(rule.bytes_max);
  Reader reader(*this, parser, expects_continue);
  if (rule.kind == BodyRule::Kind::kStream) {
    request.stream = &reader;
  } else {
    std::array<char, 16 << 10> chunk;
    request.body.reserve(request.content_length.value_or(0));
    while (true) {
      auto size = co_await reader.read_some(chunk.data(), chunk.size());
      if (!size.ok()) {
        if (size.error().code() != ErrorCode::kExhausted) co_return false;
        co_return co_await write(shared_.service->refuse(413, "the body is larger than the " +
                                                                  std::to_string(rule.bytes_max) +
                                                                  " bytes that this route takes"),
                                 head_only, false);
      }
      if (*size == 0) break;
      request.body.append(chunk.data(), *size);
    }
    allow(shared_.options.request_max);
  }
  Response response = co_await shared_.service->handle(request);
  // What the handler left of the body would be read as the next request.
  unread_ = !parser.is_done();
  if (unread_) response.close = true;
  co_return co_await write(std::move(response), head_only, keep_alive);
}

Task<bool> Connection::write(Response response, bool head_only, bool keep_alive) {
  error_code ec;
  keep_alive = keep_alive && !response.close && !response.stream && !shared_.stopping;
  std::string_view body = response.shared_body ? *response.shared_body : response.body;
  std::optional<uint64_t> length = response.file ? response.file->length : body.size();
  if (response.stream) length.reset();  // it ends with the connection
  std::string head = serialise_head(response, length, keep_alive);
  allow(shared_.options.request_max);
  std::array<asio::const_buffer, 2> buffers{
      asio::buffer(head), asio::buffer(head_only || response.file ? std::string_view() : body)};
  co_await asio::async_write(socket_, buffers, asio::redirect_error(kUseTask, ec));
  if (ec) co_return false;
  if (response.stream && !head_only) {
    Writer writer(*this);
    co_await response.stream(writer);
  }
  if (response.file && !head_only) {
    bool sent = co_await send_file(*response.file);
    if (!sent) co_return false;
  }
  co_return keep_alive;
}

// The kernel copies from the page cache to the socket. A cold page blocks this thread for one disk
// read of at most kFileChunkBytes.
Task<bool> Connection::send_file(FileBody file) {
  auto offset = static_cast<off_t>(file.offset);
  uint64_t left = file.length;
  error_code ec;
  while (left > 0) {
    ssize_t sent = ::sendfile(socket_.native_handle(), file.file->descriptor(), &offset,
                              std::min<uint64_t>(left, kFileChunkBytes));
    if (sent > 0) {
      left -= static_cast<uint64_t>(sent);
      allow(shared_.options.request_max);
    } else if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
      co_await socket_.async_wait(tcp::socket::wait_write, asio::redirect_error(kUseTask, ec));
      if (ec) co_return false;
    } else {
      co_return false;  // the client has gone, or the file is shorter than it was
    }
  }
  co_return true;
}

}  // namespace

struct Server::Impl {
  Shared shared;
  std::vector<std::unique_ptr<IoThread>> threads;
  std::optional<asio::basic_socket_acceptor<tcp, IoExecutor>> acceptor;
  uint16_t port = 0;
  size_t next = 0;

  Task<void> accept() {
    while (!shared.stopping) {
      error_code ec;
      IoThread& target = *threads[next++ % threads.size()];
      Socket socket(target.io.get_executor());
      tcp::endpoint peer;
      co_await acceptor->async_accept(socket, peer, asio::redirect_error(kUseTask, ec));
      if (ec == asio::error::operation_aborted) co_return;
      if (ec) {
        // Out of descriptors, most likely: wait for some to come back.
        Timer pause(threads[0]->io.get_executor());
        pause.expires_after(std::chrono::milliseconds(100));
        co_await pause.async_wait(asio::redirect_error(kUseTask, ec));
        continue;
      }
      if (shared.connections >= shared.options.connections_max) continue;  // closes it
      auto hand_over = [this, &target, peer](Socket moved) {
        auto connection = std::make_shared<Connection>(std::move(moved), peer, target, shared);
        asio::co_spawn(target.io.get_executor(), Connection::run(connection), asio::detached);
      };
      asio::post(target.io, [hand_over, moved = std::make_shared<Socket>(std::move(socket))] {
        hand_over(std::move(*moved));
      });
    }
  }
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
  if (!impl_->threads.empty() && impl_->threads[0]->thread.joinable()) {
    stop(std::chrono::steady_clock::now());
  }
}

Result<std::unique_ptr<Server>> Server::listen(const ServerOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->shared.options = options;
  for (int i = 0; i < options.io_threads; ++i) {
    impl->threads.push_back(std::make_unique<IoThread>());
  }
  error_code ec;
  auto address = asio::ip::make_address(options.address, ec);
  if (ec) return invalid("server.address \"" + options.address + "\" is not an IP address");
  tcp::endpoint endpoint(address, options.port);
  auto& acceptor = impl->acceptor.emplace(impl->threads[0]->io.get_executor());
  acceptor.open(endpoint.protocol(), ec);
  if (!ec) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec) acceptor.bind(endpoint, ec);
  if (!ec) acceptor.listen(1024, ec);
  if (ec) {
    return unavailable("cannot listen on " + options.address + ":" + std::to_string(options.port) +
                       ": " + ec.message() +
                       "; another program may hold the port, choose one with --server.port");
  }
  impl->port = acceptor.local_endpoint().port();
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

uint16_t Server::port() const { return impl_->port; }

int Server::connections() const { return impl_->shared.connections; }

void Server::start(Service& service) {
  impl_->shared.service = &service;
  asio::co_spawn(impl_->threads[0]->io.get_executor(), impl_->accept(), asio::detached);
  for (auto& thread : impl_->threads) {
    thread->work.emplace(thread->io.get_executor());
    thread->thread = std::thread([io = &thread->io] { io->run(); });
  }
}

void Server::stop(base::Deadline deadline) {
  impl_->shared.stopping = true;
  asio::post(impl_->threads[0]->io, [this] {
    error_code ignored;
    impl_->acceptor->close(ignored);
  });
  for (auto& thread : impl_->threads) {
    asio::post(thread->io, [t = thread.get()] {
      for (Connection* connection : std::set(t->connections)) connection->close_if_idle();
    });
  }
  while (impl_->shared.connections > 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  for (auto& thread : impl_->threads) {
    asio::post(thread->io, [t = thread.get()] {
      for (Connection* connection : std::set(t->connections)) connection->close();
    });
    thread->work.reset();
  }
  // Whoever still waits for an engine or a pool is bounded by its own deadline; past ours the
  // coroutines are dropped with their io_context.
  auto hard = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
  while (impl_->shared.connections > 0 && std::chrono::steady_clock::now() < hard) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  for (auto& thread : impl_->threads) {
    thread->io.stop();
    if (thread->thread.joinable()) thread->thread.join();
  }
}

}  // namespace rondo::api::http
