/**
 * A FUSE file system in memory: to the kernel it is what a network home or a shared volume is.
 * `node shared-folder.mjs <folder>` mounts it there, says "up", and serves until it is killed.
 * The protocol is that of linux/fuse.h, version 7.31.
 */
import { spawnSync } from "node:child_process";
import { openSync, readSync, writeSync } from "node:fs";

const ENOENT = 2,
  EEXIST = 17,
  EINVAL = 22,
  ENOTEMPTY = 39,
  ENOSYS = 38;
const FOLDER = 0o40000,
  TYPE = 0o170000;
const BUFFER_BYTES = 1 << 18,
  LARGEST_WRITE = 1 << 16;

const device = openSync("/dev/fuse", "r+");
const options = "fd=3,rootmode=40000,user_id=0,group_id=0,allow_other";
const mounted = spawnSync("mount", ["-i", "-t", "fuse", "-o", options, "shared", process.argv[2]], {
  stdio: ["ignore", "inherit", "inherit", device],
});
if (mounted.status !== 0) process.exit(1);

class Failure extends Error {
  constructor(number) {
    super();
    this.number = number;
  }
}

const nodes = new Map([
  [
    1n,
    {
      mode: FOLDER | 0o777,
      links: 2,
      data: Buffer.alloc(0),
      names: new Map(),
      changed: Date.now(),
    },
  ],
]);
let last = 1n;

function nodeOf(id) {
  const node = nodes.get(id);
  if (!node) throw new Failure(ENOENT);
  return node;
}

const text = (body, at = 0) => body.toString("utf8", at, body.indexOf(0, at));
const secondText = (body, at) => text(body, body.indexOf(0, at) + 1);

function child(parent, name) {
  const id = nodeOf(parent).names.get(name);
  if (id === undefined) throw new Failure(ENOENT);
  return id;
}

function add(parent, name, mode) {
  const folder = nodeOf(parent);
  if (folder.names.has(name)) throw new Failure(EEXIST);
  nodes.set(++last, {
    mode,
    links: 1,
    data: Buffer.alloc(0),
    names: new Map(),
    changed: Date.now(),
  });
  folder.names.set(name, last);
  return last;
}

function attributes(id) {
  const node = nodeOf(id),
    out = Buffer.alloc(88);
  out.writeBigUInt64LE(id, 0);
  out.writeBigUInt64LE(BigInt(node.data.length), 8);
  for (const at of [24, 32, 40]) out.writeBigUInt64LE(BigInt(Math.floor(node.changed / 1000)), at);
  for (const at of [48, 52, 56]) out.writeUInt32LE((node.changed % 1000) * 1e6, at);
  out.writeUInt32LE(node.mode, 60);
  out.writeUInt32LE(node.links, 64);
  out.writeUInt32LE(4096, 80);
  return out;
}

const attributesReply = (id) => Buffer.concat([Buffer.alloc(16), attributes(id)]);

function entryReply(id) {
  const head = Buffer.alloc(40);
  head.writeBigUInt64LE(id, 0);
  return Buffer.concat([head, attributes(id)]);
}

function setAttributes(id, body) {
  const MODE = 1,
    SIZE = 8,
    node = nodeOf(id),
    valid = body.readUInt32LE(0);
  if (valid & MODE) node.mode = (node.mode & TYPE) | (body.readUInt32LE(68) & ~TYPE);
  if (valid & SIZE) {
    const size = Number(body.readBigUInt64LE(16));
    node.data = Buffer.concat([
      node.data.subarray(0, size),
      Buffer.alloc(Math.max(0, size - node.data.length)),
    ]);
  }
  return attributesReply(id);
}

function remove(parent, name, folder) {
  const node = nodeOf(child(parent, name));
  if (folder && node.names.size > 0) throw new Failure(ENOTEMPTY);
  node.links--;
  nodeOf(parent).names.delete(name);
}

function rename(from, name, to, newName, flags) {
  const NOREPLACE = 1,
    id = child(from, name);
  if (flags & ~NOREPLACE) throw new Failure(EINVAL); // no exchange: not all file systems can
  if (flags & NOREPLACE && nodeOf(to).names.has(newName)) throw new Failure(EEXIST);
  nodeOf(from).names.delete(name);
  nodeOf(to).names.set(newName, id);
}

