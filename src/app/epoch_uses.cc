#include "app/epoch_uses.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "app/durable_file.h"

namespace disposable {

namespace {

std::string line_of(const EpochUse& use) {
  return "epoch " + std::to_string(use.epoch) + " since " + std::to_string(use.since.time_since_epoch().count()) +
         " ttl-max " + std::to_string(use.ttl_max.count()) + "\n";
}

std::optional<EpochUse> parse(const std::string& line) {
  std::istringstream words(line);
  std::string epoch;
  std::string since;
  std::string ttl_max;
  std::uint32_t number = 0;
  std::int64_t milliseconds = 0;
  std::int64_t seconds = 0;
  if (!(words >> epoch >> number >> since >> milliseconds >> ttl_max >> seconds) || epoch != "epoch" ||
      since != "since" || ttl_max != "ttl-max" || words.peek() != std::istringstream::traits_type::eof()) {
    return std::nullopt;
  }
  return EpochUse{number, WallTime{std::chrono::milliseconds{milliseconds}}, std::chrono::seconds{seconds}};
}

}  // namespace

Result<std::vector<EpochUse>> read_epoch_uses(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error) && !error) {
    return fail(Errc::kNotFound, "there is no " + file.string());
  }
  std::ifstream lines(file);
  if (!lines) {
    return fail(Errc::kUnavailable, file.string() + " cannot be read");
  }
  std::vector<EpochUse> uses;
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    const std::optional<EpochUse> use = parse(line);
    if (!use) {
      return fail(Errc::kCorrupt, file.string() + ", line " + std::to_string(number) + ": this is no use of an epoch");
    }
    uses.push_back(*use);
  }
  return uses;
}

Result<void> note_epoch_use(const std::filesystem::path& file, const EpochUse& use) {
  Result<std::vector<EpochUse>> uses = read_epoch_uses(file);
  if (!uses && uses.error().code != Errc::kNotFound) {
    return fail(uses.error());
  }
  if (!uses) {
    uses = std::vector<EpochUse>{};
  }
  if (!uses->empty() && uses->back().epoch > use.epoch) {
    return fail(Errc::kInvalidArgument, "the key file is an old copy: it lacks epoch " +
                                            std::to_string(uses->back().epoch) +
                                            ", which secrets were created under; put the newest one back");
  }
  if (!uses->empty() && uses->back().epoch == use.epoch && uses->back().ttl_max == use.ttl_max) {
    return {};
  }
  uses->push_back(use);
  std::string text;
  for (const EpochUse& each : *uses) {
    text += line_of(each);
  }
  return write_durable_file(file, text);
}

std::optional<WallTime> outlived_at(const std::vector<EpochUse>& uses, std::uint32_t epoch) {
  std::chrono::seconds ttl_max{0};
  for (const EpochUse& use : uses) {
    ttl_max = std::max(ttl_max, use.ttl_max);
  }
  const auto later = std::find_if(uses.begin(), uses.end(), [epoch](const EpochUse& use) { return use.epoch > epoch; });
  return later == uses.end() ? std::nullopt : std::optional(later->since + ttl_max);
}

}  // namespace disposable
