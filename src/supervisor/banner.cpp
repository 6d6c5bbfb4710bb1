// The lines of the banner.
#include "supervisor/banner.h"

#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace headrace::supervisor {
namespace {

std::string line(std::string_view name, std::string_view text) {
  return fmt::format("  {:<13}{}\n", name, text);
}

std::string_view plural(std::uint64_t count) { return count == 1 ? "" : "s"; }

std::string describe_workers(const Service& service, const WorkerReady& ready) {
  const std::string at_once =
      ready.interface == config::Interface::kAsgi
          ? fmt::format("{} request{} at once each", service.settings.concurrency,
                        plural(service.settings.concurrency))
          : fmt::format("{} thread{} each", ready.threads, plural(ready.threads));
  return fmt::format("{} worker{}, {}; {}", service.worker_count, plural(service.worker_count),
                     at_once, service.worker_count_reason);
}

}  // namespace

std::string to_url(const std::string& address) {
  return address.starts_with("unix:") ? address : "http://" + address;
}

std::string render_facts(const Service& service, const WorkerReady& ready) {
  const bool is_asgi = ready.interface == config::Interface::kAsgi;
  return line("application", fmt::format("{} ({}) in {}", ready.app, is_asgi ? "ASGI" : "WSGI",
                                         service.directory)) +
         line("processes", describe_workers(service, ready)) +
         line("Python", fmt::format("{} {} (from {})", ready.python, service.python.path,
                                    service.python.origin)) +
         line("settings", service.settings_from + "; `headrace settings` explains all of them");
}

std::string render_banner(const Service& service, const std::vector<std::string>& addresses,
                          const WorkerReady& ready) {
  std::vector<std::string> urls;
  for (const std::string& address : addresses) urls.push_back(to_url(address));
  return "Headrace " HEADRACE_VERSION "\n" +
         line("serving", fmt::format("{}", fmt::join(urls, "  "))) + render_facts(service, ready) +
         line("stop", "Ctrl-C lets running requests finish; once more stops at once");
}

}  // namespace headrace::supervisor
