// Writes format_1.json from the page's own modules, bundled: node generate.mjs <bundle> >format_1.json
// Everything that is random elsewhere comes from a label here, so that two runs write the same file.

import { createECDH, createHash, createCipheriv } from "node:crypto";
import { pathToFileURL } from "node:url";

const format = await import(pathToFileURL(process.argv[2]));
const LABEL = "disposable-secrets/1";
const ORIGIN = "https://secrets.example";

const digest = (label) => new Uint8Array(createHash("sha256").update(label).digest());
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const nonce_of = (label) => digest(`${label} nonce`).slice(0, 12);
const text = (value) => ({ kind: "text", name: "", bytes: format.utf8(value) });
const file = (name, bytes) => ({ kind: "file", name, bytes });
const shown = (parts) => parts.map(({ kind, name, bytes }) => ({ kind, name, bytes: hex(bytes) }));

function key_of(label) {
  const bytes = digest(label).slice(0, 16);
  bytes[6] = 0x40 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function pair_of(label) {
  const ecdh = createECDH("prime256v1");
  const secret = digest(label);
  ecdh.setPrivateKey(secret);
  return { secret, public: new Uint8Array(ecdh.getPublicKey()) };
}

function encrypt(key, nonce, plain, label = LABEL) {
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(Buffer.from(label));
  return new Uint8Array(Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]));
}

const CONTAINERS = [
  ["a short text", [text("for your eyes only")]],
  ["an empty text", [text("")]],
  ["a text in many scripts", [text("Zażółć gęślą jaźń · пароль · 密码 · كلمة السر · 🔑\r\n\t\u0000 end")]],
  ["a text that fills the block to its last byte", [text("x".repeat(256 - 2 - 11))]],
  ["a text of one byte more, so with 255 bytes of padding", [text("x".repeat(256 - 2 - 11 + 1))]],
  ["a text and two files", [text("see below"), file("id_ed25519", format.utf8("key\n")), file("bytes.bin", Uint8Array.from({ length: 256 }, (_, i) => i))]],
  ["an empty file without a name", [file("", new Uint8Array(0))]],
  ["a file with a name in many scripts", [file("Ключ 密码 é.txt", format.utf8("1"))]],
  ["a hundred parts", Array.from({ length: 100 }, (_, i) => text(String(i)))],
];

const PASSPHRASES = ["", "correct horse battery staple", " Passwörter: 密码 🔑 "];

async function secret(name, parts, passphrase) {
  const link_key = digest(`${name} link key`);
  const keys = await format.derive_keys(link_key, passphrase);
  const nonce = nonce_of(name);
  const secret_key = key_of(name);
  return {
    name,
    secret_key,
    link_key: hex(link_key),
    link: format.format_secret_link(ORIGIN, { secret_key, key: link_key }),
    passphrase,
    proof: hex(keys.proof),
    server_passphrase: keys.server_passphrase,
    content_key: hex(keys.content),
    nonce: hex(nonce),
    container: hex(format.encode_container(parts)),
    body: hex(await format.seal_secret(keys.content, nonce, parts)),
  };
}

async function request(name, parts) {
  const asker = pair_of(`${name} asker`);
  const ephemeral = pair_of(`${name} ephemeral`);
  const fill_key = key_of(`${name} fill`);
  const request_key = key_of(`${name} request`);
  const nonce = nonce_of(name);
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(ephemeral.secret);
  const shared = new Uint8Array(ecdh.computeSecret(asker.public));
  return {
    name,
    fill_key,
    request_key,
    asker_secret: hex(asker.secret),
    asker_public: hex(asker.public),
    ephemeral_secret: hex(ephemeral.secret),
    ephemeral_public: hex(ephemeral.public),
    fill_link: format.format_fill_link(ORIGIN, { fill_key, public: asker.public }),
    request_link: format.format_request_link(ORIGIN, { fill_key, request_key, pair: asker }),
    shared: hex(shared),
    key: hex(await format.derive_request_key(shared, ephemeral.public, asker.public)),
    nonce: hex(nonce),
    container: hex(format.encode_container(parts)),
    body: hex(await format.seal_request(asker.public, ephemeral, nonce, parts)),
  };
}

function changed(bytes, at, value) {
  const copy = Uint8Array.from(bytes);
  copy[at] = value;
  return copy;
}

