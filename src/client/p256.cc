#include "client/p256.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include <algorithm>
#include <memory>
#include <optional>

namespace disposable {

namespace {

constexpr point_conversion_form_t kForm = POINT_CONVERSION_UNCOMPRESSED;
constexpr std::uint8_t kUncompressed = 4;

struct Free {
  void operator()(EC_GROUP* group) const { EC_GROUP_free(group); }
  void operator()(EC_POINT* point) const { EC_POINT_clear_free(point); }
  void operator()(BIGNUM* number) const { BN_clear_free(number); }
  void operator()(BN_CTX* context) const { BN_CTX_free(context); }
};

struct Curve {
  std::unique_ptr<EC_GROUP, Free> group{EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)};
  std::unique_ptr<BN_CTX, Free> context{BN_CTX_secure_new()};

  std::unique_ptr<EC_POINT, Free> new_point() const {
    std::unique_ptr<EC_POINT, Free> point(EC_POINT_new(group.get()));
    check(group && context && point, "OpenSSL has P-256");
    return point;
  }

  // Nothing when it is 0 or not below the curve's order.
  std::unique_ptr<BIGNUM, Free> number(ByteView scalar) const {
    std::unique_ptr<BIGNUM, Free> number(BN_bin2bn(scalar.data(), static_cast<int>(scalar.size()), nullptr));
    check(number != nullptr, "OpenSSL has memory for a number");
    BN_set_flags(number.get(), BN_FLG_CONSTTIME);
    const bool fits = scalar.size() == kP256ScalarSize && BN_is_zero(number.get()) == 0 &&
                      BN_cmp(number.get(), EC_GROUP_get0_order(group.get())) < 0;
    return fits ? std::move(number) : nullptr;
  }

  // Nothing when it is no point of the curve, other than the one at infinity.
  std::unique_ptr<EC_POINT, Free> point(ByteView bytes) const {
    std::unique_ptr<EC_POINT, Free> point = new_point();
    const bool is_one = bytes.size() == kP256PublicSize && bytes.front() == kUncompressed &&
                        EC_POINT_oct2point(group.get(), point.get(), bytes.data(), bytes.size(), context.get()) == 1;
    return is_one ? std::move(point) : nullptr;
  }

  void write(const EC_POINT* point, std::span<std::uint8_t> out) const {
    check(EC_POINT_point2oct(group.get(), point, kForm, out.data(), out.size(), context.get()) == out.size(),
          "a point of P-256 has 65 bytes");
  }

  // Nothing when the scalar is none.
  std::optional<P256Public> public_of(ByteView scalar) const {
    const std::unique_ptr<BIGNUM, Free> d = number(scalar);
    if (d == nullptr) {
      return std::nullopt;
    }
    const std::unique_ptr<EC_POINT, Free> product = new_point();
    check(EC_POINT_mul(group.get(), product.get(), d.get(), nullptr, nullptr, context.get()) == 1, "P-256 multiplies");
    P256Public bytes{};
    write(product.get(), bytes);
    return bytes;
  }
};

}  // namespace

P256Key P256Key::generate(Random& random) {
  const Curve curve;
  for (;;) {  // one draw in 2^32 is above the order
    SecretBytes scalar(kP256ScalarSize);
    random.fill(scalar.expose_mutable());
    if (const std::optional<P256Public> public_key = curve.public_of(scalar.expose())) {
      return {std::move(scalar), *public_key};
    }
  }
}

Result<P256Key> P256Key::from(ByteView scalar, ByteView public_key) {
  const std::optional<P256Public> found = Curve().public_of(scalar);
  if (!found || !std::equal(found->begin(), found->end(), public_key.begin(), public_key.end())) {
    return fail(Errc::kInvalidArgument, "the key pair is none");
  }
  return P256Key(SecretBytes::copy_of(scalar), *found);
}

Result<SecretBytes> P256Key::agree(ByteView peer) const {
  const Curve curve;
  const std::unique_ptr<EC_POINT, Free> point = curve.point(peer);
  const std::unique_ptr<BIGNUM, Free> d = curve.number(scalar_.expose());
  if (point == nullptr || d == nullptr) {
    return fail(Errc::kInvalidArgument, "the public key is none");
  }
  const std::unique_ptr<EC_POINT, Free> shared = curve.new_point();
  check(EC_POINT_mul(curve.group.get(), shared.get(), nullptr, point.get(), d.get(), curve.context.get()) == 1,
        "P-256 multiplies");
  SecretBytes bytes(kP256PublicSize);
  curve.write(shared.get(), bytes.expose_mutable());
  return SecretBytes::copy_of(bytes.expose().subspan(1, kP256ScalarSize));
}

bool is_p256_public(ByteView public_key) { return Curve().point(public_key) != nullptr; }

}  // namespace disposable
