#include "client/container.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "base/utf8.h"

namespace disposable {

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeadSize = 2;
constexpr std::size_t kPartHeadSize = 1 + 2 + 8;
constexpr unsigned kBitsOfByte = 8;
constexpr std::uint64_t kByteMask = 0xff;

class Writer {
 public:
  explicit Writer(std::span<std::uint8_t> out) : out_(out) {}

  Writer& number(std::uint64_t value, std::size_t size) {
    for (std::size_t i = size; i > 0; --i) {
      out_[at_++] = static_cast<std::uint8_t>((value >> (kBitsOfByte * (i - 1))) & kByteMask);
    }
    return *this;
  }
  Writer& raw(ByteView bytes) {
    std::copy(bytes.begin(), bytes.end(), out_.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ += bytes.size();
    return *this;
  }

 private:
  std::span<std::uint8_t> out_;
  std::size_t at_ = 0;
};

class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}

  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : raw(size)) {
      value = (value << kBitsOfByte) | byte;
    }
    return value;
  }
  ByteView raw(std::uint64_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const ByteView bytes = rest_.first(static_cast<std::size_t>(size));
    rest_ = rest_.subspan(static_cast<std::size_t>(size));
    return bytes;
  }
  bool ok() const { return ok_; }
  ByteView rest() const { return rest_; }

 private:
  ByteView rest_;
  bool ok_ = true;
};

std::optional<Part> read_part(Reader& reader) {
  constexpr std::size_t kNameLengthSize = 2;
  constexpr std::size_t kLengthSize = 8;
  const std::uint64_t kind = reader.number(1);
  const std::string name(as_text(reader.raw(reader.number(kNameLengthSize))));
  const ByteView content = reader.raw(reader.number(kLengthSize));
  const bool text = kind == static_cast<std::uint64_t>(Part::Kind::kText);
  if (!reader.ok() || kind > 1 || (text && !name.empty()) || !is_utf8(name)) {
    return std::nullopt;
  }
  return Part{text ? Part::Kind::kText : Part::Kind::kFile, name, SecretBytes::copy_of(content)};
}

}  // namespace

SecretBytes encode_container(const std::vector<Part>& parts) {
  check(!parts.empty() && parts.size() <= kPartsMax, "a container has 1 to 100 parts");
  std::size_t size = kHeadSize;
  for (const Part& part : parts) {
    check(part.name.size() <= std::numeric_limits<std::uint16_t>::max(), "a name has at most 65535 bytes");
    size += kPartHeadSize + part.name.size() + part.content.size();
  }
  SecretBytes container((size + kContainerBlock - 1) / kContainerBlock * kContainerBlock);
  Writer writer(container.expose_mutable());
  writer.number(kVersion, 1).number(parts.size(), 1);
  for (const Part& part : parts) {
    writer.number(static_cast<std::uint64_t>(part.kind), 1).number(part.name.size(), 2).raw(as_bytes(part.name));
    writer.number(part.content.size(), sizeof(std::uint64_t)).raw(part.content.expose());
  }
  return container;
}

Result<std::vector<Part>> decode_container(ByteView bytes) {
  const auto bad = fail(Errc::kCorrupt, "what was received is not of a form that this program knows");
  Reader reader(bytes);
  const std::uint64_t version = reader.number(1);
  const std::uint64_t count = reader.number(1);
  if (version != kVersion || count == 0 || count > kPartsMax || bytes.size() % kContainerBlock != 0) {
    return bad;
  }
  std::vector<Part> parts;
  for (std::uint64_t i = 0; i < count; ++i) {
    std::optional<Part> part = read_part(reader);
    if (!part) {
      return bad;
    }
    parts.push_back(std::move(*part));
  }
  const ByteView filling = reader.rest();
  if (filling.size() >= kContainerBlock ||
      std::any_of(filling.begin(), filling.end(), [](std::uint8_t byte) { return byte != 0; })) {
    return bad;
  }
  return parts;
}

}  // namespace disposable
