/** The caller's own fields: checked, as text for the file, and back. */
import { failure } from "./failure.js";
import type { HeadlessFields } from "./types.js";

/** The file's reader refuses deeper nesting, of 32 with the entry itself. */
const DEPTH_MAX = 31;

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  // Of another realm's objects the prototype is another one, which has none itself either.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function checkContainer(value: object, name: string, depth: number): void {
  if (depth > DEPTH_MAX)
    throw failure("ERR_OUT_OF_RANGE", `fields must not be nested deeper than ${DEPTH_MAX} levels`);
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) checkPlain(item, `${name}[${i}]`, depth);
    return;
  }
  for (const [key, item] of Object.entries(value))
    if (item !== undefined) checkPlain(item, `${name}.${key}`, depth); // else it is not given
}

function checkPlain(value: unknown, name: string, depth: number): void {
  if (value === null || typeof value === "string" || typeof value === "boolean") return;
  if (typeof value === "number" && Number.isFinite(value)) return;
  if (typeof value === "object" && (Array.isArray(value) || isPlainObject(value)))
    checkContainer(value, name, depth + 1);
  else throw failure("ERR_INVALID_ARG_TYPE", `${name} must be a value of plain JSON`);
}

/** @throws TypeError or RangeError that names the value which does not fit */
export function textOf(fields: unknown): string | undefined {
  if (fields === undefined || fields === null) return undefined;
  if (typeof fields !== "object" || Array.isArray(fields))
    throw failure("ERR_INVALID_ARG_TYPE", "fields must be an object");
  checkPlain(fields, "fields", 0);
  return JSON.stringify(fields);
}

/** What the native side tells of an entry, with its fields as values. */
export function withFields<T extends { fields?: string }>(
  entry: T,
): Omit<T, "fields"> & { fields?: HeadlessFields } {
  const { fields, ...rest } = entry;
  return fields === undefined ? rest : { ...rest, fields: JSON.parse(fields) as HeadlessFields };
}
