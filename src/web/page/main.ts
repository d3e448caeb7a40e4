import { first_fragment, take_fragment } from "./fragment";
// The line above stays first: it takes the key out of the address bar before anything else runs.
import { h, leave_view } from "./dom";
import { create_page } from "./create_page";
import { LANGUAGES, current_language, in_language, preferred_language, say, use_language } from "./language";
import { parse_fill_fragment, parse_receipt_fragment, parse_request_fragment, parse_secret_fragment } from "./links";
import { open_page, sealed_by_link } from "./open_page";
import { receipt_page } from "./receipt_page";
import { ask_page, collect_page, fill_page } from "./request_page";
import { show_incomplete, state } from "./states";

function open_link(fragment: string): Promise<void> | void {
  const link = parse_secret_fragment(fragment);
  return link === null ? show_incomplete(fragment) : open_page(sealed_by_link(link));
}

function open_receipt(fragment: string): Promise<void> | void {
  const receipt_key = parse_receipt_fragment(fragment);
  return receipt_key === null ? show_incomplete(fragment) : receipt_page(receipt_key);
}

// Asking has an address of its own (/q?ask), since /q alone is a link that was cut.
function open_request_link(fragment: string): Promise<void> | void {
  if (fragment === "" && new URLSearchParams(location.search).has("ask")) {
    return ask_page();
  }
  const own = parse_request_fragment(fragment);
  const fill = own === null ? parse_fill_fragment(fragment) : null;
  if (own !== null) {
    return collect_page(own);
  }
  return fill === null ? show_incomplete(fragment) : fill_page(fill);
}

function route(fragment: string): Promise<void> | void {
  leave_view();
  if (!isSecureContext || crypto.subtle === undefined) {
    return state("bad", "insecure_heading", ["insecure_text"]);
  }
  switch (location.pathname.split("/").pop()) {
    case "s":
      return open_link(fragment);
    case "r":
      return open_receipt(fragment);
    case "q":
      return open_request_link(fragment);
    default:
      return create_page();
  }
}

function language_select(): void {
  const select = document.querySelector<HTMLSelectElement>("#language")!;
  for (const [tag, name] of Object.entries(LANGUAGES)) {
    select.append(h("option", { value: tag, lang: tag, selected: tag === current_language() }, name));
  }
  select.addEventListener("change", async () => {
    if (!(await use_language(select.value))) {
      select.value = current_language();
      return;
    }
    // Remembered for as long as the page lives, and for the page that a link leads to.
    history.replaceState(history.state, "", in_language(location.href, select.value));
    for (const link of document.querySelectorAll<HTMLAnchorElement>("main a[href], header a[href]")) {
      if (!link.hasAttribute("download")) {
        link.href = in_language(link.href);
      }
    }
  });
  select.closest<HTMLElement>(".language")!.hidden = false;
}

// Another link pasted into the same tab does not load the page anew.
addEventListener("hashchange", () => {
  const fragment = take_fragment();
  if (fragment !== "" && /\/[srq]$/.test(location.pathname)) {
    void route(fragment);
  }
});
document.querySelector(".skip")!.addEventListener("click", (event) => {
  event.preventDefault(); // its fragment is no link of ours
  document.querySelector<HTMLElement>("main h1")?.focus();
});
// A page that comes back by the back button has lost its secret: ask again.
addEventListener("pageshow", (event) => event.persisted && location.reload());

await use_language(preferred_language());
for (const element of document.querySelectorAll<HTMLElement>("[data-key]")) {
  say(element, element.dataset["key"] as never);
}
language_select();
await route(first_fragment);
