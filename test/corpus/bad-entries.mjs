// Entries that must stay in the file to the letter and never be acted on. One list for the public
// tests, the fuzzer's seeds and the comparison with JSON.parse.

/**
 * A name, and the JSON text in the place of the pid; undefined leaves the member out.
 * @type {[string, (pid: number) => string | undefined][]}
 */
export const badPids = [
  ["0", () => "0"],
  ["1", () => "1"],
  ["-0", () => "-0"],
  ["-1", () => "-1"],
  ["-1234", () => "-1234"],
  ["a group", (pid) => String(-pid)],
  ["1.5", () => "1.5"],
  ["a fraction", (pid) => `${pid}.25`],
  ["a string", (pid) => `"${pid}"`],
  ["an empty string", () => '""'],
  ["true", () => "true"],
  ["false", () => "false"],
  ["an array", (pid) => `[${pid}]`],
  ["an object", (pid) => `{"pid":${pid}}`],
  ["null", () => "null"],
  ["nothing", () => undefined],
  ["2^31", () => String(2 ** 31)],
  ["2^32 more", (pid) => String(2 ** 32 + pid)],
  ["2^53 + 1", () => "9007199254740993"],
  ["2^64 more", (pid) => String(2n ** 64n + BigInt(pid))],
  ["infinity", () => "1e999"],
  ["less than infinity", () => "-1e999"],
];

/** @param {string} text @param {number} pid */
export function withPid(text, pid, bad) {
  const member = `"pid":${pid},`;
  if (!text.includes(member)) throw new Error(`no ${member} in ${text}`);
  return text.replace(member, bad === undefined ? "" : `"pid":${bad},`);
}

/**
 * A name, and what to do to the text of a sound entry with cwd "/bystander", identity, owner and
 * "terminating":true.
 * @type {[string, (text: string, pid: number) => string][]}
 */
export const badEntries = [
  ["the key twice", (text, pid) => text.replace("{", `{"pid":${pid},`)],
  ["the key twice, once escaped", (text, pid) => text.replace("{", `{"p\\u0069d":${pid},`)],
  ["the key in capitals", (text) => text.replace('"pid":', '"PID":')],
  ["a NUL in the key", (text) => text.replace('"pid":', '"pid\\u0000x":')],
  ["a NUL in a key beside it", (text) => text.replace("{", '{"x\\u0000y":1,')],
  ["a NUL in the folder", (text) => text.replace("/bystander", "/by\\u0000stander")],
  [
    "half a surrogate pair in the folder",
    (text) => text.replace("/bystander", "/by\\ud800stander"),
  ],
  ["no folder", (text) => text.replace('"cwd":"/bystander",', "")],
  ["a folder that is a number", (text) => text.replace('"/bystander"', "5")],
  ["a token that is a number", (text) => text.replace("{", '{"spawnToken":5,')],
  ["a token with a NUL", (text) => text.replace("{", '{"spawnToken":"a\\u0000b",')],
  ["a socket that is a number", (text) => text.replace("{", '{"keeperSockPath":5,')],
  ["a keeper pid of -1", (text) => text.replace("{", '{"keeperPid":-1,')],
  ["a pi pid of 1", (text) => text.replace("{", '{"piPid":1,')],
  ["a pi pid that is a group", (text, pid) => text.replace("{", `{"piPid":${-pid},`)],
  [
    "terminating that is a string",
    (text) => text.replace('"terminating":true', '"terminating":"yes"'),
  ],
  [
    "an identity that is a string",
    (text) => text.replace(/"identity":\{[^}]*\}/, '"identity":"me"'),
  ],
  ["a birth that is a number", (text) => text.replace(/"birth":"[^"]*"/, '"birth":5')],
  ["an owner that is a list", (text) => text.replace(/"owner":\{[^}]*\}/, '"owner":[]')],
  ["an owner that is a group", (text) => text.replace(/"owner":\{"pid":/, '"owner":{"pid":-')],
];

/** Values that stand where an entry should. */
export const noEntries = ["null", '"text"', "5", "[]", "{}", "true", "[7]"];
