// The ceiling of the benchmark: cpp-httplib as it comes, answering `ok`. tests/bench/run starts it.
//
//   stock_httplib PORT [THREADS]     THREADS: a pool of that many instead of cpp-httplib's own choice

#include <httplib.h>

#include <string>

int main(int argc, char** argv) {
  if (argc < 2) {
    return 2;
  }
  httplib::Server server;
  if (argc > 2) {
    const std::size_t threads = std::stoul(argv[2]);
    server.new_task_queue = [threads] { return new httplib::ThreadPool(threads); };
  }
  server.Get("/",
             [](const httplib::Request&, httplib::Response& response) { response.set_content("ok", "text/plain"); });
  return server.listen("127.0.0.1", std::stoi(argv[1])) ? 0 : 1;
}
