// End-to-end encryption, format 1: what is derived from a link's key, and the bodies that the server stores without being
// able to read them. Only Web Crypto, which browsers give to secure contexts alone.
//
//   secret:   0x01 | nonce 12 | AES-256-GCM(content key, container)
//   request:  0x02 | ephemeral public key 65 | nonce 12 | AES-256-GCM(key, container)

import { type Bytes, base64url_decode, base64url_encode, concat, utf8 } from "./bytes";
import { type Part, decode_container, encode_container } from "./container";

export const KEY_BYTES = 32;
export const NONCE_BYTES = 12;
export const PUBLIC_KEY_BYTES = 65;
export const BODY_OVERHEAD = 1 + PUBLIC_KEY_BYTES + NONCE_BYTES + 16;
const TAG_BYTES = 16;
const SECRET_VERSION = 1;
const REQUEST_VERSION = 2;
const PASSPHRASE_ROUNDS = 600_000;
const LABEL = "disposable-secrets/1";
const CURVE = { name: "ECDH", namedCurve: "P-256" };

// What the server is told, and what it must never learn.
export interface Keys {
  proof: Bytes;
  server_passphrase: string; // empty: there is no passphrase
  content: Bytes;
}

export interface KeyPair {
  secret: Bytes; // the scalar d, 32 bytes
  public: Bytes; // uncompressed point
}

async function hkdf(input: Bytes, info: Bytes): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", input, "HKDF", false, ["deriveBits"]);
  const parameters = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, KEY_BYTES * 8));
}

const labelled = (input: Bytes, label: string): Promise<Bytes> => hkdf(input, utf8(`${LABEL} ${label}`));

export function derive_proof(link_key: Bytes): Promise<Bytes> {
  return labelled(link_key, "proof");
}

export async function derive_keys(link_key: Bytes, passphrase: string): Promise<Keys> {
  const proof = await derive_proof(link_key);
  if (passphrase === "") {
    return { proof, server_passphrase: "", content: await labelled(link_key, "content") };
  }
  const salt = await labelled(link_key, "salt");
  const typed = await crypto.subtle.importKey("raw", utf8(passphrase), "PBKDF2", false, ["deriveBits"]);
  const parameters = { name: "PBKDF2", hash: "SHA-256", salt, iterations: PASSPHRASE_ROUNDS };
  const stretched = new Uint8Array(await crypto.subtle.deriveBits(parameters, typed, KEY_BYTES * 8));
  return {
    proof,
    server_passphrase: base64url_encode(await labelled(stretched, "passphrase")),
    content: await labelled(concat(link_key, stretched), "content"),
  };
}

async function encrypt(key: Bytes, nonce: Bytes, parts: readonly Part[]): Promise<Bytes> {
  const imported = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  const parameters = { name: "AES-GCM", iv: nonce, additionalData: utf8(LABEL) };
  return new Uint8Array(await crypto.subtle.encrypt(parameters, imported, encode_container(parts)));
}

async function decrypt(key: Bytes, nonce: Bytes, sealed: Bytes): Promise<Part[] | null> {
  const imported = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
  const parameters = { name: "AES-GCM", iv: nonce, additionalData: utf8(LABEL) };
  try {
    return decode_container(new Uint8Array(await crypto.subtle.decrypt(parameters, imported, sealed)));
  } catch {
    return null; // the tag does not fit
  }
}

export async function seal_secret(content_key: Bytes, nonce: Bytes, parts: readonly Part[]): Promise<Bytes> {
  return concat(Uint8Array.of(SECRET_VERSION), nonce, await encrypt(content_key, nonce, parts));
}

// Null: the body is not what seal_secret() made with this key.
export async function open_secret(content_key: Bytes, body: Bytes): Promise<Part[] | null> {
  const head = 1 + NONCE_BYTES;
  if (body.length < head + TAG_BYTES || body[0] !== SECRET_VERSION) {
    return null;
  }
  return decrypt(content_key, body.subarray(1, head), body.subarray(head));
}

export async function new_key_pair(): Promise<KeyPair> {
  const pair = await crypto.subtle.generateKey(CURVE, true, ["deriveBits"]);
  const jwk = await crypto.subtle.exportKey("jwk", pair.privateKey);
  return {
    secret: base64url_decode(jwk.d!)!,
    public: new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)),
  };
}

// The x-coordinate of the common point. Throws when `public_key` is no point of the curve, or `own` is no pair.
async function agree(own: KeyPair, public_key: Bytes): Promise<Bytes> {
  const jwk = {
    kty: "EC",
    crv: CURVE.namedCurve,
    d: base64url_encode(own.secret),
    x: base64url_encode(own.public.subarray(1, 33)),
    y: base64url_encode(own.public.subarray(33)),
  };
  const secret = await crypto.subtle.importKey("jwk", jwk, CURVE, false, ["deriveBits"]);
  const other = await crypto.subtle.importKey("raw", public_key, CURVE, false, []);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: other }, secret, 256));
}

export function derive_request_key(shared: Bytes, ephemeral: Bytes, asker: Bytes): Promise<Bytes> {
  return hkdf(shared, concat(utf8(`${LABEL} request`), ephemeral, asker));
}

// Throws when `asker` is no public key.
export async function seal_request(
  asker: Bytes,
  ephemeral: KeyPair,
  nonce: Bytes,
  parts: readonly Part[],
): Promise<Bytes> {
  const key = await derive_request_key(await agree(ephemeral, asker), ephemeral.public, asker);
  return concat(Uint8Array.of(REQUEST_VERSION), ephemeral.public, nonce, await encrypt(key, nonce, parts));
}

// Null: the body was not sealed for this pair.
export async function open_request(asker: KeyPair, body: Bytes): Promise<Part[] | null> {
  const nonce_at = 1 + PUBLIC_KEY_BYTES;
  const head = nonce_at + NONCE_BYTES;
  if (body.length < head + TAG_BYTES || body[0] !== REQUEST_VERSION) {
    return null;
  }
  const ephemeral = body.subarray(1, nonce_at);
  try {
    const key = await derive_request_key(await agree(asker, ephemeral), ephemeral, asker.public);
    return await decrypt(key, body.subarray(nonce_at, head), body.subarray(head));
  } catch {
    return null; // no point of the curve
  }
}
