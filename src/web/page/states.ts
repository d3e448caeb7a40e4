// What a reader is told when there is nothing to open: honest, in words, and with what to do next.

import type { Problem, Status } from "./api";
import { type Mood, busy, button, h, icon, is_busy, show } from "./dom";
import { mark_of_tab } from "./fragment";
import { type Key, type Said, wait_of } from "./language";

export function state(mood: Mood, heading: Said, texts: Said[], ...actions: Node[]): void {
  const paragraphs = texts.map((text) => h("p", { say: text }));
  const rows = actions.length === 0 ? [] : [h("div", { class: "actions" }, ...actions)];
  show(heading, icon(mood), ...paragraphs, ...rows);
}

export type Again = () => Promise<void> | void;

// Asks again, and once at a time.
export function again_button(what: Key, again: Again): HTMLButtonElement {
  const pressed = button(what, "primary", () => {
    if (!is_busy(pressed)) {
      void busy(pressed, "one_moment", what, async () => again());
    }
  });
  return pressed;
}

// The end of a secret, as its link or its receipt is told.
export function show_end(status: Pick<Status, "state" | "changed_at" | "expires_at">): void {
  const when = status.changed_at ?? status.expires_at;
  switch (status.state) {
    case "retrieved":
      return state("gone", "retrieved_heading", [["retrieved_text", { when }], "retrieved_not_you"]);
    case "deleted":
      return state("gone", "deleted_heading", [["deleted_text", { when }], "ask_again"]);
    default:
      return state("gone", "expired_heading", [["expired_text", { when: status.expires_at }], "ask_again"]);
  }
}

// Retrieved by a try whose answer did not arrive, as far as can be told, and that longer ago than a claim lasts.
export function show_lost(when: Date): void {
  state("gone", "retrieved_heading", [["retrieved_text", { when }], "retrieved_lost"]);
}

// A page that was loaded again has lost the link's key, and cannot say that nothing is lost with it.
export function show_incomplete(fragment: string): void {
  const mark = fragment === "" ? mark_of_tab() : null;
  if (mark === "opened") {
    return state("gone", "reloaded_heading", ["reloaded_text", "reloaded_hint"]);
  }
  const hints: Key[] = mark === null ? ["incomplete_hint", "nothing_opened"] : ["incomplete_hint"];
  state("bad", "incomplete_heading", ["incomplete_text", ...hints]);
}

export function show_locked(seconds: number, again: Again): void {
  const wait = { wait: () => wait_of(seconds) };
  state("wait", "locked_heading", [["locked_text", wait], "locked_hint"], again_button("check_again", again));
}

// Everything but what a view handles itself (a wrong passphrase, for one). `missing` says what a 404 means there.
export function show_problem(problem: Problem, again: Again, missing: [Key, Key] = MISSING): void {
  const retry = again_button("try_again", again);
  const when = problem.at ?? new Date();
  const wait = { wait: () => wait_of(problem.retry_after || 60) };
  switch (problem.name) {
    case "not-found":
      return state("gone", missing[0], [missing[1], "ask_again"]);
    case "retrieved":
      return show_end({ state: "retrieved", changed_at: when, expires_at: when });
    case "deleted":
      return show_end({ state: "deleted", changed_at: when, expires_at: when });
    case "wrong-proof":
      return state("bad", "wrong_key_heading", ["wrong_key_text", "incomplete_hint", "nothing_opened"]);
    case "locked":
      return show_locked(problem.retry_after || 900, again);
    case "rate-limited":
      return state("wait", "rate_heading", [["rate_text", wait]], retry);
    case "unreachable":
      return state("bad", "offline_heading", ["offline_text", "nothing_lost"], retry);
    default:
      return state("bad", "unavailable_heading", ["unavailable_text", "nothing_lost"], retry);
  }
}

const MISSING: [Key, Key] = ["missing_heading", "missing_text"];
