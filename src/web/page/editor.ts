// What goes into a secret: a text, files by picker, drop or paste, and a generated password.

import { type Bytes, utf8 } from "./bytes";
import { PARTS_MAX, type Part, container_bytes } from "./container";
import { alert_line, announce, button, field, h, new_id, when_view_ends } from "./dom";
import { type Said, say, size } from "./language";
import { type Alphabets, LENGTH_MAX, LENGTH_MIN, generate_password } from "./password";
import { BODY_OVERHEAD } from "./sealing";

export interface Editor {
  element: HTMLElement;
  // Whether there is something to seal, and not too much of it: files are measured without being read. If not, it is said.
  ready: () => boolean;
  // The parts to seal; null when a file cannot be read, which is said as well.
  parts: () => Promise<Part[] | null>;
}

export function editor(label: Said, bytes_max: number): Editor {
  const text = h("textarea", { rows: 6, spellcheck: "false", autocomplete: "off", dir: "auto" });
  const files: File[] = [];
  const list = h("ul", { class: "files", label: "files_chosen" });
  const problem = alert_line();
  const picker = h("input", { type: "file", multiple: true, hidden: true, tabindex: -1, "aria-hidden": "true" });

  const refuse = (what: Said, control: HTMLElement): void => {
    problem.tell(what);
    if (control === text) {
      text.setAttribute("aria-invalid", "true");
    }
    control.focus();
  };
  const too_much = (): Said | null => {
    const sizes = files.map((file) => ({ name: file.name, bytes: { length: file.size } }));
    if (text.value !== "") {
      sizes.push({ name: "", bytes: utf8(text.value) });
    }
    if (sizes.length > PARTS_MAX) {
      return ["too_many_files", { count: PARTS_MAX - 1 }];
    }
    return container_bytes(sizes) + BODY_OVERHEAD > bytes_max ? ["too_large", { limit: () => size(bytes_max) }] : null;
  };
  const draw = (): void => {
    list.replaceChildren(...files.map((file, at) => file_row(file, () => remove(at))));
    list.hidden = files.length === 0;
    problem.tell(too_much());
  };
  const remove = (at: number): void => {
    const [file] = files.splice(at, 1);
    draw();
    announce(["file_removed", { name: file!.name }]);
    add_button.focus();
  };
  const add = (more: Iterable<File>): void => {
    const before = files.length;
    files.push(...more);
    draw();
    if (files.length > before) {
      announce(["files_added", { count: files.length }]);
    }
  };
  const add_button = button("files_add", "quiet", () => picker.click());
  picker.addEventListener("change", () => {
    add(picker.files ?? []);
    picker.value = "";
  });
  let inserted = { begin: -1, end: -1 }; // the password after which nothing was typed
  text.addEventListener("input", () => {
    inserted = { begin: -1, end: -1 };
    text.removeAttribute("aria-invalid");
    problem.tell(null);
  });
  const drop_hint = h("p", { class: "hint drop-hint", say: ["files_hint", { limit: () => size(bytes_max) }] });
  const element = h(
    "div",
    { class: "editor" },
    field(label, text),
    password_panel((password) => {
      const { selectionStart, selectionEnd } = text;
      const again = selectionStart === selectionEnd && selectionEnd === inserted.end;
      const begin = again ? inserted.begin : selectionStart; // another one takes the place of the one before
      text.setRangeText(password, begin, selectionEnd, "end");
      text.dispatchEvent(new Event("input"));
      inserted = { begin, end: text.selectionEnd };
      announce("password_inserted");
    }),
    h("div", { class: "drop" }, add_button, picker, drop_hint),
    list,
    problem.element,
  );
  list.hidden = true;
  take_from_window(element, add);
  return {
    element,
    ready: () => {
      const none = text.value === "" && files.length === 0;
      const wrong = none ? "nothing_entered" : too_much();
      if (wrong !== null) {
        refuse(wrong, files.length > 0 ? add_button : text);
      }
      return wrong === null;
    },
    parts: async () => {
      try {
        return await read_parts(text.value, [...files]); // those of now, whatever is added meanwhile
      } catch {
        refuse("file_unreadable", add_button);
        return null;
      }
    },
  };
}

