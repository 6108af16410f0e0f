import type { Borrowed, Testimony } from "../binding.js";

/** What each answer of a proof means, for people; src/platform/process.h lists them. */
const meanings: Record<string, Record<string, string>> = {
  record: {
    known: "the file says exactly who it was",
    none: "the file has nothing but the PID (the original module)",
    nobody: "no process had the PID when it was recorded",
    opaque: "a process had the PID, and the system did not say which",
  },
  boot: {
    same: "recorded in this boot of this host",
    likely: "recorded in a boot that began at the same time",
    other: "recorded in another boot, or on another host",
    unknown: "nobody can tell in which boot it was recorded",
    unrecorded: "the file does not say in which boot it was recorded",
  },
  namespace: {
    same: "of this PID namespace",
    other: "of another PID namespace (a container): the PID means another process here",
    unknown: "nobody can tell of which PID namespace",
  },
  number: { held: "a process has the PID", free: "no process has the PID" },
  process: { runs: "it runs", dead: "it is dead (a zombie)", hidden: "/proc does not show it" },
  user: { ours: "we may signal it", another: "it is another user's" },
  name: {
    same: "the kernel's own name for it, never used twice, is that of the record",
    other: "the kernel's own name for it is another one",
    gone: "the kernel says that the recorded process is gone",
    unrecorded: "the kernel had no name for it to be recorded",
    unavailable: "the kernel's name for it cannot be asked here",
  },
  start: {
    same: "it started when the record says",
    other: "it started at another time than the record says",
    hidden: "when it started is not told",
    incomparable: "it was recorded in another time namespace",
  },
  group: {
    leads: "it leads a process group",
    members: "a process group with its PID has members",
    none: "it leads no process group",
  },
  kin: {
    yes: "it was a relative of its server when it was recorded",
    no: "it was no relative of its server when it was recorded: never signalled",
  },
  mark: {
    carried: "it carries the session's token in its environment",
    absent: "it does not carry the session's token in its environment",
    unknown: "whether it carries the session's token cannot be told, or proves nothing",
  },
  folder: {
    same: "it works in the entry's folder",
    other: "it works in another folder",
    unknown: "where it works cannot be told",
  },
  time: {
    in: "it started when the entry was written",
    early: "it started long before the entry was written",
    late: "it started after the entry was written",
    unknown: "when it started cannot be compared",
  },
  lock: {
    held: "the registry holds its lock: it lives",
    free: "nobody holds the registry's lock: it has ended",
    none: "there is no lock to be tested",
  },
  init: {
    held: "process 1 of its container lives",
    free: "process 1 of its container has ended",
    none: "there is no lock of its process 1 to be tested",
  },
};

export const meaningOf = ({ proof, said }: Testimony): string => meanings[proof]?.[said] ?? said;

export const verdicts: Record<Borrowed["verdict"], string> = {
  same: "the process that was recorded",
  group: "it is gone, others of its process group are left",
  gone: "no such process",
  stranger: "another process has its PID",
  foreign: "another user's, host's or container's: nobody here can tell",
  unknown: "cannot be told",
};

export const owners: Record<Borrowed["owner"], string> = {
  alive: "it lives, and looks after the entry",
  gone: "it has ended: the entry is an orphan, if its process lives",
  elsewhere: "of another host or container: nobody here can tell",
  unnamed: "the file does not say (the original module)",
};
