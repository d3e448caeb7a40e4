// The service as these tests ask it without a browser: by API v2, and by the command-line client. world.py has started it.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";

export const format = await import(process.env.FORMAT_BUNDLE);

export const SERVICE = process.env.SERVICE_URL;
export const GUARDED = process.env.GUARDED_URL; // wants a token, and has room for next to nothing
export const RESTRICTED = process.env.RESTRICTED_URL; // lets nobody create from here
export const PLAIN = process.env.PLAIN_URL; // without TLS
export const NGINX = process.env.NGINX_URL; // before PLAIN
export const FRONT = process.env.FRONT_URL; // before SERVICE, with bad days (front.py)
export const INSECURE = PLAIN.replace("127.0.0.1", "insecure.test"); // where a browser does not encrypt for its pages
export const ORIGINS = [SERVICE, GUARDED, RESTRICTED, PLAIN, INSECURE, NGINX, FRONT];

const BYTES = "application/octet-stream";

// {status, json or bytes}. An object is sent as JSON.
export async function call(path, body = {}, { headers = {}, base = SERVICE } = {}) {
  const raw = body instanceof Uint8Array;
  const response = await fetch(`${base}/api/v2/${path}`, {
    method: "POST",
    headers: { "Content-Type": raw ? BYTES : "application/json", ...headers },
    body: raw ? body : JSON.stringify(body),
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const opened = response.headers.get("Content-Type")?.startsWith(BYTES);
  return { status: response.status, ...(opened ? { bytes } : { json: JSON.parse(Buffer.from(bytes).toString() || "null") }) };
}

async function good(...wanted) {
  const { status, json } = await call(...wanted);
  assert.ok(status < 300, JSON.stringify(json));
  return json;
}

// What front.py is to do; what it has been asked.
export async function front(wishes) {
  const response = await fetch(`${FRONT}/front`, { method: "POST", body: JSON.stringify(wishes) });
  return response.json();
}

export const text_part = (text) => ({ kind: "text", name: "", bytes: format.utf8(text) });
export const file_part = (name, bytes) => ({ kind: "file", name, bytes: new Uint8Array(bytes) });

// What the page does to create, without a browser: for tests of what comes after.
export async function store({ text = "for your eyes only", files = [], parts, views = 1, passphrase = "", ttl = 3600, base = SERVICE } = {}) {
  const link_key = format.random_bytes(32);
  const keys = await format.derive_keys(link_key, passphrase);
  const sealed = parts ?? [text_part(text), ...files.map(({ name, buffer }) => file_part(name, buffer))];
  const proof = format.base64url_encode(keys.proof);
  const headers = { "Secret-TTL": String(ttl), "Secret-Views": String(views), "Secret-Proof": proof };
  if (passphrase !== "") {
    headers["Secret-Passphrase"] = format.base64url_encode(format.utf8(keys.server_passphrase));
  }
  const body = await format.seal_secret(keys.content, format.random_bytes(12), sealed);
  const { secret_key: key, receipt_key } = await good("secrets", body, { headers, base });
  const link = format.format_secret_link(base, { secret_key: key, key: link_key });
  return { link, receipt: format.format_receipt_link(base, receipt_key), key, receipt_key, proof };
}

// What the page does to ask, without a browser.
export async function new_request({ ttl = 3600, base = SERVICE } = {}) {
  const pair = await format.new_key_pair();
  const { fill_key, request_key } = await good("requests", { ttl_seconds: ttl }, { base });
  const fill = format.format_fill_link(base, { fill_key, public: pair.public });
  return { fill, own: format.format_request_link(base, { fill_key, request_key, pair }), fill_key, request_key, pair };
}

export const take_view = ({ key, proof }) => call("secrets/retrieve", { secret_key: key, proof });
export const delete_secret = ({ receipt_key }) => good("receipts/delete", { receipt_key });
export const status_of = (key) => good("secrets/status", { secret_key: key });
export const views_of = async (key) => (await status_of(key)).views_left;

// As somebody does it who has half a link: so many wrong proofs. Five lock it.
export async function lock({ key }, times = 5) {
  for (let wrong = 0; wrong < times; wrong += 1) {
    await call("secrets/retrieve", { secret_key: key, proof: "A".repeat(43) });
  }
}

// Fills a request with a body of our own making, or with what the page would send.
export const fill = async (request, body) =>
  good("requests/fill", body ?? (await sealed_for(request, [text_part("for the asker")])), { headers: { "Request-Fill-Key": request.fill_key } });

async function sealed_for(request, parts) {
  return format.seal_request(request.pair.public, await format.new_key_pair(), format.random_bytes(12), parts);
}

// Answers it with these parts; the link that opens them.
export async function answer_parts(request, parts) {
  await fill(request, await sealed_for(request, parts));
  return { link: request.own };
}

export async function until(condition, what) {
  for (let waited = 0; waited < 10_000; waited += 50) {
    const value = await condition();
    if (value) {
      return value;
    }
    await pause(50);
  }
  return assert.fail(`not in time: ${what}`);
}

export const expiry = ({ key }) => until(async () => (await status_of(key)).state === "expired", "the secret expires");
export const request_expiry = ({ fill_key }) =>
  until(async () => (await good("requests/status", { fill_key })).state === "expired", "the request expires");

// What the audit log has about a secret, oldest first, once it has `count` rows.
export function audit(key, count) {
  return until(() => {
    const where = ["--data-dir", process.env.DATA_DIR, "--key-file", process.env.KEY_FILE];
    const rows = execFileSync(process.env.EXECUTABLE, ["audit", "--json", "--secret-key", key, ...where], { encoding: "utf8" });
    const actions = rows.trim().split("\n").filter(Boolean).map((row) => JSON.parse(row));
    return actions.length >= count && actions;
  }, `${count} rows in the audit log`);
}

// The command-line client, with `input` on its standard input: {code, out, error}. `in_folder` is where it runs.
export function client(words, { input = "", in_folder = process.env.HOME, server = SERVICE } = {}) {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, LC_ALL: "C.UTF-8", DISPOSABLE_SECRETS_SERVER: server };
  const child = spawn(process.env.EXECUTABLE, [...words, "--ca-file", process.env.CA_FILE], { cwd: in_folder, env });
  const [out, error] = [child.stdout, child.stderr].map((stream) => {
    const chunks = [];
    stream.on("data", (chunk) => chunks.push(chunk));
    return chunks;
  });
  child.stdin.on("error", () => {}); // who refuses a link does not wait for it
  child.stdin.end(input);
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out: Buffer.concat(out), error: Buffer.concat(error).toString() })));
}

// The same, where it has to succeed: its standard output.
export async function client_says(words, options) {
  const { code, out, error } = await client(words, options);
  assert.equal(code, 0, `${words.join(" ")}: ${error}`);
  return out;
}
