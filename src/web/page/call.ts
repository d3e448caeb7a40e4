// One call of API v2: sent, sent again while the network or the server fails, and read. What may be repeated without harm,
// api.ts says.

import { type Bytes, concat, text_of } from "./bytes";
import { pause } from "./dom";

export interface Problem {
  // The last part of the problem's type; "unreachable" when there was no answer, "unavailable" for what is no problem+json.
  name: string;
  status: number; // 0: no answer
  at: Date | null;
  retry_after: number; // seconds; 0: not said
  temporary: boolean; // worth another try
  in_doubt: boolean; // what was asked for may have happened, by this try or by one before
}

export type Answer<Value> = { value: Value; problem?: undefined } | { value?: undefined; problem: Problem };

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

export interface Reply {
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
export const BYTES_TYPE = "application/octet-stream";

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

export async function ask<Value>(call: Call, read: (reply: Reply) => Value): Promise<Answer<Value>> {
  let last = performance.now(); // when the server was heard of: further than any try before, so that this has an end
  let furthest = 0;
  const heard = (bytes: number): void => {
    if (bytes > furthest) {
      furthest = bytes;
      last = performance.now();
    }
  };
  let in_doubt = false;
  for (let wait = 500; ; wait = Math.min(wait * 2, 8000)) {
    const reply = await attempt(call, heard);
    if (reply !== null && is_wanted(reply, call.answer ?? JSON_TYPE)) {
      return { value: read(reply) };
    }
    const problem = reply === null ? NO_ANSWER : problem_of(reply);
    in_doubt ||= problem.in_doubt;
    if (!problem.temporary || performance.now() + wait - last > (call.patience ?? PATIENCE_SHORT)) {
      return { problem: { ...problem, in_doubt } };
    }
    call.trouble?.();
    await pause(wait);
  }
}

// A network that wants a login answers 200 as well, with a page of its own.
function is_wanted({ status, headers }: Reply, type: string): boolean {
  return status >= 200 && status < 300 && (headers.get("Content-Type") ?? "").startsWith(type);
}

const NO_ANSWER: Problem = {
  name: "unreachable",
  status: 0,
  at: null,
  retry_after: 0,
  temporary: true,
  in_doubt: true,
};
// What a proxy before the server may say without knowing our problems.
const BY_STATUS: Record<number, string> = { 401: "unauthorized", 403: "forbidden", 413: "too-large", 429: "rate-limited" };

export function json_of(reply: Reply): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text_of(reply.bytes) ?? "");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

export const time_of = (value: unknown): Date | null => (typeof value === "string" ? new Date(value) : null);
export const number_of = (value: unknown, otherwise = 0): number => (typeof value === "number" ? value : otherwise);

function problem_of(reply: Reply): Problem {
  const json = json_of(reply);
  const known = /^urn:disposable-secrets:problem:([a-z-]+)$/.exec(String(json["type"]));
  const { status } = reply;
  return {
    name: known?.[1] ?? BY_STATUS[status] ?? "unavailable",
    status,
    at: time_of(json["at"]),
    retry_after: Number(reply.headers.get("Retry-After")) || 0,
    // What somebody before the service says (a proxy that waited for too long) tells nothing of what the service did.
    temporary: known === null ? status < 400 || status >= 500 : status === 503,
    in_doubt: known === null || status >= 500,
  };
}
