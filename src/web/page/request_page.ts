// Asking somebody for a secret: the asker's browser makes a key pair, the fill link carries its public half, the asker's own
// link both. Who fills, and the server, cannot read what was filled in.

import * as api from "./api";
import { base64url_encode, random_bytes } from "./bytes";
import type { Part } from "./container";
import { alert_line, announce, busy, field, h, icon, in_view, is_busy, show, when_view_ends } from "./dom";
import { lifetime_select, link_base, receipt_section, refusal_of, token_input } from "./create_page";
import { editor } from "./editor";
import { in_language } from "./language";
import { link_box } from "./link_box";
import { type FillLink, type RequestLink, format_fill_link, format_receipt_link, format_request_link } from "./links";
import { open_page } from "./open_page";
import { deletion } from "./receipt_page";
import { NONCE_BYTES, new_key_pair, open_request, seal_request } from "./sealing";
import { type Again, again_button, show_problem, state } from "./states";

const MISSING = ["request_missing_heading", "request_missing_text"] as ["request_missing_heading", "request_missing_text"];
const LOOK_AGAIN_MS = 15_000;

export async function ask_page(): Promise<void> {
  const asked = await in_view(api.service());
  if (asked.problem !== undefined) {
    return show_problem(asked.problem, ask_page);
  }
  const service = asked.value;
  const lifetime = lifetime_select(service);
  const token = token_input();
  const token_field = field("token", token, "token_hint");
  token_field.hidden = service.creation !== "token";
  const problem = alert_line();
  const send = h("button", { type: "submit", class: "primary large", say: "ask" });
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (is_busy(send)) {
      return;
    }
    problem.tell(null);
    const asking = busy(send, "creating", "ask", async () => ({
      pair: await new_key_pair(),
      made: await api.create_request(Number(lifetime.value), token.value.trim()),
    }));
    const { pair, made } = await in_view(asking);
    if (made.problem === undefined) {
      return show_asked({ ...made.value, pair }, made.value.expires_at);
    }
    problem.tell(refusal_of(made.problem, service));
    if (made.problem.name === "unauthorized") {
      token_field.hidden = false;
      token.focus();
    }
  };
  show(
    "ask_heading",
    h("p", { class: "lede", say: "ask_lede" }),
    h("ol", { class: "steps" }, h("li", { say: "ask_step_1" }), h("li", { say: "ask_step_2" }), h("li", { say: "ask_step_3" })),
    h(
      "form",
      { on: { submit } },
      field("ask_lifetime", lifetime),
      token_field,
      problem.element,
      h("div", { class: "actions" }, send),
    ),
    h("p", { class: "aside" }, h("a", { href: in_language("."), say: "share_instead" })),
  );
}

function show_asked(link: RequestLink, expires_at: Date): void {
  const base = link_base();
  // Nothing but the asker's own link can open the answer, so the browser asks before it is lost.
  const warn = (event: Event): void => event.preventDefault();
  addEventListener("beforeunload", warn);
  const kept = (): void => removeEventListener("beforeunload", warn);
  when_view_ends(kept);
  show(
    "asked_heading",
    icon("good"),
    h("section", {}, h("h2", { say: "asked_send" }), fill_link_box(link), h("p", { class: "hint", say: ["expires_at", { when: expires_at }] })),
    h(
      "section",
      { class: "keep" },
      h("h2", { say: "asked_keep" }),
      h("p", { say: "asked_keep_text" }),
      link_box({ label: "own_link", link: format_request_link(base, link), copy: "copy_own_link", copied: kept }),
    ),
  );
}

function fill_link_box(link: RequestLink, quiet = false): HTMLElement {
  const fill = { fill_key: link.fill_key, public: link.pair.public };
  return link_box({ label: "fill_link", link: format_fill_link(link_base(), fill), copy: "copy_fill_link", qr: true, quiet });
}

function show_request_end(stage: "deleted" | "expired"): void {
  if (stage === "deleted") {
    state("gone", "request_deleted_heading", ["request_deleted_text"]);
  } else {
    state("gone", "request_expired_heading", ["request_expired_text"]);
  }
}

