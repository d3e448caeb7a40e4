// API v2 as the page uses it. Every call that can be repeated without harm is repeated when the network or the server
// fails, for up to a minute since it was last heard of: creation carries an Idempotency-Key, retrieval a claim.

import { type Bytes, base64url_encode, concat, text_of, utf8 } from "./bytes";
import { pause } from "./dom";

export interface Problem {
  // The last part of the problem's type; "unreachable" when there was no answer, "unavailable" for what is no problem+json.
  name: string;
  status: number; // 0: no answer
  at: Date | null;
  retry_after: number; // seconds; 0: not said
  tries_left: number | null;
  repeated: boolean; // there were tries before this answer whose outcome is not known
}

export type Answer<Value> = { value: Value; problem?: undefined } | { value?: undefined; problem: Problem };

export interface Service {
  name: string;
  upload_bytes_max: number;
  ttl_seconds_max: number;
  ttl_seconds_default: number;
  views_max: number;
  passphrase_bytes_max: number;
  creation: "open" | "token" | "restricted";
}

export interface Status {
  state: "live" | "retrieved" | "deleted" | "expired";
  created_at: Date;
  expires_at: Date;
  changed_at: Date | null;
  views: number;
  views_left: number;
  passphrase: boolean;
  bytes: number;
  locked_until: Date | null;
}

export interface RequestStatus {
  state: "waiting" | "filled" | "deleted" | "expired";
  expires_at: Date;
}

interface Call {
  path: string;
  headers?: Record<string, string>;
  json?: Record<string, unknown>;
  body?: Bytes;
  get?: boolean;
  answer?: string; // its content type; JSON otherwise
  patience?: number; // milliseconds
  trouble?: () => void; // told when a try has failed and another will follow
}

interface Reply {
  status: number;
  headers: Headers;
  bytes: Bytes;
}

const PATIENCE_SHORT = 10_000;
// A claim holds for 60 s after the try that was answered first.
export const PATIENCE_LONG = 58_000;
const SILENCE = 15_000;
const UPLOAD_RATE = 16; // bytes a millisecond: a slower upload is ended by the server, too
const JSON_TYPE = "application/json";
const BYTES_TYPE = "application/octet-stream";
const TEMPORARY = [502, 503, 504];

