// Creating: what is typed is sealed here; the server gets bytes that it cannot read, and the link's key never leaves.

import * as api from "./api";
import { type Bytes, base64url_encode, random_bytes, utf8 } from "./bytes";
import type { Part } from "./container";
import { alert_line, announce, busy, button, field, h, icon, in_view, is_busy, new_id, show } from "./dom";
import { editor } from "./editor";
import { type Key, type Said, duration, in_language, size, wait_of } from "./language";
import { link_box } from "./link_box";
import { format_receipt_link, format_secret_link } from "./links";
import { KEY_BYTES, NONCE_BYTES, derive_keys, seal_secret } from "./sealing";
import { show_problem } from "./states";

const LIFETIMES = [300, 3600, 8 * 3600, 86400, 3 * 86400, 7 * 86400, 14 * 86400, 30 * 86400];

export const link_base = (): string => new URL(".", location.href).href.replace(/\/$/, "");

// What the service allows, up to its longest; the default is chosen.
export function lifetime_select(service: api.Service): HTMLSelectElement {
  const most = service.ttl_seconds_max;
  const fallback = Math.min(service.ttl_seconds_default, most);
  const choices = new Set([...LIFETIMES.filter((seconds) => seconds < most), Math.min(most, LIFETIMES.at(-1)!), fallback]);
  const options = [...choices].sort((a, b) => a - b).map((seconds) => {
    const said: Said = ["plain", { text: () => duration(seconds) }];
    return h("option", { value: seconds, selected: seconds === fallback, say: said });
  });
  return h("select", {}, ...options);
}

// The token of who may create; null where nobody needs one.
export function token_input(): HTMLInputElement {
  return h("input", { type: "password", autocomplete: "off", spellcheck: "false", dir: "ltr" });
}

// Why a creation (or an answer to a request) was refused, for the line beside its button.
export function refusal_of(problem: api.Problem, service: api.Service, offline: Key = "not_sent_offline"): Said {
  switch (problem.name) {
    case "too-large":
      return ["too_large", { limit: () => size(service.upload_bytes_max) }];
    case "unauthorized":
      return "token_wrong";
    case "forbidden":
      return "creation_restricted";
    case "rate-limited":
      return ["rate_text", { wait: () => wait_of(problem.retry_after || 60) }];
    case "storage-full":
      return "storage_full";
    case "unreachable":
      return offline;
    default:
      return "not_sent";
  }
}

interface Options {
  ttl: number;
  views: number;
  passphrase: string;
  token: string;
}

interface Wishes extends Options {
  parts: Part[];
}

export async function create_page(): Promise<void> {
  const asked = await in_view(api.service());
  if (asked.problem !== undefined) {
    return show_problem(asked.problem, create_page);
  }
  const service = asked.value;
  const content = editor("secret", service.upload_bytes_max);
  const lifetime = lifetime_select(service);
  const views_most = Math.max(1, Math.min(100, service.views_max));
  const views = h("input", { type: "number", min: 1, max: views_most, value: 1, inputmode: "numeric", required: true });
  const passphrase = h("input", { type: "password", autocomplete: "new-password", spellcheck: "false", dir: "auto" });
  const token = token_input();
  const token_field = field("token", token, "token_hint");
  token_field.hidden = service.creation !== "token";
  const problem = alert_line();
  const send = h("button", { type: "submit", class: "primary large", say: "create" });
  const sender = new Sender();

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    problem.tell(null);
    if (is_busy(send) || !content.ready()) {
      return;
    }
    const options = {
      ttl: Number(lifetime.value),
      views: Math.min(views_most, Math.max(1, Math.trunc(views.valueAsNumber) || 1)),
      passphrase: passphrase.value,
      token: token.value.trim(),
    };
    const created = await busy(send, "creating", "create", async () => {
      const parts = await content.parts();
      return parts === null ? null : sender.send({ parts, ...options });
    });
    if (created === null) {
      return;
    }
    if (created.problem === undefined) {
      return show_created(created.value, options);
    }
    problem.tell(refusal_of(created.problem, service));
    if (created.problem.name === "unauthorized") {
      token_field.hidden = false;
      token.focus();
    }
  };
  show(
    "create_heading",
    h("p", { class: "lede", say: "create_lede" }),
    h(
      "form",
      { on: { submit }, novalidate: true },
      content.element,
      h("div", { class: "columns" }, field("lifetime", lifetime), field("views", views)),
      passphrase_field(passphrase),
      token_field,
      problem.element,
      h("div", { class: "actions" }, send),
    ),
    h("p", { class: "aside" }, h("a", { href: in_language("q?ask"), say: "ask_instead" })),
  );
}

