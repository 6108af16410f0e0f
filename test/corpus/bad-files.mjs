// Texts that are no sound pid file. One list for the public tests, the fuzzer's seeds and the
// comparison with JSON.parse. Each row: a name, the text around two sound entries, and how many of
// these two (the first ones) must be found in it.

/** @type {[string, (one: string, two: string) => string | Buffer, number][]} */
export const badFiles = [
  ["no bytes", () => "", 0],
  ["white space", () => " \n\t ", 0],
  ["NULs", () => Buffer.alloc(64), 0],
  ["no JSON", () => "hello", 0],
  ["null", () => "null", 0],
  ["an array", () => "[]", 0],
  ["an array of entries", (one, two) => `[${one},${two}]`, 2],
  ["a number", () => "12", 0],
  ["entries that are an object", () => '{"entries":{}}', 0],
  ["entries that are null", () => '{"entries":null}', 0],
  ["cut within the second entry", (one, two) => `{"entries":[${one},${two.slice(0, -9)}`, 1],
  ["cut behind the second entry", (one, two) => `{"entries":[${one},${two}`, 2],
  ["garbage behind the end", (one, two) => `{"entries":[${one},${two}]}}`, 2],
  ["a NUL behind the end", (one, two) => `{"entries":[${one},${two}]}\0`, 2],
  ["two documents", (one, two) => `{"entries":[${one}]}{"entries":[${two}]}`, 2],
  ["two lists", (one, two) => `{"entries":[${one}],"entries":[${two}]}`, 2],
  ["garbage between entries", (one, two) => `{"entries":[${one},@@@,${two}]}`, 2],
  ["a comma too many", (one, two) => `{"entries":[${one},${two},]}`, 2],
  [
    "bytes that are no UTF-8",
    (one, two) =>
      Buffer.concat([
        Buffer.from(`{"entries":[${one},"`),
        Buffer.from([0xff, 0xfe]),
        Buffer.from(`",${two}]}`),
      ]),
    2,
  ],
  [
    "an entry whose folder is no UTF-8",
    (one, two) =>
      Buffer.concat([
        Buffer.from(`{"entries":[${one},{"pid":7,"cwd":"/`),
        Buffer.from([0xc0, 0x80]),
        Buffer.from(`"},${two}]}`),
      ]),
    2,
  ],
  ["UTF-16", (one) => Buffer.from(`\ufeff{"entries":[${one}]}`, "utf16le"), 0],
  ["a raw control character", (one, two) => `{"entries":[${one},"\u0001",${two}]}`, 2],
  ["a number with a leading zero", (one, two) => `{"entries":[${one},0123,${two}]}`, 2],
  ["a number that ends in its point", (one, two) => `{"entries":[${one},5.,${two}]}`, 2],
  [
    "an entry whose pid has a leading zero",
    (one, two) => `{"entries":[${one},{"pid":0123,"cwd":"/"},${two}]}`,
    2,
  ],
  ["comments", (one, two) => `{"entries":[${one},/* no */${two}]}`, 2],
  ["two byte order marks", (one, two) => `\ufeff\ufeff{"entries":[${one},${two}]}`, 2],
  ["a million brackets", () => "[".repeat(1e6), 0],
  ["a million braces", () => '{"a":'.repeat(1e6), 0],
  [
    "deep nesting in an entry",
    (one, two) => `{"entries":[${one},{"x":${"[".repeat(1e5)}${"]".repeat(1e5)}},${two}]}`,
    2,
  ],
];
