// A file's name comes from a stranger: what is left of it names a file in the reader's download folder and nothing else.

const LENGTH_MAX = 120;
// Controls, separators and marks that make a name look like another (U+202E turns "gpj.exe" into "exe.jpg").
const HARMFUL =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
const AT_END = /[.\s]+$/; // Windows drops them
const DEVICES = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;

export function safe_file_name(name: string): string {
  const last = name.split(/[/\\]/).pop() ?? "";
  let safe = last.replace(HARMFUL, "").replace(/[<>:"|?*]/g, "_");
  safe = safe.replace(/^[.\s~-]+/, "").replace(AT_END, "");
  if (safe.length > LENGTH_MAX) {
    const dot = safe.lastIndexOf(".");
    const ending = dot > 0 && safe.length - dot <= 16 ? safe.slice(dot) : "";
    // By characters, not halves of them.
    safe = [...safe.slice(0, LENGTH_MAX - ending.length)].filter((c) => !/^[\ud800-\udfff]$/.test(c)).join("") + ending;
    safe = safe.replace(AT_END, "");
  }
  if (DEVICES.test(safe)) {
    safe = `_${safe}`;
  }
  return safe === "" ? "file" : safe;
}