function passphrase_field(passphrase: HTMLInputElement): HTMLElement {
  const seen = h("input", { type: "checkbox", id: new_id() });
  seen.addEventListener("change", () => (passphrase.type = seen.checked ? "text" : "password"));
  const choice = h("div", { class: "choice" }, seen, h("label", { for: seen.id, say: "passphrase_show" }));
  const whole = field("passphrase_optional", passphrase, "passphrase_hint");
  whole.append(choice);
  return whole;
}

interface Sealed {
  link_key: Bytes;
  created: api.Created;
}

// Sends the same bytes under the same Idempotency-Key until the wishes change: pressed again after a lost answer, the
// button gives the link to what was stored then, and stores nothing twice.
class Sender {
  private last: { wishes: string; link_key: Bytes; secret: api.NewSecret } | null = null;

  async send(wishes: Wishes, anew = true): Promise<api.Answer<Sealed>> {
    const name = await fingerprint(wishes);
    if (this.last?.wishes !== name) {
      const link_key = random_bytes(KEY_BYTES);
      const keys = await derive_keys(link_key, wishes.passphrase);
      const body = await seal_secret(keys.content, random_bytes(NONCE_BYTES), wishes.parts);
      const idempotency_key = base64url_encode(random_bytes(24));
      const { ttl, views, token } = wishes;
      const { proof, server_passphrase } = keys;
      const secret = { body, ttl, views, token, proof, server_passphrase, idempotency_key };
      this.last = { wishes: name, link_key, secret };
    }
    const { link_key, secret } = this.last;
    const answer = await api.create(secret, () => announce("retrying"));
    if (answer.problem?.name === "idempotency-key-reused") {
      this.last = null; // what a lost answer spoke of has ended since
      return anew ? this.send(wishes, false) : { problem: answer.problem };
    }
    return answer.problem === undefined ? { value: { link_key, created: answer.value } } : answer;
  }
}

async function fingerprint({ parts, ...rest }: Wishes): Promise<string> {
  const digests = parts.map(async ({ name, bytes }) => {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return [name, base64url_encode(digest)];
  });
  const text = JSON.stringify([rest, await Promise.all(digests)]);
  return base64url_encode(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(text))));
}

function show_created({ link_key, created }: Sealed, options: Options): void {
  const base = link_base();
  const link = format_secret_link(base, { secret_key: created.secret_key, key: link_key });
  const receipt = format_receipt_link(base, created.receipt_key);
  const facts = h(
    "ul",
    { class: "facts" },
    h("li", { say: ["opens_times", { count: options.views }] }),
    h("li", { say: ["expires_at", { when: created.expires_at }] }),
  );
  if (options.passphrase !== "") {
    facts.append(h("li", { say: "tell_passphrase" }));
  }
  show(
    "created_heading",
    icon("good"),
    h("p", { class: "lede", say: "created_text" }),
    link_box({ label: "secret_link", link, copy: "copy_link", qr: true }),
    facts,
    receipt_section(receipt),
    h("div", { class: "actions" }, button("create_another", "quiet", () => void create_page())),
  );
}

export function receipt_section(receipt: string): HTMLElement {
  return h(
    "section",
    { class: "receipt" },
    h("h2", { say: "receipt_heading" }),
    h("p", { say: "receipt_text" }),
    link_box({ label: "receipt_link", link: receipt, copy: "copy_receipt", quiet: true }),
  );
}
