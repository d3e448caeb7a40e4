// Building the page from nodes. Text only ever becomes text: nothing here, or anywhere else, parses HTML, and the page's
// policy (require-trusted-types-for 'script') makes the browser refuse it, too.

import { type Said, say, sentence } from "./language";

type Attributes = Record<string, string | number | boolean>;
type Child = Node | string;

interface Wishes extends Record<string, unknown> {
  say?: Said; // its text
  label?: Said; // its accessible name
  placeholder?: Said;
  on?: Record<string, (event: never) => void>;
}

export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  { say: text, label, placeholder, on, ...attributes }: Wishes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  set(element, attributes as Attributes);
  if (text !== undefined) {
    say(element, text);
  }
  if (label !== undefined) {
    say(element, label, "aria-label");
  }
  if (placeholder !== undefined) {
    say(element, placeholder, "placeholder");
  }
  for (const [event, handler] of Object.entries(on ?? {})) {
    element.addEventListener(event, handler as EventListener);
  }
  element.append(...children);
  return element;
}

function set(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
}

export function svg(attributes: Attributes, ...paths: string[]): SVGSVGElement {
  const namespace = "http://www.w3.org/2000/svg";
  const image = document.createElementNS(namespace, "svg");
  set(image, attributes);
  for (const d of paths) {
    const path = document.createElementNS(namespace, "path");
    path.setAttribute("d", d);
    image.append(path);
  }
  return image;
}

export type Mood = "calm" | "good" | "gone" | "wait" | "bad";

const ICONS: Record<Mood, string[]> = {
  calm: ["M6 11V8a6 6 0 0 1 12 0v3", "M5 11h14v9H5z", "M12 15v2"],
  good: ["M5 12.5l4.5 4.5L19 7.5"],
  gone: ["M3 12s3.5-6 9-6 9 6 9 6-3.5 6-9 6-9-6-9-6z", "M4 4l16 16"],
  wait: ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z", "M12 7v5l3 2"],
  bad: ["M12 4l9 16H3z", "M12 10v4", "M12 17v.5"],
};

export function icon(mood: Mood): Element {
  const image = svg({ viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" }, ...ICONS[mood]);
  const badge = h("div", { class: `badge ${mood}` });
  badge.append(image);
  return badge;
}

const main = (): HTMLElement => document.querySelector("main")!;

// What ends with the view that is shown next: timers, listeners on the window, the addresses of files.
let endings: (() => void)[] = [];
let endings_of_next: (() => void)[] = [];
export function when_view_ends(ending: () => void): void {
  endings_of_next.push(ending);
}

let view = 0;

function end_view(): void {
  view += 1;
  endings.forEach((ending) => ending());
  endings = [];
}

// What `work` brings, unless the view has changed meanwhile: then who waits for it is never called back, since a late
// answer must not replace what was opened since. Every view that is shown after an answer waits for it by this.
export function in_view<Value>(work: Promise<Value>): Promise<Value> {
  const mine = view;
  return new Promise((resolve, reject) => work.then((value) => mine === view && resolve(value), reject));
}

// Stays below all views that follow. For what cannot be had again.
const kept: HTMLElement[] = [];
export function keep(element: HTMLElement): void {
  endings_of_next = [];
  kept.push(element);
  main().append(element);
}

// Between a link and its view.
export function leave_view(): void {
  end_view();
  main().replaceChildren(h("h1", { class: "loading", say: "one_moment" }), ...kept);
}

// Another view: its heading gets the focus, so that who does not see the page hears where they are.
export function show(heading: Said, ...children: Child[]): void {
  end_view();
  endings = endings_of_next;
  endings_of_next = [];
  const title = h("h1", { say: heading, tabindex: -1 });
  const [first, ...rest] = children;
  // A badge stands above the heading.
  if (first instanceof Element && first.classList.contains("badge")) {
    main().replaceChildren(first, title, ...rest, ...kept);
  } else {
    main().replaceChildren(title, ...children, ...kept);
  }
  const name = document.querySelector<HTMLMetaElement>("meta[name=application-name]")?.content ?? "";
  say(document.querySelector("title")!, ["title", { heading: () => sentence(heading), name: () => name }]);
  if (shown_before) {
    title.focus();
    scrollTo(0, 0);
  }
  shown_before = true;
}
let shown_before = false;

// For screen readers: what changed without a change of focus.
export function announce(what: Said): void {
  const region = document.querySelector("#announcement")!;
  region.textContent = "";
  // A region that is filled anew is read again, even with the same words.
  setTimeout(() => say(region, what), 50);
}

let ids = 0;
export const new_id = (): string => `i${(ids += 1)}`;

export function button(what: Said, kind: "primary" | "quiet" | "danger", click: () => void): HTMLButtonElement {
  return h("button", { type: "button", class: kind, say: what, on: { click } });
}

// A control with its label, and a hint that is read with it.
export function field(label: Said, control: HTMLElement, hint?: Said): HTMLElement {
  control.id ||= new_id();
  const parts: Child[] = [h("label", { for: control.id, say: label }), control];
  if (hint !== undefined) {
    const id = new_id();
    parts.push(h("p", { class: "hint", id, say: hint }));
    control.setAttribute("aria-describedby", id);
  }
  return h("div", { class: "field" }, ...parts);
}

// An error that is read out as soon as it is said; hidden while there is none.
export function alert_line(): { element: HTMLElement; tell: (what: Said | null) => void } {
  const element = h("p", { class: "alert", role: "alert", hidden: true });
  return {
    element,
    tell: (what) => {
      element.hidden = what === null;
      if (what !== null) {
        say(element, what);
      }
    },
  };
}

// Runs `work` with the button out of use meanwhile, so that nobody starts it twice.
export async function busy<Result>(
  pressed: HTMLButtonElement,
  meanwhile: Said,
  afterwards: Said,
  work: () => Promise<Result>,
): Promise<Result> {
  pressed.setAttribute("aria-disabled", "true");
  say(pressed, meanwhile);
  announce(meanwhile);
  try {
    return await work();
  } finally {
    pressed.removeAttribute("aria-disabled");
    say(pressed, afterwards);
  }
}

export const is_busy = (pressed: HTMLButtonElement): boolean => pressed.hasAttribute("aria-disabled");

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const go_on = (): void => {
      clearTimeout(timer);
      removeEventListener("online", go_on);
      resolve();
    };
    const timer = setTimeout(go_on, milliseconds);
    addEventListener("online", go_on); // a network that is back is tried at once
  });
}
