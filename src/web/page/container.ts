// What a body holds once it is open: text and files, padded so that the length tells little.
//
//   0x01 | u8 parts (1..100) | part ... | zero bytes up to a multiple of 256
//   part: u8 kind (0 text, 1 file) | u16 name length | name (UTF-8; text: empty) | u64 length | bytes      big-endian

import { type Bytes, text_of, utf8 } from "./bytes";

export interface Part {
  kind: "text" | "file";
  name: string;
  bytes: Bytes;
}

export const PARTS_MAX = 100;
const VERSION = 1;
const BLOCK = 256;
const PART_HEAD = 1 + 2 + 8;
const NAME_BYTES_MAX = 0xffff;

// How many bytes a container with such parts takes, so that a limit can be checked before anything is read or sealed.
export function container_bytes(parts: readonly { name: string; bytes: { length: number } }[]): number {
  const net = parts.reduce((sum, part) => sum + PART_HEAD + utf8(part.name).length + part.bytes.length, 2);
  return Math.ceil(net / BLOCK) * BLOCK;
}

export function encode_container(parts: readonly Part[]): Bytes {
  if (parts.length < 1 || parts.length > PARTS_MAX) {
    throw new RangeError("a container holds 1 to 100 parts");
  }
  const container = new Uint8Array(container_bytes(parts));
  const view = new DataView(container.buffer);
  container.set([VERSION, parts.length]);
  let at = 2;
  for (const part of parts) {
    const name = utf8(part.name);
    if (name.length > NAME_BYTES_MAX || (part.kind === "text" && name.length > 0)) {
      throw new RangeError("a name is too long, or a text has one");
    }
    view.setUint8(at, part.kind === "text" ? 0 : 1);
    view.setUint16(at + 1, name.length);
    container.set(name, at + 3);
    view.setBigUint64(at + 3 + name.length, BigInt(part.bytes.length));
    container.set(part.bytes, at + PART_HEAD + name.length);
    at += PART_HEAD + name.length + part.bytes.length;
  }
  return container;
}

// Null for everything that encode_container() does not write. The parts borrow the container's memory.
export function decode_container(container: Bytes): Part[] | null {
  if (container.length === 0 || container.length % BLOCK !== 0 || container[0] !== VERSION) {
    return null;
  }
  const count = container[1]!;
  if (count < 1 || count > PARTS_MAX) {
    return null;
  }
  const parts: Part[] = [];
  let at = 2;
  while (parts.length < count) {
    const part = decode_part(container, at);
    if (part === null) {
      return null;
    }
    parts.push(part.part);
    at = part.end;
  }
  const padding = container.subarray(at);
  return padding.length < BLOCK && padding.every((byte) => byte === 0) ? parts : null;
}

function decode_part(container: Bytes, at: number): { part: Part; end: number } | null {
  const left = container.length - at;
  if (left < PART_HEAD) {
    return null;
  }
  const view = new DataView(container.buffer, container.byteOffset + at, left);
  const kind = view.getUint8(0);
  const name_length = view.getUint16(1);
  if (kind > 1 || (kind === 0 && name_length > 0) || left < PART_HEAD + name_length) {
    return null;
  }
  const name = text_of(container.subarray(at + 3, at + 3 + name_length));
  const length = view.getBigUint64(3 + name_length);
  const begin = at + PART_HEAD + name_length;
  if (name === null || length > BigInt(container.length - begin)) {
    return null;
  }
  const end = begin + Number(length);
  return { part: { kind: kind === 0 ? "text" : "file", name, bytes: container.subarray(begin, end) }, end };
}
