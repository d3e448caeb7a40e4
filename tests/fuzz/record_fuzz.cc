// Property: the record decoder never crashes, and what it accepts it writes again byte for byte.

#include <cstddef>
#include <cstdint>

#include "core/record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const disposable::ByteView bytes(data, size);
  const disposable::Result<disposable::Record> record = disposable::decode_record(bytes);
  if (record) {
    const disposable::Bytes again = disposable::encode_record(*record);
    disposable::check(disposable::as_text(again) == disposable::as_text(bytes), "an accepted record is canonical");
  }
  return 0;
}
