#include "core/event.h"

#include <algorithm>

#include "core/webhook.h"

namespace disposable {

namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::uint8_t kFormatWithWebhook = 2;  // the sealed URL stands at its end
constexpr std::size_t kTimeSize = 6;            // of an id
constexpr std::size_t kAddressMax = 128;
constexpr std::size_t kExtraDataMax = 1024;

struct ActionName {
  Action action;
  std::string_view name;
};

constexpr std::array<ActionName, 6> kActionNames{{
    {Action::kCreated, "created"},
    {Action::kRetrieved, "retrieved"},
    {Action::kDeleted, "deleted"},
    {Action::kExpired, "expired"},
    {Action::kDenied, "denied"},
    {Action::kLocked, "locked"},
}};

}  // namespace

std::string_view action_name(Action action) {
  const auto* found = std::find_if(kActionNames.begin(), kActionNames.end(),
                                   [action](const ActionName& entry) { return entry.action == action; });
  check(found != kActionNames.end(), "every action has a name");
  return found->name;
}

std::optional<Action> action_from_name(std::string_view name) {
  for (const ActionName& entry : kActionNames) {
    if (entry.name == name) {
      return entry.action;
    }
  }
  return std::nullopt;
}

EventId EventId::least(WallTime at) {
  EventId id;
  auto milliseconds = static_cast<std::uint64_t>(at.time_since_epoch().count());
  for (std::size_t i = kTimeSize; i-- > 0;) {
    id.bytes[i] = static_cast<std::uint8_t>(milliseconds);
    milliseconds >>= 8U;
  }
  return id;
}

EventId EventId::generate(WallTime now, Random& random) {
  EventId id;
  random.fill(id.bytes);
  const EventId time = least(now);
  std::copy_n(time.bytes.begin(), kTimeSize, id.bytes.begin());
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0FU) | 0x70U);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3FU) | 0x80U);
  return id;
}

Bytes encode_event(const Event& event) {
  ByteWriter writer;
  writer.u8(event.webhook.empty() ? kFormat : kFormatWithWebhook)
      .u8(static_cast<std::uint8_t>(event.action))
      .raw(event.id.bytes)
      .raw(event.fingerprint.bytes)
      .i64(event.at.time_since_epoch().count())
      .block(as_bytes(event.address))
      .block(as_bytes(event.extra_data));
  if (!event.webhook.empty()) {
    writer.block(event.webhook);
  }
  return writer.take();
}

Result<Event> decode_event(ByteView bytes) {
  ByteReader reader(bytes);
  Event event;
  const std::uint8_t format = reader.u8();
  event.action = static_cast<Action>(reader.u8());
  event.id.bytes = reader.array<16>();
  event.fingerprint.bytes = reader.array<16>();
  event.at = WallTime(std::chrono::milliseconds(reader.i64()));
  event.address = as_text(reader.block(kAddressMax));
  event.extra_data = as_text(reader.block(kExtraDataMax));
  if (format == kFormatWithWebhook) {
    event.webhook = reader.block(kSealedWebhookMax);
  }
  const bool known = format == kFormat || (format == kFormatWithWebhook && !event.webhook.empty());
  if (!reader.finished() || !known || event.action < Action::kCreated || event.action > Action::kLocked) {
    return fail(Errc::kCorrupt, "an outbox event does not decode");
  }
  return event;
}

}  // namespace disposable
