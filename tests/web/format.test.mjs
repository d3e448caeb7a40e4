// The page's end-to-end format against tests/vectors/format_1.json, which the command-line client is held to as well.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const format = await import(process.env.FORMAT_BUNDLE);
const vectors = JSON.parse(readFileSync(new URL("../vectors/format_1.json", import.meta.url)));

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const bytes_of = (text) => Uint8Array.from(Buffer.from(text, "hex"));
const shown = (parts) => parts?.map(({ kind, name, bytes }) => ({ kind, name, bytes: hex(bytes) })) ?? null;
const fragment_of = (link) => link.slice(link.indexOf("#") + 1);
const pair_of = (vector) => ({ secret: bytes_of(vector.asker_secret), public: bytes_of(vector.asker_public) });

test("the vectors have something of everything", () => {
  const { containers, secrets, requests, receipts, refused } = vectors;
  const lists = [containers, secrets, requests, receipts, refused.containers, refused.secrets, refused.requests, ...Object.values(refused.fragments)];
  assert.equal(lists.length, 11);
  assert.ok(lists.every((list) => list.length > 0));
});

test("containers are written as the vectors say, and read back", () => {
  for (const { name, parts, container } of vectors.containers) {
    const given = parts.map((part) => ({ ...part, bytes: bytes_of(part.bytes) }));
    assert.equal(hex(format.encode_container(given)), container, name);
    assert.equal(format.container_bytes(given), container.length / 2, name);
    assert.deepEqual(shown(format.decode_container(bytes_of(container))), parts, name);
  }
});

test("secrets are sealed as the vectors say, and opened", async () => {
  assert.ok(vectors.secrets.some(({ passphrase }) => passphrase !== ""));
  for (const vector of vectors.secrets) {
    const key = bytes_of(vector.link_key);
    const keys = await format.derive_keys(key, vector.passphrase);
    assert.equal(hex(keys.proof), vector.proof, vector.name);
    assert.equal(hex(await format.derive_proof(key)), vector.proof, vector.name);
    assert.equal(keys.server_passphrase, vector.server_passphrase, vector.name);
    assert.equal(hex(keys.content), vector.content_key, vector.name);
    const parts = format.decode_container(bytes_of(vector.container));
    assert.equal(hex(await format.seal_secret(keys.content, bytes_of(vector.nonce), parts)), vector.body, vector.name);
    assert.deepEqual(shown(await format.open_secret(keys.content, bytes_of(vector.body))), shown(parts), vector.name);
    const link = { secret_key: vector.secret_key, key };
    assert.equal(format.format_secret_link(vectors.origin, link), vector.link);
    assert.deepEqual(format.parse_secret_fragment(fragment_of(vector.link)), link);
  }
});

test("requests are sealed as the vectors say, and opened by their asker", async () => {
  for (const vector of vectors.requests) {
    const asker = pair_of(vector);
    const ephemeral = { secret: bytes_of(vector.ephemeral_secret), public: bytes_of(vector.ephemeral_public) };
    const key = await format.derive_request_key(bytes_of(vector.shared), ephemeral.public, asker.public);
    assert.equal(hex(key), vector.key, vector.name);
    const parts = format.decode_container(bytes_of(vector.container));
    const body = await format.seal_request(asker.public, ephemeral, bytes_of(vector.nonce), parts);
    assert.equal(hex(body), vector.body, vector.name);
    assert.deepEqual(shown(await format.open_request(asker, bytes_of(vector.body))), shown(parts), vector.name);
    const { fill_key, request_key } = vector;
    assert.equal(format.format_fill_link(vectors.origin, { fill_key, public: asker.public }), vector.fill_link);
    assert.deepEqual(format.parse_fill_fragment(fragment_of(vector.fill_link)), { fill_key, public: asker.public });
    const own = { fill_key, request_key, pair: asker };
    assert.equal(format.format_request_link(vectors.origin, own), vector.request_link);
    assert.deepEqual(format.parse_request_fragment(fragment_of(vector.request_link)), own);
  }
});

test("a new pair opens what is sealed for it, and nobody else does", async () => {
  const [asker, other, ephemeral] = await Promise.all([1, 2, 3].map(() => format.new_key_pair()));
  const parts = [{ kind: "text", name: "", bytes: format.utf8("for the asker") }];
  const body = await format.seal_request(asker.public, ephemeral, format.random_bytes(12), parts);
  assert.deepEqual(shown(await format.open_request(asker, body)), shown(parts));
  assert.equal(await format.open_request(other, body), null);
});

test("receipt links are written and read", () => {
  for (const { receipt_key, receipt_link } of vectors.receipts) {
    assert.equal(format.format_receipt_link(vectors.origin, receipt_key), receipt_link);
    assert.equal(format.parse_receipt_fragment(fragment_of(receipt_link)), receipt_key);
  }
});

test("everything that is refused by the vectors is refused", async () => {
  for (const { name, container } of vectors.refused.containers) {
    assert.equal(format.decode_container(bytes_of(container)), null, name);
  }
  for (const { name, link_key, passphrase, body } of vectors.refused.secrets) {
    const keys = await format.derive_keys(bytes_of(link_key), passphrase);
    assert.equal(await format.open_secret(keys.content, bytes_of(body)), null, name);
  }
  for (const vector of vectors.refused.requests) {
    assert.equal(await format.open_request(pair_of(vector), bytes_of(vector.body)), null, vector.name);
  }
  const readers = { secret: format.parse_secret_fragment, receipt: format.parse_receipt_fragment,
    fill: format.parse_fill_fragment, request: format.parse_request_fragment };
  for (const [kind, fragments] of Object.entries(vectors.refused.fragments)) {
    for (const fragment of fragments) {
      assert.equal(readers[kind](fragment), null, `${kind}: ${fragment}`);
    }
  }
});
