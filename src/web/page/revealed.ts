// A secret that is open: its text as text, its files as downloads and never rendered.

import { type Bytes, text_of } from "./bytes";
import type { Part } from "./container";
import { announce, button, h, when_view_ends } from "./dom";
import { safe_file_name } from "./file_names";
import { say, size } from "./language";
import { copy_button } from "./link_box";

export function revealed(parts: readonly Part[]): HTMLElement {
  const whole = h("div", { class: "revealed" });
  // A text that is no text (another program wrote it) is handed over as a file instead of being shown wrong.
  const texts = parts.map((part) => (part.kind === "text" ? text_of(part.bytes) : null));
  for (const text of texts) {
    if (text !== null) {
      whole.append(text_block(text));
    }
  }
  const files = parts.filter((_, at) => texts[at] === null);
  if (files.length > 0) {
    whole.append(h("h2", { say: "files_heading" }), h("ul", { class: "files" }, ...files.map(download_row)));
  }
  // A page that the browser keeps for its back button must not keep the secret.
  const clear = (): void => whole.replaceChildren();
  addEventListener("pagehide", clear);
  when_view_ends(() => removeEventListener("pagehide", clear));
  return whole;
}

function text_block(text: string): HTMLElement {
  const shown = h("pre", { dir: "auto", translate: "no" }, text);
  // It may scroll, so the keyboard has to reach it.
  const place = h("section", { class: "secret", tabindex: 0, label: "secret_label" }, shown);
  let hidden = false;
  const hide = button("hide", "quiet", () => {
    hidden = !hidden;
    shown.classList.toggle("hidden-secret", hidden);
    if (hidden) {
      say(shown, "secret_hidden");
    } else {
      shown.removeAttribute("data-say-text");
      shown.textContent = text;
    }
    say(hide, hidden ? "show" : "hide");
    announce(hidden ? "secret_hidden" : "secret_shown");
  });
  return h("div", {}, place, h("div", { class: "actions" }, copy_button("copy_secret", () => text), hide));
}

function download_row(part: Part): HTMLElement {
  const name = safe_file_name(part.name);
  const bytes = h("span", { class: "size", say: ["file_size", { size: () => size(part.bytes.length) }] });
  const link = h("a", { class: "button quiet small", href: object_url(part.bytes), download: name, say: "download" });
  say(link, ["download_label", { name }], "aria-label");
  return h("li", {}, h("bdi", { class: "name" }, name), bytes, link);
}

// Of no type that a browser would show, whatever the name says.
function object_url(bytes: Bytes): string {
  const url = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  when_view_ends(() => URL.revokeObjectURL(url));
  return url;
}