export async function fill_page(link: FillLink): Promise<void> {
  const again = (): Promise<void> => fill_page(link);
  const [status, asked] = await in_view(Promise.all([api.request_status(link.fill_key), api.service()]));
  if (status.problem !== undefined) {
    return show_problem(status.problem, again, MISSING);
  }
  if (asked.problem !== undefined) {
    return show_problem(asked.problem, again);
  }
  const { state: stage, expires_at } = status.value;
  if (stage === "filled") {
    return state("gone", "filled_heading", ["filled_text"]);
  }
  if (stage !== "waiting") {
    return show_request_end(stage);
  }
  const service = asked.value;
  const content = editor("fill_label", service.upload_bytes_max);
  const problem = alert_line();
  const send = h("button", { type: "submit", class: "primary large", say: "fill" });
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    problem.tell(null);
    if (is_busy(send) || !content.ready()) {
      return;
    }
    const sending = busy(send, "sending", "fill", async () => {
      const parts = await content.parts();
      return parts === null ? null : send_answer(link, parts);
    });
    const sent = await in_view(sending);
    if (sent !== null) {
      finish_fill(sent, service, problem, again);
    }
  };
  show(
    "fill_heading",
    icon("calm"),
    h("p", { class: "lede", say: "fill_lede" }),
    h("p", { class: "hint", say: ["expires_at", { when: expires_at }] }),
    h("form", { on: { submit }, novalidate: true }, content.element, problem.element, h("div", { class: "actions" }, send)),
  );
}

type Sent = api.Answer<api.Created> | "no key";

// "no key": what the link has for a public key is none.
async function send_answer(link: FillLink, parts: Part[]): Promise<Sent> {
  try {
    const body = await seal_request(link.public, await new_key_pair(), random_bytes(NONCE_BYTES), parts);
    const idempotency_key = base64url_encode(random_bytes(24));
    return await api.fill(link.fill_key, idempotency_key, body, () => announce("retrying"));
  } catch {
    return "no key";
  }
}

function finish_fill(
  sent: Sent,
  service: api.Service,
  problem: ReturnType<typeof alert_line>,
  again: Again,
): void {
  if (sent === "no key") {
    return state("bad", "incomplete_heading", ["incomplete_text", "incomplete_hint"]);
  }
  if (sent.problem === undefined) {
    const receipt = format_receipt_link(link_base(), sent.value.receipt_key);
    return show("sent_heading", icon("good"), h("p", { class: "lede", say: "sent_text" }), receipt_section(receipt));
  }
  const { name } = sent.problem;
  if (name === "filled") {
    // It was waiting a moment ago. A repetition of our own answer is told so only when it is collected already, or when it
    // was sealed anew: nobody here can tell.
    return state("good", "answered_heading", ["answered_text"]);
  }
  if (name === "not-found" || name === "deleted" || name === "retrieved") {
    return show_problem(sent.problem, again, MISSING);
  }
  problem.tell(refusal_of(sent.problem, service, "not_answered_offline"));
}

export async function collect_page(link: RequestLink): Promise<void> {
  const again = (): Promise<void> => collect_page(link);
  const status = await in_view(api.request_status(link.fill_key));
  if (status.problem !== undefined) {
    return show_problem(status.problem, again, MISSING);
  }
  const { state: stage, expires_at } = status.value;
  if (stage === "filled") {
    return open_page({
      secret_key: link.request_key,
      unlock: () =>
        Promise.resolve({ proof: null, server_passphrase: "", open: (body) => open_request(link.pair, body) }),
    });
  }
  if (stage !== "waiting") {
    return show_request_end(stage);
  }
  show_waiting(link, expires_at, again);
}

function show_waiting(link: RequestLink, expires_at: Date, again: Again): void {
  const problem = alert_line();
  const remove = deletion("delete_request", () => api.delete_request(link.fill_key, link.request_key), again, problem);
  const timer = setInterval(async () => {
    if (document.hidden) {
      return;
    }
    const status = await in_view(api.request_status(link.fill_key));
    if (status.problem === undefined && status.value.state !== "waiting") {
      await again();
    }
  }, LOOK_AGAIN_MS);
  when_view_ends(() => clearInterval(timer));
  show(
    "waiting_heading",
    icon("wait"),
    h("p", { class: "lede", say: "waiting_text" }),
    h("p", { class: "hint", say: ["expires_at", { when: expires_at }] }),
    fill_link_box(link, true), // it was given away before
    problem.element,
    h("div", { class: "actions" }, again_button("check_again", again), remove),
  );
}
