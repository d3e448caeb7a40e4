// A link to hand on: selected by a click, copied by a button, shown as a QR code.

import qrcode from "qrcode-generator";

import { announce, h, new_id, svg } from "./dom";
import { type Key, type Said, say } from "./language";

async function copy_text(text: string, fallback: HTMLElement | null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Refused by the browser or its owner: what is selected can still be copied by hand.
    if (fallback instanceof HTMLTextAreaElement) {
      fallback.focus();
      fallback.select();
    }
    return false;
  }
}

export function copy_button(
  what: Said,
  text: () => string,
  kind: "primary" | "quiet" = "primary",
  fallback: HTMLElement | null = null,
  copied?: () => void,
): HTMLButtonElement {
  const pressed: HTMLButtonElement = h("button", {
    type: "button",
    class: kind,
    say: what,
    on: {
      click: async () => {
        const done = await copy_text(text(), fallback);
        const outcome: Key = done ? "copied" : "not_copied";
        say(pressed, outcome);
        announce(outcome);
        if (done) {
          copied?.();
        }
        setTimeout(() => say(pressed, what), 3000);
      },
    },
  });
  return pressed;
}

const QUIET_ZONE = 4; // modules, ISO/IEC 18004

function qr_image(text: string): SVGSVGElement {
  const code = qrcode(0, "M");
  code.addData(text, "Byte");
  code.make();
  const count = code.getModuleCount();
  let path = "";
  for (let row = 0; row < count; row += 1) {
    for (let column = 0; column < count; column += 1) {
      if (code.isDark(row, column)) {
        path += `M${column + QUIET_ZONE} ${row + QUIET_ZONE}h1v1h-1z`;
      }
    }
  }
  const edge = count + 2 * QUIET_ZONE;
  const image = svg({ viewBox: `0 0 ${edge} ${edge}`, class: "qr", role: "img", "shape-rendering": "crispEdges" }, path);
  say(image, "qr_label", "aria-label");
  return image;
}

interface LinkBox {
  label: Said;
  link: string;
  copy: Said;
  qr?: boolean;
  quiet?: boolean; // there is a more important link on the page
  copied?: () => void;
}

export function link_box({ label, link, copy, qr = false, quiet = false, copied }: LinkBox): HTMLElement {
  const text = h("textarea", { class: "link", readonly: true, rows: 2, dir: "ltr", spellcheck: "false", id: new_id() });
  text.value = link;
  text.addEventListener("focus", () => text.select());
  const box = h("div", { class: "link-box" }, h("label", { for: text.id, say: label }), text);
  box.append(h("div", { class: "actions" }, copy_button(copy, () => link, quiet ? "quiet" : "primary", text, copied)));
  if (qr) {
    const details = h("details", {}, h("summary", { say: "qr_show" }));
    details.addEventListener("toggle", () => details.open && details.children.length < 2 && details.append(qr_image(link)));
    box.append(details);
  }
  return box;
}
