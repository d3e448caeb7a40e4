// Passwords from the browser's random source: each character is drawn evenly from the chosen alphabet.

export interface Alphabets {
  upper: boolean;
  digits: boolean;
  symbols: boolean;
  lookalikes: boolean; // characters that are mistaken for each other when read aloud or copied by hand
}

export const LENGTH_MIN = 8;
export const LENGTH_MAX = 128;

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";
const SYMBOLS = "!#$%&*+-./:;<=>?@^_~";
const LOOKALIKES = /[Il1|O0o]/g;

// Even over 0..bound-1: numbers above the last whole multiple of `bound` are drawn again.
export function random_below(bound: number): number {
  const limit = 2 ** 32 - (2 ** 32 % bound);
  const drawn = new Uint32Array(1);
  do {
    crypto.getRandomValues(drawn);
  } while (drawn[0]! >= limit);
  return drawn[0]! % bound;
}

// At least one character of each chosen alphabet: a password without is thrown away whole, so that all that remain are
// equally likely.
export function generate_password(length: number, chosen: Alphabets): string {
  const wanted = [LOWER];
  if (chosen.upper) wanted.push(LOWER.toUpperCase());
  if (chosen.digits) wanted.push(DIGITS);
  if (chosen.symbols) wanted.push(SYMBOLS);
  const alphabets = chosen.lookalikes ? wanted : wanted.map((alphabet) => alphabet.replace(LOOKALIKES, ""));
  const all = alphabets.join("");
  for (;;) {
    const password = Array.from({ length }, () => all[random_below(all.length)]).join("");
    if (alphabets.every((alphabet) => [...password].some((character) => alphabet.includes(character)))) {
      return password;
    }
  }
}
