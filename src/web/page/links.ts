// What stands behind the # of a link: never sent to a server. Strict, so that a link of which a mail program has lost
// a part is called incomplete, and nothing is asked with it.

import { type Bytes, base64url_decode, base64url_encode, concat } from "./bytes";
import { KEY_BYTES, type KeyPair, PUBLIC_KEY_BYTES } from "./sealing";

const RECEIPT_BYTES = 48;
const UNCOMPRESSED = 4;

export interface SecretLink {
  secret_key: string;
  key: Bytes;
}

export interface FillLink {
  fill_key: string;
  public: Bytes;
}

export interface RequestLink {
  fill_key: string;
  request_key: string;
  pair: KeyPair;
}

function is_secret_key(text: string | undefined): text is string {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(text ?? "");
}

function decode_sized(text: string | undefined, bytes: number): Bytes | null {
  const decoded = base64url_decode(text ?? "");
  return decoded?.length === bytes ? decoded : null;
}

export function format_secret_link(origin: string, link: SecretLink): string {
  return `${origin}/s#${link.secret_key}.${base64url_encode(link.key)}`;
}

export function parse_secret_fragment(fragment: string): SecretLink | null {
  const [secret_key, text, ...rest] = fragment.split(".");
  const key = decode_sized(text, KEY_BYTES);
  return is_secret_key(secret_key) && key !== null && rest.length === 0 ? { secret_key, key } : null;
}

export function format_receipt_link(origin: string, receipt_key: string): string {
  return `${origin}/r#${receipt_key}`;
}

export function parse_receipt_fragment(fragment: string): string | null {
  return decode_sized(fragment, RECEIPT_BYTES) === null ? null : fragment;
}

export function format_fill_link(origin: string, link: FillLink): string {
  return `${origin}/q#${link.fill_key}.${base64url_encode(link.public)}`;
}

export function parse_fill_fragment(fragment: string): FillLink | null {
  const [fill_key, text, ...rest] = fragment.split(".");
  const key = decode_sized(text, PUBLIC_KEY_BYTES);
  const fits = is_secret_key(fill_key) && key !== null && key[0] === UNCOMPRESSED && rest.length === 0;
  return fits ? { fill_key, public: key } : null;
}

export function format_request_link(origin: string, link: RequestLink): string {
  const pair = base64url_encode(concat(link.pair.secret, link.pair.public));
  return `${origin}/q#${link.fill_key}.${link.request_key}.${pair}`;
}

export function parse_request_fragment(fragment: string): RequestLink | null {
  const [fill_key, request_key, text, ...rest] = fragment.split(".");
  const pair = decode_sized(text, KEY_BYTES + PUBLIC_KEY_BYTES);
  const fits = is_secret_key(fill_key) && is_secret_key(request_key) && rest.length === 0;
  if (!fits || pair === null || pair[KEY_BYTES] !== UNCOMPRESSED) {
    return null;
  }
  return { fill_key, request_key, pair: { secret: pair.slice(0, KEY_BYTES), public: pair.slice(KEY_BYTES) } };
}