function refused_containers() {
  const good = format.encode_container([text("abc")]);
  const two = format.encode_container([text("abc"), text("def")]);
  const named = format.encode_container([file("n", format.utf8("abc"))]);
  const full = format.encode_container([text("x".repeat(256 - 2 - 11))]);
  const longer = (bytes, more) => Uint8Array.from([...bytes, ...new Uint8Array(more)]);
  return [
    ["nothing", new Uint8Array(0)],
    ["an unknown version", changed(good, 0, 2)],
    ["version 0", changed(good, 0, 0)],
    ["no parts", changed(good, 1, 0)],
    ["more than a hundred parts", changed(good, 1, 101)],
    ["fewer parts than are there", changed(two, 1, 1)],
    ["more parts than are there", changed(full, 1, 2)],
    ["padding that reads as an empty text with one part too many and no room for it", changed(format.encode_container([text("x".repeat(256 - 2 - 11 - 10))]), 1, 2)],
    ["an unknown kind", changed(good, 2, 2)],
    ["a text with a name", changed(named, 2, 0)],
    ["a name that goes beyond the end", changed(named, 3, 0xff)],
    ["a name that is no UTF-8", changed(named, 5, 0xff)],
    ["a length that goes beyond the end by one byte", changed(full, 12, full[12] + 1)],
    ["a length with its highest bit set", changed(good, 5, 0x80)],
    ["a part shorter than its data", changed(good, 12, 2)],
    ["padding with a bit set at its end", changed(good, 255, 1)],
    ["padding with a bit set at its begin", changed(good, 16, 0x80)],
    ["a whole block of padding", longer(full, 256)],
    ["more than 255 bytes of padding", longer(good, 256)],
    ["no padding", good.slice(0, 16)],
    ["a length that is no multiple of 256", longer(good, 1)],
    ["one byte too few", good.slice(0, 255)],
  ].map(([name, bytes]) => ({ name, container: hex(bytes) }));
}

async function refused_secrets() {
  const link_key = digest("refusals link key");
  const { content } = await format.derive_keys(link_key, "");
  const nonce = nonce_of("refusals");
  const good = await format.seal_secret(content, nonce, [text("abc")]);
  const flipped = (at) => changed(good, at, good[at] ^ 1);
  const other = await format.derive_keys(digest("another link key"), "");
  const guarded = await format.derive_keys(link_key, "a passphrase");
  const version_2 = Uint8Array.from([2, ...good.slice(1)]);
  const inner = (container) => Uint8Array.from([1, ...nonce, ...encrypt(content, nonce, container)]);
  return [
    ["nothing", new Uint8Array(0)],
    ["an unknown version", changed(good, 0, 3)],
    ["version 0", changed(good, 0, 0)],
    ["the version of a request's body", version_2],
    ["only a version", good.slice(0, 1)],
    ["shorter than version, nonce and tag", good.slice(0, 28)],
    ["nonce and tag of nothing", Uint8Array.from([1, ...nonce, ...encrypt(content, nonce, new Uint8Array(0))])],
    ["one byte cut off its end", good.slice(0, -1)],
    ["half of it", good.slice(0, good.length / 2)],
    ["one byte more at its end", Uint8Array.from([...good, 0])],
    ["a wrong tag", flipped(good.length - 1)],
    ["a wrong nonce", flipped(1)],
    ["a changed byte", flipped(20)],
    ["another key", await format.seal_secret(other.content, nonce, [text("abc")])],
    ["a key with a passphrase", await format.seal_secret(guarded.content, nonce, [text("abc")])],
    ["other associated data", Uint8Array.from([1, ...nonce, ...encrypt(content, nonce, format.encode_container([text("abc")]), "disposable-secrets/2")])],
    ["no associated data", Uint8Array.from([1, ...nonce, ...encrypt(content, nonce, format.encode_container([text("abc")]), "")])],
    ["a container with bad padding", inner(changed(format.encode_container([text("abc")]), 255, 1))],
    ["a container with data behind its last part", inner(changed(format.encode_container([text("abc"), text("def")]), 1, 1))],
    ["a container of an unknown version", inner(changed(format.encode_container([text("abc")]), 0, 2))],
  ].map(([name, body]) => ({ name, link_key: hex(link_key), passphrase: "", body: hex(body) }));
}