function write(id, body) {
  const node = nodeOf(id),
    at = Number(body.readBigUInt64LE(8)),
    size = body.readUInt32LE(16);
  const end = at + size;
  if (end > node.data.length)
    node.data = Buffer.concat([node.data, Buffer.alloc(end - node.data.length)]);
  body.copy(node.data, at, 40, 40 + size);
  node.changed = Date.now();
  const out = Buffer.alloc(8);
  out.writeUInt32LE(size, 0);
  return out;
}

function readFolder(id, from, size) {
  const out = [];
  let room = size,
    place = 0;
  for (const [name, inside] of nodeOf(id).names) {
    if (++place <= from) continue;
    const length = Buffer.byteLength(name),
      record = Buffer.alloc((24 + length + 7) & ~7);
    if (record.length > room) break;
    record.writeBigUInt64LE(inside, 0);
    record.writeBigUInt64LE(BigInt(place), 8);
    record.writeUInt32LE(length, 16);
    record.writeUInt32LE((nodeOf(inside).mode & TYPE) >> 12, 20);
    record.write(name, 24);
    out.push(record);
    room -= record.length;
  }
  return Buffer.concat(out);
}

function greet() {
  const out = Buffer.alloc(64);
  out.writeUInt32LE(7, 0);
  out.writeUInt32LE(31, 4);
  out.writeUInt32LE(1 << 16, 8);
  out.writeUInt16LE(16, 16);
  out.writeUInt16LE(12, 18);
  out.writeUInt32LE(LARGEST_WRITE, 20);
  out.writeUInt32LE(1, 24);
  return out;
}

const nothing = Buffer.alloc(0);
const opened = () => Buffer.alloc(16);

/** By opcode. */
const answers = {
  1: (id, body) => entryReply(child(id, text(body))), // lookup
  3: (id) => attributesReply(id),
  4: setAttributes,
  8: (id, body) => entryReply(add(id, text(body, 16), body.readUInt32LE(0))), // mknod
  9: (id, body) => entryReply(add(id, text(body, 8), FOLDER | body.readUInt32LE(0))),
  10: (id, body) => (remove(id, text(body), false), nothing),
  11: (id, body) => (remove(id, text(body), true), nothing),
  12: (id, body) => (
    rename(id, text(body, 8), body.readBigUInt64LE(0), secondText(body, 8), 0), nothing
  ),
  14: opened,
  15: (id, body) => {
    const at = Number(body.readBigUInt64LE(8));
    return nodeOf(id).data.subarray(at, at + body.readUInt32LE(16));
  },
  16: write,
  17: () => Buffer.alloc(80), // statfs: the kernel puts FUSE's own number in
  18: () => nothing, // release
  20: () => nothing, // fsync
  25: () => nothing, // flush
  26: greet,
  27: opened,
  28: (id, body) => readFolder(id, Number(body.readBigUInt64LE(8)), body.readUInt32LE(16)),
  29: () => nothing, // releasedir
  35: (id, body) =>
    Buffer.concat([entryReply(add(id, text(body, 16), body.readUInt32LE(4))), opened()]),
  45: (id, body) => (
    rename(id, text(body, 16), body.readBigUInt64LE(0), secondText(body, 16), body.readUInt32LE(8)),
    nothing
  ),
};
const UNANSWERED = new Set([2, 36, 42]); // forget, interrupt, forget many

function serve(request) {
  const opcode = request.readUInt32LE(4),
    id = request.readBigUInt64LE(16);
  if (UNANSWERED.has(opcode)) return;
  let reply = nothing,
    failed = 0;
  try {
    if (!answers[opcode]) throw new Failure(ENOSYS);
    reply = answers[opcode](id, request.subarray(40));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    failed = -error.number;
  }
  const head = Buffer.alloc(16);
  head.writeUInt32LE(16 + reply.length, 0);
  head.writeInt32LE(failed, 4);
  request.copy(head, 8, 8, 16);
  writeSync(device, Buffer.concat([head, reply]));
  if (opcode === 26) console.log("up");
}

for (const buffer = Buffer.alloc(BUFFER_BYTES); ; ) {
  try {
    serve(Buffer.from(buffer.subarray(0, readSync(device, buffer))));
  } catch (error) {
    if (error.code === "ENODEV") break; // unmounted
    if (!["EINTR", "ENOENT", "EAGAIN"].includes(error.code)) throw error;
  }
}
