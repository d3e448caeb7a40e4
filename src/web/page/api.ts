// API v2 as the page uses it. Every call that can be repeated without harm is repeated when the network or the server
// fails, for up to a minute since it was last heard of: creation carries an Idempotency-Key, retrieval a claim.

import { type Bytes, base64url_encode, utf8 } from "./bytes";
import { type Answer, BYTES_TYPE, PATIENCE_LONG, type Reply, ask, json_of, number_of, time_of } from "./call";

export type { Answer, Problem } from "./call";

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
  locked_for: number; // seconds; 0: it is not locked
}

export interface RequestStatus {
  state: "waiting" | "filled" | "deleted" | "expired";
  expires_at: Date;
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

// By the server's clock, since this browser's may be hours off. The server's is in whole seconds, rounded down.
function seconds_until(when: Date | null, reply: Reply): number {
  const now = Date.parse(reply.headers.get("Date") ?? "") || Date.now();
  return when === null ? 0 : Math.max(0, Math.floor((when.getTime() - now) / 1000));
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
    locked_for: seconds_until(time_of(json["locked_until"]), reply),
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

// `idempotency_key` is for this body alone: then a repetition whose first try did arrive is answered as that was.
export function fill(fill_key: string, idempotency_key: string, body: Bytes, trouble: () => void): Promise<Answer<Created>> {
  const headers = { "Request-Fill-Key": fill_key, "Idempotency-Key": idempotency_key };
  return ask({ path: "requests/fill", headers, body, patience: PATIENCE_LONG, trouble }, created_of);
}

export function delete_request(fill_key: string, request_key: string): Promise<Answer<Date>> {
  return ask({ path: "requests/delete", json: { fill_key, request_key } }, deleted_of);
}