async function refused_requests() {
  const asker = pair_of("refusals asker");
  const ephemeral = pair_of("refusals ephemeral");
  const nonce = nonce_of("refusals");
  const good = await format.seal_request(asker.public, ephemeral, nonce, [text("abc")]);
  const flipped = (at) => changed(good, at, good[at] ^ 1);
  const elsewhere = await format.seal_request(pair_of("another asker").public, ephemeral, nonce, [text("abc")]);
  const off_curve = flipped(65);
  return [
    ["nothing", new Uint8Array(0)],
    ["an unknown version", changed(good, 0, 3)],
    ["the version of a secret's body", changed(good, 0, 1)],
    ["shorter than version, public key, nonce and tag", good.slice(0, 93)],
    ["one byte cut off its end", good.slice(0, -1)],
    ["one byte more at its end", Uint8Array.from([...good, 0])],
    ["a wrong tag", flipped(good.length - 1)],
    ["a wrong nonce", flipped(66)],
    ["an ephemeral public key that is no point of the curve", off_curve],
    ["an ephemeral public key that is not uncompressed", changed(good, 1, 2)],
    ["another ephemeral public key", Uint8Array.from([2, ...pair_of("another ephemeral").public, ...good.slice(66)])],
    ["sealed for another asker", elsewhere],
  ].map(([name, body]) => ({ name, asker_secret: hex(asker.secret), asker_public: hex(asker.public), body: hex(body) }));
}

function refused_fragments() {
  const key = format.base64url_encode(digest("fragments"));
  const uuid = key_of("fragments");
  const pair = pair_of("fragments");
  const point = format.base64url_encode(pair.public);
  const own = format.base64url_encode(Uint8Array.from([...pair.secret, ...pair.public]));
  const receipt = format.base64url_encode(Uint8Array.from([...digest("a"), ...digest("b").slice(0, 16)]));
  return {
    secret: ["", ".", uuid, `${uuid}.`, `.${key}`, `${uuid}.${key.slice(0, -1)}`, `${uuid}.${key}A`, `${uuid}.${key}=`,
      `${uuid}.${key}.`, `${uuid}.${key}.${key}`, `${uuid.slice(1)}.${key}`, `${uuid.replace("-4", "-1")}.${key}`,
      `${uuid.replaceAll("-", "")}.${key}`, `${uuid}.${key.slice(0, -1)}B`, `${uuid}.${key.slice(0, -1)}+`,
      `${uuid}.${key.slice(0, -1)} `, ` ${uuid}.${key}`, `${uuid}.${point}`],
    receipt: ["", receipt.slice(0, -1), receipt.slice(0, -4), `${receipt}AAAA`, `${receipt}.`, `${receipt.slice(0, -1)}/`, uuid],
    fill: ["", uuid, `${uuid}.`, `${uuid}.${point.slice(0, -1)}`, `${uuid}.${point}A`, `${uuid}.${key}`,
      `${uuid}.${format.base64url_encode(changed(pair.public, 0, 2))}`, `${uuid}.${point}.${point}`],
    request: ["", `${uuid}.${uuid}`, `${uuid}.${uuid}.`, `${uuid}.${own}`, `${uuid}.${uuid}.${own.slice(0, -1)}`,
      `${uuid}.${uuid}.${own}A`, `${uuid}.${uuid}.${point}`, `${uuid}.${uuid}.${own}.${own}`, `${uuid}..${own}`],
  };
}

const secrets = [];
for (const [name, parts] of CONTAINERS) {
  secrets.push(await secret(name, parts, ""));
}
for (const passphrase of PASSPHRASES.slice(1)) {
  secrets.push(await secret(`guarded by "${passphrase}"`, [text("for your eyes only")], passphrase));
}
const receipt_key = format.base64url_encode(Uint8Array.from([...digest("a"), ...digest("b").slice(0, 16)]));

console.log(JSON.stringify({
  about: "Vectors of the end-to-end format 1. Bytes are hexadecimal; links and server passphrases are as they travel. " +
    "Written by tests/vectors/generate.mjs; every implementation has to reproduce the bodies from nonce and keys, to " +
    "open them, and to refuse what stands below refused.",
  origin: ORIGIN,
  containers: CONTAINERS.map(([name, parts]) => ({ name, parts: shown(parts), container: hex(format.encode_container(parts)) })),
  secrets,
  requests: [
    await request("a text for the asker", [text("for your eyes only")]),
    await request("a file for the asker", [file("id_ed25519", format.utf8("key\n"))]),
  ],
  receipts: [{ receipt_key, receipt_link: format.format_receipt_link(ORIGIN, receipt_key) }],
  refused: {
    containers: refused_containers(),
    secrets: await refused_secrets(),
    requests: await refused_requests(),
    fragments: refused_fragments(),
  },
}, null, 1));
