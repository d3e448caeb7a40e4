// The sender's receipt: what has become of a secret, and its deletion. It cannot open it.

import * as api from "./api";
import { type Mood, alert_line, busy, button, h, icon, in_view, is_busy, show } from "./dom";
import type { Key, Said } from "./language";
import { wait_of } from "./language";
import { type Again, again_button, show_problem, state } from "./states";

export async function receipt_page(receipt_key: string): Promise<void> {
  const again = (): Promise<void> => receipt_page(receipt_key);
  const answer = await in_view(api.receipt_status(receipt_key));
  if (answer.problem !== undefined) {
    return show_problem(answer.problem, again, ["receipt_missing_heading", "receipt_missing_text"]);
  }
  show_status(answer.value, receipt_key, again);
}

function heading_of(status: api.Status): [Mood, Key] {
  if (status.state === "live") {
    return status.views_left < status.views ? ["good", "receipt_partly"] : ["calm", "receipt_unopened"];
  }
  const headings = { retrieved: "receipt_opened", deleted: "receipt_deleted", expired: "receipt_expired" } as const;
  return [status.state === "retrieved" ? "good" : "gone", headings[status.state]];
}

function show_status(status: api.Status, receipt_key: string, again: Again): void {
  const [mood, heading] = heading_of(status);
  const fact = (what: Said): HTMLElement => h("li", { say: what });
  const facts = h("ul", { class: "facts" }, fact(["fact_created", { when: status.created_at }]));
  const opened = status.views - status.views_left;
  if (status.views > 1 && opened > 0) {
    facts.append(fact(["fact_views", { opened, views: status.views }]));
  }
  if (status.changed_at !== null) {
    const facts_by_state = { live: "fact_last", retrieved: "fact_opened", deleted: "fact_deleted", expired: "fact_expired" } as const;
    facts.append(fact([facts_by_state[status.state], { when: status.changed_at }]));
  }
  if (status.state === "live") {
    facts.append(fact(["expires_at", { when: status.expires_at }]));
    if (status.locked_for > 0) {
      facts.append(fact(["fact_locked", { wait: () => wait_of(status.locked_for) }]));
    }
  }
  const texts = status.state === "retrieved" || mood === "good" ? [h("p", { say: "receipt_not_them" })] : [];
  const actions = h("div", { class: "actions" }, again_button("check_again", again));
  const problem = alert_line();
  if (status.state === "live") {
    actions.append(deletion("delete_secret", () => api.delete_by_receipt(receipt_key), again, problem));
  }
  show(heading, icon(mood), facts, ...texts, problem.element, actions);
}

// Asks once more, in place, before it deletes for good. `again` shows what has become of it when somebody was faster.
export function deletion(
  what: Key,
  run: () => Promise<api.Answer<Date>>,
  again: () => void,
  problem: ReturnType<typeof alert_line>,
): HTMLElement {
  const place = h("div", { class: "actions", role: "group" });
  const start = button(what, "danger", () => {
    place.replaceChildren(sure, keep);
    sure.focus();
  });
  const keep = button("cancel", "quiet", () => {
    place.replaceChildren(start);
    start.focus();
  });
  const sure = button("delete_sure", "danger", async () => {
    if (is_busy(sure)) {
      return;
    }
    const answer = await in_view(busy(sure, "deleting", "delete_sure", run));
    if (answer.problem === undefined || answer.problem.name === "deleted") {
      return state("gone", "now_deleted_heading", ["now_deleted_text"]);
    }
    if (["retrieved", "filled", "not-found"].includes(answer.problem.name)) {
      return again();
    }
    problem.tell("delete_failed");
  });
  place.append(start);
  return place;
}