// `heard` is told how much of the answer is there, with each piece. A connection that says nothing for a while is dead.
async function attempt(call: Call, heard: (bytes: number) => void): Promise<Reply | null> {
  const controller = new AbortController();
  const wait = (time: number): number => setTimeout(() => controller.abort(), time);
  let timer = wait(SILENCE + (call.body?.length ?? 0) / UPLOAD_RATE);
  const headers: Record<string, string> = { ...call.headers };
  if (!call.get) {
    headers["Content-Type"] = call.body === undefined ? JSON_TYPE : BYTES_TYPE;
  }
  try {
    const response = await fetch(`api/v2/${call.path}`, {
      method: call.get ? "GET" : "POST",
      headers,
      body: call.get ? null : (call.body ?? JSON.stringify(call.json ?? {})),
      cache: "no-store",
      redirect: "error",
      signal: controller.signal,
    });
    const pieces: Bytes[] = [];
    let size = 0;
    const reader = response.body!.getReader();
    for (;;) {
      clearTimeout(timer);
      timer = wait(SILENCE);
      const { done, value } = await reader.read();
      if (done) {
        break;
      }
      pieces.push(value);
      heard((size += value.length));
    }
    return { status: response.status, headers: response.headers, bytes: concat(...pieces) };
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

async function ask<Value>(call: Call, read: (reply: Reply) => Value): Promise<Answer<Value>> {
  let last = performance.now(); // when the server was heard of: further than any try before, so that this has an end
  let furthest = 0;
  const heard = (bytes: number): void => {
    if (bytes > furthest) {
      furthest = bytes;
      last = performance.now();
    }
  };
  let repeated = false;
  for (let wait = 500; ; wait = Math.min(wait * 2, 8000)) {
    const reply = await attempt(call, heard);
    if (reply !== null && is_ours(reply, call.answer ?? JSON_TYPE)) {
      const good = reply.status >= 200 && reply.status < 300;
      return good ? { value: read(reply) } : { problem: { ...problem_of(reply), repeated } };
    }
    if (performance.now() + wait - last > (call.patience ?? PATIENCE_SHORT)) {
      return { problem: { ...(reply === null ? NO_ANSWER : problem_of(reply)), repeated: true } };
    }
    repeated = true;
    call.trouble?.();
    await pause(wait);
  }
}

// A network that wants a login answers 200 as well, with a page of its own.
function is_ours(reply: Reply, type: string): boolean {
  const good = reply.status >= 200 && reply.status < 300;
  return good ? (reply.headers.get("Content-Type") ?? "").startsWith(type) : !TEMPORARY.includes(reply.status);
}

const NO_ANSWER: Problem = { name: "unreachable", status: 0, at: null, retry_after: 0, tries_left: null, repeated: true };
// What a proxy before the server may say without knowing our problems.
const BY_STATUS: Record<number, string> = { 401: "unauthorized", 403: "forbidden", 413: "too-large", 429: "rate-limited" };

function json_of(reply: Reply): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text_of(reply.bytes) ?? "");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

const time_of = (value: unknown): Date | null => (typeof value === "string" ? new Date(value) : null);
const number_of = (value: unknown, otherwise = 0): number => (typeof value === "number" ? value : otherwise);

function problem_of(reply: Reply): Problem {
  const json = json_of(reply);
  const known = /^urn:disposable-secrets:problem:([a-z-]+)$/.exec(String(json["type"]));
  return {
    name: known?.[1] ?? BY_STATUS[reply.status] ?? "unavailable",
    status: reply.status,
    at: time_of(json["at"]),
    retry_after: Number(reply.headers.get("Retry-After")) || 0,
    tries_left: typeof json["tries_left"] === "number" ? json["tries_left"] : null,
    repeated: false,
  };
}

export function service(): Promise<Answer<Service>> {
  return ask({ path: "service", get: true }, (reply) => json_of(reply) as unknown as Service);
}

export interface NewSecret {
  body: Bytes;
  ttl: number;
  views: number;
  proof: Bytes;
  server_passphrase: string;
  idempotency_key: string;
  token: string;
}

export interface Created {
  secret_key: string;
  receipt_key: string;
  expires_at: Date;
}

const created_of = (reply: Reply): Created => {
  const json = json_of(reply);
  return {
    secret_key: String(json["secret_key"]),
    receipt_key: String(json["receipt_key"]),
    expires_at: time_of(json["expires_at"]) ?? new Date(),
  };
};

const bearer = (token: string): Record<string, string> => (token === "" ? {} : { Authorization: `Bearer ${token}` });

export function create(secret: NewSecret, trouble: () => void): Promise<Answer<Created>> {
  const headers: Record<string, string> = {
    "Secret-TTL": String(secret.ttl),
    "Secret-Views": String(secret.views),
    "Secret-Proof": base64url_encode(secret.proof),
    "Idempotency-Key": secret.idempotency_key,
    ...bearer(secret.token),
  };
  if (secret.server_passphrase !== "") {
    // The header carries base64url of the passphrase's bytes, and what the server knows as passphrase is text.
    headers["Secret-Passphrase"] = base64url_encode(utf8(secret.server_passphrase));
  }
  return ask({ path: "secrets", headers, body: secret.body, patience: PATIENCE_LONG, trouble }, created_of);
}

export interface Access {
  secret_key: string;
  proof: Bytes | null;
  server_passphrase: string;
}

function access_json(access: Access): Record<string, unknown> {
  return {
    secret_key: access.secret_key,
    ...(access.proof === null ? {} : { proof: base64url_encode(access.proof) }),
    ...(access.server_passphrase === "" ? {} : { passphrase: access.server_passphrase }),
  };
}

export interface Retrieved {
  body: Bytes;
  views_left: number;
}

export function retrieve(access: Access, claim: Bytes, trouble: () => void): Promise<Answer<Retrieved>> {
  const json = { ...access_json(access), claim: base64url_encode(claim) };
  return ask({ path: "secrets/retrieve", json, answer: BYTES_TYPE, patience: PATIENCE_LONG, trouble }, (reply) => ({
    body: reply.bytes,
    views_left: Number(reply.headers.get("Secret-Views-Left")) || 0,
  }));
}

const status_of = (reply: Reply): Status => {
  const json = json_of(reply);
  return {
    state: json["state"] as Status["state"],
    created_at: time_of(json["created_at"]) ?? new Date(),
    expires_at: time_of(json["expires_at"]) ?? new Date(),
    changed_at: time_of(json["changed_at"]),
    views: number_of(json["views"], 1),
    views_left: number_of(json["views_left"]),
    passphrase: json["passphrase"] === true,
    bytes: number_of(json["bytes"]),
    locked_until: time_of(json["locked_until"]),
  };
};

const deleted_of = (reply: Reply): Date => time_of(json_of(reply)["deleted_at"]) ?? new Date();

export function secret_status(secret_key: string): Promise<Answer<Status>> {
  return ask({ path: "secrets/status", json: { secret_key } }, status_of);
}

export function delete_secret(access: Access): Promise<Answer<Date>> {
  return ask({ path: "secrets/delete", json: access_json(access) }, deleted_of);
}

export function receipt_status(receipt_key: string): Promise<Answer<Status>> {
  return ask({ path: "receipts/status", json: { receipt_key } }, status_of);
}

export function delete_by_receipt(receipt_key: string): Promise<Answer<Date>> {
  return ask({ path: "receipts/delete", json: { receipt_key } }, deleted_of);
}

export interface NewRequest {
  request_key: string;
  fill_key: string;
  expires_at: Date;
}

// Repeated without harm: a request that nobody hears of expires by itself.
export function create_request(ttl: number, token: string): Promise<Answer<NewRequest>> {
  const call = { path: "requests", json: { ttl_seconds: ttl }, headers: bearer(token) };
  return ask(call, (reply) => {
    const json = json_of(reply);
    return {
      request_key: String(json["request_key"]),
      fill_key: String(json["fill_key"]),
      expires_at: time_of(json["expires_at"]) ?? new Date(),
    };
  });
}

export function request_status(fill_key: string): Promise<Answer<RequestStatus>> {
  return ask({ path: "requests/status", json: { fill_key } }, (reply) => {
    const json = json_of(reply);
    return { state: json["state"] as RequestStatus["state"], expires_at: time_of(json["expires_at"]) ?? new Date() };
  });
}

// A second fill is refused, so that a repetition whose first try did arrive is told `filled`.
export function fill(fill_key: string, body: Bytes, trouble: () => void): Promise<Answer<Created>> {
  const headers = { "Request-Fill-Key": fill_key };
  return ask({ path: "requests/fill", headers, body, patience: PATIENCE_LONG, trouble }, created_of);
}

export function delete_request(fill_key: string, request_key: string): Promise<Answer<Date>> {
  return ask({ path: "requests/delete", json: { fill_key, request_key } }, deleted_of);
}
