// Words: every sentence of the page comes from locales/<language>.json and is put into the page as text. English is part
// of the script, so that there are words when nothing else can be loaded; the others are fetched when they are wanted.

import english from "./locales/en.json";

declare const LOCALE_FILES: Record<string, string>; // language -> its file below page/, by the build

export type Key = keyof typeof english;
type Sentence = string | Partial<Record<Intl.LDMLPluralRule, string>>;
// A function is asked each time the sentence is said: for what depends on the language.
export type Params = Record<string, string | number | Date | (() => string)>;
export type Said = Key | readonly [Key, Params];

// In their own words, whatever the page's language is.
export const LANGUAGES: Record<string, string> = {
  en: "English",
  de: "Deutsch",
  fr: "Français",
  es: "Español",
  ru: "Русский",
  zh: "中文",
  ar: "العربية",
};
const RIGHT_TO_LEFT = new Set(["ar"]);

const PATIENCE = 3000; // milliseconds for the words of a language

let language = "en";
let region = "en"; // the language as the browser has it, with its country: how times and numbers are written
let sentences: Record<string, Sentence> = english;
const said = new Map<string, WeakMap<Element, Said>>();

export const current_language = (): string => language;

// The language that was asked for by ?lang=, else the first of the browser's that there is, else English.
export function preferred_language(): string {
  const asked = new URLSearchParams(location.search).get("lang");
  for (const tag of [asked ?? "", ...navigator.languages]) {
    const primary = tag.toLowerCase().split("-")[0]!;
    if (Object.hasOwn(LANGUAGES, primary)) {
      return primary;
    }
  }
  return "en";
}

// The same address in a language: in that which was asked for, if none is named.
export function in_language(address: string, tag = new URLSearchParams(location.search).get("lang")): string {
  const url = new URL(address, location.href);
  if (tag !== null) {
    url.searchParams.set("lang", tag);
  }
  return url.href;
}

// False when its words did not come; then everything stays as it was.
export async function use_language(wanted: string): Promise<boolean> {
  let loaded: Record<string, Sentence> = english;
  if (wanted !== "en") {
    try {
      const response = await fetch(`page/${LOCALE_FILES[wanted]}`, { signal: AbortSignal.timeout(PATIENCE) });
      if (!response.ok) {
        return false;
      }
      loaded = { ...english, ...(await response.json()) };
    } catch {
      return false;
    }
  }
  language = wanted;
  region = navigator.languages.find((tag) => tag.toLowerCase().split("-")[0] === wanted) ?? wanted;
  sentences = loaded;
  document.documentElement.lang = wanted;
  document.documentElement.dir = RIGHT_TO_LEFT.has(wanted) ? "rtl" : "ltr";
  for (const [place, elements] of said) {
    for (const element of document.querySelectorAll(`[data-say-${place}]`)) {
      const what = elements.get(element);
      if (what !== undefined) {
        say(element, what, place);
      }
    }
  }
  return true;
}

function shown(value: Params[string]): string {
  if (typeof value === "number") {
    return new Intl.NumberFormat(region).format(value);
  }
  if (value instanceof Date) {
    return moment(value);
  }
  // Isolated, so that a name in another direction does not turn the sentence around.
  return typeof value === "function" ? value() : `\u2068${value}\u2069`;
}

// The sentence with its {names} replaced; one that depends on a number has a form for each plural of the language, and
// takes it by {count}.
export function sentence(what: Said): string {
  const [key, params]: readonly [Key, Params] = typeof what === "string" ? [what, {}] : what;
  const found: Sentence = sentences[key] ?? english[key];
  const count = params["count"];
  const form = typeof found === "string" ? found : (found[plural_of(count)] ?? found.other ?? "");
  return form.replace(/\{(\w+)\}/g, (_: string, name: string) => shown(params[name] ?? ""));
}

function plural_of(count: Params[string] | undefined): Intl.LDMLPluralRule {
  return typeof count === "number" ? new Intl.PluralRules(language).select(count) : "other";
}

// Says it in the element (or in one of its attributes), and again when the language changes.
export function say(element: Element, what: Said, place = "text"): void {
  const elements = said.get(place) ?? new WeakMap<Element, Said>();
  said.set(place, elements.set(element, what));
  element.setAttribute(`data-say-${place}`, "");
  if (place === "text") {
    element.textContent = sentence(what);
  } else {
    element.setAttribute(place, sentence(what));
  }
}

export function moment(when: Date): string {
  return new Intl.DateTimeFormat(region, { dateStyle: "long", timeStyle: "short" }).format(when);
}

const UNITS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
] as const;

// In the largest unit that divides it: "7 days", "90 minutes".
export function duration(seconds: number): string {
  const [unit, length] = UNITS.find(([, length]) => seconds >= length && seconds % length === 0) ?? UNITS[3];
  return new Intl.NumberFormat(region, { style: "unit", unit, unitDisplay: "long" }).format(seconds / length);
}

// Rounded up to what a person would say: whole minutes from a minute on.
export function wait_of(seconds: number): string {
  return duration(seconds < 60 ? Math.max(1, Math.ceil(seconds)) : Math.ceil(seconds / 60) * 60);
}

export function size(bytes: number): string {
  const steps = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  let step = 0;
  let value = bytes;
  while (value >= 1024 && step < steps.length - 1) {
    value /= 1024;
    step += 1;
  }
  const digits = value < 10 && step > 0 ? 1 : 0;
  const style = { style: "unit", unit: steps[step]!, maximumFractionDigits: digits } as const;
  return new Intl.NumberFormat(region, { ...style, unitDisplay: step === 0 ? "long" : "short" }).format(value);
}
