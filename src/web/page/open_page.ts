// Opening: the state is asked first, which never spends; only a click retrieves. What is opened is a secret's link (/s) or
// the answer to a request (/q).

import * as api from "./api";
import { type Bytes, random_bytes } from "./bytes";
import type { Part } from "./container";
import { alert_line, announce, busy, button, field, h, icon, in_view, is_busy, keep, new_id, show } from "./dom";
import { mark_tab } from "./fragment";
import { say, size } from "./language";
import type { SecretLink } from "./links";
import { revealed } from "./revealed";
import { derive_keys, open_secret } from "./sealing";
import { show_end, show_locked, show_lost, show_problem, state } from "./states";

const CLAIM_BYTES = 16;
const NOTHING_TO_HAVE = ["deleted", "not-found", "wrong-proof"];

// The forms whose openings may have happened unheard, by the key of the secret: there its claim still helps, also when the
// link is put into the same tab again.
const unsettled = new Map<string, () => void>();

export interface Sealed {
  secret_key: string;
  unlock: (passphrase: string) => Promise<Unlocked>;
}

interface Unlocked {
  proof: Bytes | null;
  server_passphrase: string;
  open: (body: Bytes) => Promise<Part[] | null>;
}

export function sealed_by_link(link: SecretLink): Sealed {
  return {
    secret_key: link.secret_key,
    unlock: async (passphrase) => {
      const keys = await derive_keys(link.key, passphrase);
      return { ...keys, open: (body) => open_secret(keys.content, body) };
    },
  };
}

export async function open_page(sealed: Sealed): Promise<void> {
  const form = unsettled.get(sealed.secret_key);
  if (form !== undefined) {
    return form();
  }
  const again = (): Promise<void> => open_page(sealed);
  const answer = await in_view(api.secret_status(sealed.secret_key));
  if (answer.problem !== undefined) {
    return show_problem(answer.problem, again);
  }
  const status = answer.value;
  if (status.state !== "live") {
    return show_end(status);
  }
  if (status.locked_for > 0) {
    return show_locked(status.locked_for, again);
  }
  show_sealed(sealed, status);
}

function show_sealed(sealed: Sealed, status: api.Status): void {
  // Made before the first try, so that whatever happens to an answer, the same reader can have it again.
  const claim = random_bytes(CLAIM_BYTES);
  let in_doubt = false;
  const problem = alert_line();
  const passphrase = h("input", { type: "password", autocomplete: "off", spellcheck: "false", dir: "auto" });
  problem.element.id = new_id();
  const open = h("button", { type: "submit", class: "primary large", say: "open" });
  const facts = h(
    "ul",
    { class: "facts" },
    h("li", { say: ["opens_times", { count: status.views_left }] }),
    h("li", { say: ["expires_at", { when: status.expires_at }] }),
    h("li", { say: ["sealed_size", { size: () => size(status.bytes) }] }),
  );
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (is_busy(open)) {
      return;
    }
    problem.tell(null);
    passphrase.removeAttribute("aria-invalid");
    if (status.passphrase && passphrase.value === "") {
      return complain(problem, passphrase, "passphrase_needed");
    }
    unsettled.set(sealed.secret_key, draw);
    const opened = await busy(open, "opening", "open", () => retrieve(sealed, passphrase.value, claim));
    const refused = opened.problem;
    in_doubt ||= refused?.in_doubt ?? false;
    const taken = refused?.name === "retrieved";
    if (refused === undefined || NOTHING_TO_HAVE.includes(refused.name) || (taken && !in_doubt)) {
      unsettled.delete(sealed.secret_key);
    }
    if (!form.isConnected) {
      return keep_opened(opened);
    }
    if (refused?.name === "wrong-passphrase") {
      return complain(problem, passphrase, "passphrase_wrong");
    }
    if (taken && in_doubt) {
      return show_lost(refused.at ?? new Date());
    }
    if (refused !== undefined) {
      return show_problem(refused, draw); // the next try brings the same claim
    }
    show_opened(opened.value);
  };
  const form = h("form", { on: { submit } });
  if (status.passphrase) {
    form.append(field("passphrase", passphrase, "passphrase_from_sender"));
    passphrase.setAttribute("aria-describedby", `${passphrase.getAttribute("aria-describedby")} ${problem.element.id}`);
  }
  form.append(problem.element, h("div", { class: "actions" }, open));
  const draw = (): void =>
    show("sealed_heading", icon("calm"), h("p", { class: "lede", say: "sealed_text" }), facts, form);
  draw();
}

function complain(
  problem: ReturnType<typeof alert_line>,
  control: HTMLElement,
  what: Parameters<typeof problem.tell>[0],
): void {
  problem.tell(what);
  control.setAttribute("aria-invalid", "true");
  control.focus();
}

interface Opened {
  parts: Part[] | null;
  views_left: number;
  access: api.Access;
}

async function retrieve(sealed: Sealed, passphrase: string, claim: Bytes): Promise<api.Answer<Opened>> {
  const { proof, server_passphrase, open } = await sealed.unlock(passphrase);
  const access = { secret_key: sealed.secret_key, proof, server_passphrase };
  const answer = await api.retrieve(access, claim, () => announce("retrying"));
  if (answer.problem !== undefined) {
    return { problem: await unless_locked(access, answer.problem) };
  }
  return { value: { parts: await open(answer.value.body), views_left: answer.value.views_left, access } };
}

// The fifth wrong passphrase is told as such, and locks: only the state says so.
async function unless_locked({ secret_key }: api.Access, problem: api.Problem): Promise<api.Problem> {
  const status = problem.name === "wrong-passphrase" ? await api.secret_status(secret_key) : undefined;
  const locked_for = status?.value?.locked_for ?? 0;
  return locked_for > 0 ? { ...problem, name: "locked", retry_after: locked_for } : problem;
}

function show_opened(opened: Opened): void {
  mark_tab("opened");
  const { parts } = opened;
  if (parts === null) {
    return state("bad", "damaged_heading", ["damaged_text", "ask_again"]);
  }
  show("opened_heading", icon("good"), ...opened_parts(parts, opened));
}

// Opened when its view has gone, since another link was put into the same tab meanwhile: it may be the last time.
function keep_opened({ value: opened }: api.Answer<Opened>): void {
  if (opened?.parts) {
    keep(h("section", {}, h("h2", { say: "opened_late" }), ...opened_parts(opened.parts, opened)));
    announce("opened_late");
  }
}

function opened_parts(parts: Part[], { views_left, access }: Opened): HTMLElement[] {
  const left = h("p", { class: "note", tabindex: -1 });
  say(left, views_left > 0 ? ["views_left", { count: views_left }] : "last_view");
  const problem = alert_line();
  const actions = h("div", { class: "actions" });
  if (views_left > 0) {
    const away = button("delete_now", "danger", async () => {
      if (is_busy(away)) {
        return;
      }
      const answer = await busy(away, "deleting", "delete_now", () => api.delete_secret(access));
      const refused = answer.problem?.name ?? "deleted";
      if (!["deleted", "retrieved", "not-found"].includes(refused)) {
        return problem.tell("delete_failed");
      }
      problem.tell(null);
      away.remove();
      say(left, refused === "deleted" ? "deleted_rest" : "gone_rest");
      left.focus();
    });
    actions.append(away);
  }
  return [revealed(parts), left, problem.element, actions];
}