async function read_parts(text: string, files: readonly File[]): Promise<Part[]> {
  const parts: Part[] = text === "" ? [] : [{ kind: "text", name: "", bytes: utf8(text) }];
  for (const file of files) {
    const bytes: Bytes = new Uint8Array(await file.arrayBuffer());
    parts.push({ kind: "file", name: file.name, bytes });
  }
  return parts;
}

function file_row(file: File, remove: () => void): HTMLElement {
  const bytes = h("span", { class: "size" });
  say(bytes, ["file_size", { size: () => size(file.size) }]);
  const away = h("button", { type: "button", class: "quiet small", say: "file_remove", on: { click: remove } });
  say(away, ["file_remove_label", { name: file.name }], "aria-label");
  return h("li", {}, h("bdi", { class: "name" }, file.name), bytes, away);
}

// Drop and paste work anywhere on the page: nobody has to aim, and a file that misses is not opened by the browser.
function take_from_window(element: HTMLElement, add: (files: Iterable<File>) => void): void {
  const has_files = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
  const over = (event: DragEvent): void => {
    if (has_files(event)) {
      event.preventDefault();
      element.classList.toggle("dropping", event.type === "dragover");
    }
  };
  const drop = (event: DragEvent): void => {
    over(event);
    if (has_files(event)) {
      add(event.dataTransfer!.files);
    }
  };
  const paste = (event: ClipboardEvent): void => {
    if (event.clipboardData !== null && event.clipboardData.files.length > 0 && !is_text(event)) {
      event.preventDefault();
      add(event.clipboardData.files);
    }
  };
  const handlers: [string, EventListener][] = [
    ["dragover", over as EventListener],
    ["dragleave", over as EventListener],
    ["drop", drop as EventListener],
    ["paste", paste as EventListener],
  ];
  handlers.forEach(([event, handler]) => addEventListener(event, handler));
  when_view_ends(() => handlers.forEach(([event, handler]) => removeEventListener(event, handler)));
}

// Office programs copy a text with a picture of it: into a text field the browser puts the text. A file that was copied
// comes with its name as plain text on some systems, but with no other.
function is_text({ target, clipboardData }: ClipboardEvent): boolean {
  const types = clipboardData!.types;
  const rich = types.includes("text/html") || types.includes("text/rtf");
  return rich && types.includes("text/plain") && target instanceof Element && target.matches("textarea, input");
}

function password_panel(insert: (password: string) => void): HTMLElement {
  const length = h("input", { type: "number", min: LENGTH_MIN, max: LENGTH_MAX, value: 20, inputmode: "numeric" });
  const boxes = {} as Record<keyof Alphabets, HTMLInputElement>;
  const choice = (name: keyof Alphabets, what: Said, checked: boolean): HTMLElement => {
    boxes[name] = h("input", { type: "checkbox", id: new_id(), checked });
    return h("div", { class: "choice" }, boxes[name], h("label", { for: boxes[name].id, say: what }));
  };
  const make = (): void => {
    const wanted = Math.min(LENGTH_MAX, Math.max(LENGTH_MIN, Math.trunc(length.valueAsNumber) || 20));
    length.valueAsNumber = wanted;
    const chosen = Object.fromEntries(Object.entries(boxes).map(([name, box]) => [name, box.checked]));
    insert(generate_password(wanted, chosen as unknown as Alphabets));
  };
  return h(
    "details",
    { class: "panel" },
    h("summary", { say: "password_generate" }),
    h(
      "div",
      { class: "panel-body" },
      field("password_length", length),
      h(
        "fieldset",
        {},
        h("legend", { say: "password_characters" }),
        choice("upper", "password_upper", true),
        choice("digits", "password_digits", true),
        choice("symbols", "password_symbols", true),
        choice("lookalikes", "password_lookalikes", false),
      ),
      button("password_insert", "quiet", make),
    ),
  );
}
