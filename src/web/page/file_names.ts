// A file's name comes from a stranger: what is left of it names a file in the reader's download folder and nothing else. The
// command-line client makes the same of it (src/client/file_name.h); tests/vectors/file_names.json holds both to it.

import { utf8 } from "./bytes";

const BYTES_MAX = 200;
const ENDING_MAX = 16;
// Controls, separators and marks that make a name look like another (U+202E turns "gpj.exe" into "exe.jpg"), and what Windows
// does not take.
const HARMFUL =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}<>:"|?*]/gu;
const AT_BEGIN = /^[.~ -]/; // hidden files, options
const AT_END = /[. ]+$/; // Windows drops them
const DEVICES = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;

export function safe_file_name(name: string): string {
  const last = name.split(/[/\\]/).pop()!;
  const safe = shortened(last.replace(HARMFUL, "_").replace(AT_BEGIN, "_")).replace(AT_END, "");
  if (/^_*$/.test(safe)) {
    return "file";
  }
  return DEVICES.test(safe) ? `_${safe}` : safe;
}

// Its ending stays, when it is one. By characters, not halves of them.
function shortened(name: string): string {
  if (utf8(name).length <= BYTES_MAX) {
    return name;
  }
  const ending = name.slice(name.lastIndexOf("."));
  const kept = ending.startsWith(".") && utf8(ending).length <= ENDING_MAX ? ending : "";
  let stem = "";
  for (const character of name) {
    if (utf8(stem + character + kept).length > BYTES_MAX) {
      break;
    }
    stem += character;
  }
  return stem + kept;
}
