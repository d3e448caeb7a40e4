#include "app/keys_command.h"

#include "app/backends.h"
#include "app/epoch_needs.h"
#include "app/epoch_uses.h"
#include "app/key_file.h"
#include "app/terminal.h"
#include "base/log.h"

namespace disposable {

namespace {

struct Rotation {
  std::uint32_t current = 0;
  bool begun = false;  // the current epoch is a new one
  std::vector<std::uint32_t> destroyed;
  std::optional<WallTime> next_destroyed;  // when the oldest of those that are left may go; nothing: not known yet
  std::size_t left = 0;                    // old ones, which only open what was created under them
};

// A second rotation before the first is in use would only fill the keyring.
bool in_use(const std::vector<EpochUse>& uses, std::uint32_t epoch) {
  return uses.empty() || uses.back().epoch >= epoch;
}

// `needed`: the oldest epoch that a live secret has, if any. A clock that was wrong for a while makes times wrong; what
// a secret was created under is certain.
Result<Rotation> rotate(Keyring& keyring, const std::vector<EpochUse>& uses, std::optional<std::uint32_t> needed,
                        WallTime now, Random& random) {
  Rotation rotation;
  const std::vector<std::uint32_t> before = keyring.epochs();
  for (const std::uint32_t epoch : before) {
    const std::optional<WallTime> outlived = outlived_at(uses, epoch);
    if (!outlived || now < *outlived || (needed && epoch >= *needed)) {
      break;
    }
    rotation.destroyed.push_back(epoch);
  }
  if (!rotation.destroyed.empty()) {
    keyring.destroy_epochs_before(rotation.destroyed.back() + 1);
  }
  if (in_use(uses, keyring.current_epoch())) {
    const Result<std::uint32_t> begun = keyring.begin_epoch(random);
    if (!begun) {
      return fail(begun.error());
    }
    rotation.begun = true;
  }
  const std::vector<std::uint32_t> after = keyring.epochs();
  rotation.current = after.back();
  rotation.left = after.size() - 1;
  rotation.next_destroyed = outlived_at(uses, after.front());
  return rotation;
}

std::string list(const std::vector<std::uint32_t>& numbers, const char* separator) {
  std::string text;
  for (const std::uint32_t number : numbers) {
    text += (text.empty() ? "" : separator) + std::to_string(number);
  }
  return text;
}

std::string as_json(const Rotation& rotation) {
  const std::string next = rotation.next_destroyed ? "\"" + format_utc(*rotation.next_destroyed) + "\"" : "null";
  return "{\"current\":" + std::to_string(rotation.current) + ",\"begun\":" + (rotation.begun ? "true" : "false") +
         ",\"destroyed\":[" + list(rotation.destroyed, ",") + "],\"left\":" + std::to_string(rotation.left) +
         ",\"next_destroyed\":" + next + "}\n";
}

std::string as_text(const Rotation& rotation) {
  const std::string current = std::to_string(rotation.current);
  std::string text = rotation.begun
                         ? "epoch " + current + " begins with the next restart or SIGHUP of the service\n"
                         : "epoch " + current + " is not in use yet; restart the service or send it SIGHUP\n";
  if (!rotation.destroyed.empty()) {
    text += "destroyed: epoch " + list(rotation.destroyed, ", ") + "\n";
  }
  if (rotation.left != 0) {
    text += std::to_string(rotation.left) + " older " + (rotation.left == 1 ? "epoch opens" : "epochs open") +
            " what was created before; the oldest can be destroyed by a rotation " +
            (rotation.next_destroyed ? "after " + format_utc(*rotation.next_destroyed)
                                     : "when the service has used a newer one for the longest TTL") +
            "\n";
  }
  return text;
}

struct Surroundings {
  std::vector<EpochUse> uses;  // empty: no service has run with this data folder
  std::optional<std::uint32_t> needed;
};

// kInvalidArgument: the store belongs to another keyring.
Result<EpochNeeds> survey(const KeysOptions& options, const Keyring& keyring, Clock& clock, Random& random) {
  if (options.backends.store.empty()) {
    Result<EpochNeeds> needs = survey_epochs(options.paths.store(), clock.now());
    if (needs && needs->store.identity.check != keyring.check_value()) {
      return fail(Errc::kInvalidArgument,
                  "the keyring does not belong to the data folder " + options.paths.data_dir.string());
    }
    return needs;
  }
  const Result<std::unique_ptr<ServedStore>> store = open_store(
      {options.paths, options.backends, keyring, clock, random, {}, /*create=*/false, /*service=*/false}, {}, {});
  if (!store) {
    return fail(store.error());
  }
  return survey_epochs(**store, clock.now());
}

// What a rotation has to know of the data folder. An error is a sentence for the operator.
Result<Surroundings> look_around(const KeysOptions& options, const Keyring& keyring, Clock& clock, Random& random) {
  const Paths& paths = options.paths;
  Surroundings surroundings;
  Result<std::vector<EpochUse>> uses = read_epoch_uses(paths.epoch_uses());
  if (!uses && uses.error().code != Errc::kNotFound) {
    return fail(uses.error());
  }
  if (!uses || uses->empty()) {
    return surroundings;
  }
  surroundings.uses = std::move(*uses);
  if (surroundings.uses.back().epoch > keyring.current_epoch()) {
    return fail(Errc::kInvalidArgument, "the key file " + paths.key_file.string() +
                                            " is older than the one that the service has used; put the newest back");
  }
  const Result<EpochNeeds> needs = survey(options, keyring, clock, random);
  if (!needs) {
    return fail(needs.error());
  }
  if (!needs->epochs.empty()) {
    surroundings.needed = *needs->epochs.begin();
  }
  return surroundings;
}

}  // namespace

int create_keys(const KeysOptions& options, Random& random) {
  const Result<Keyring> created = create_key_file(options.paths.key_file, random);
  if (!created) {
    return print_error(kExitFailure, created.error().detail,
                       created.error().code == Errc::kAlreadyExists ? "an existing keyring is never replaced" : "");
  }
  const std::string file = options.paths.key_file.string();
  print(options.json ? "{\"key_file\":\"" + json_escape(file) + "\"}\n"
                     : "created " + file + "; keep a copy apart from the data\n");
  return kExitSuccess;
}

int rotate_keys(const KeysOptions& options, Clock& clock, Random& random) {
  std::error_code ignored;
  const std::filesystem::path resolved = std::filesystem::canonical(options.paths.key_file, ignored);
  const std::filesystem::path& path = resolved.empty() ? options.paths.key_file : resolved;
  const Result<FileDescriptor> lock = lock_key_file(path);
  if (!lock) {
    return print_error(kExitFailure, lock.error().detail, "name the service's keyring with --key-file");
  }
  Result<Keyring> keyring = read_key_file(path);
  if (!keyring) {
    return print_error(kExitFailure, keyring.error().detail);
  }
  const WallTime now = clock.now();
  const Result<Surroundings> surroundings = look_around(options, *keyring, clock, random);
  if (!surroundings) {
    return print_error(kExitFailure, surroundings.error().detail, "nothing was changed");
  }
  const Result<Rotation> rotation = rotate(*keyring, surroundings->uses, surroundings->needed, now, random);
  if (!rotation) {
    return print_error(kExitFailure, rotation.error().detail);
  }
  const Result<void> written = replace_key_file(path, *keyring);
  if (!written) {
    return print_error(kExitFailure, written.error().detail, "the keyring is not lost; run this again");
  }
  print(options.json ? as_json(*rotation) : as_text(*rotation));
  if (surroundings->uses.empty() && !options.json) {
    print("no service has run with the data folder " + options.paths.data_dir.string() +
          ", so no epoch is destroyed\n");
  }
  return kExitSuccess;
}

}  // namespace disposable
