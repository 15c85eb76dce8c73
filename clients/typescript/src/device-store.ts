import { withTimeout } from "./wait.js";

/** A device that does not respond for so long must not delay tasks and edits. */
export const STORE_MS = 5_000;

/** Where edits and tasks are stored on the device: by default IndexedDB, and memory where there is none. */
export interface DeviceStore {
  /** Return the values whose keys begin with a prefix, in the order of the keys. */
  read(prefix: string): Promise<unknown[]>;
  /** Store values under keys, and delete those that are undefined; all of that or nothing. */
  write(values: Values): Promise<void>;
  /**
   * If the value under a key meets a condition, delete all values whose keys begin with `cleared`, and write, in the same
   * transaction. Tasks are stored only where a store has this method.
   */
  writeIf?(condition: Condition, values: Values, cleared?: string): Promise<void>;
}

export type Values = Record<string, unknown>;

export interface Condition {
  key: string;
  /** Whether the value under the key, undefined if there is none, allows the write. */
  isMet(value: unknown): boolean;
}

export function defaultStore(): DeviceStore {
  return typeof indexedDB === "undefined" ? memoryStore() : { read, write, writeIf };
}

export function memoryStore(): DeviceStore {
  const stored = new Map<string, unknown>();
  const keysOf = (prefix: string) => [...stored.keys()].filter((key) => key.startsWith(prefix)).sort();
  const put = (values: Values) => {
    for (const [key, value] of Object.entries(values)) {
      if (value === undefined) stored.delete(key);
      else stored.set(key, value);
    }
  };
  return {
    read: async (prefix) => keysOf(prefix).map((key) => stored.get(key)),
    write: async (values) => put(values),
    writeIf: async ({ key, isMet }, values, cleared) => {
      if (!isMet(stored.get(key))) return;
      if (cleared !== undefined) for (const each of keysOf(cleared)) stored.delete(each);
      put(values);
    },
  };
}

/** Reject what the device does not finish in time. */
export function inTime(store: DeviceStore): DeviceStore {
  const limit = <Value>(act: () => Promise<Value>) => withTimeout(act, [], STORE_MS);
  const writeIf: DeviceStore["writeIf"] = (...write) => limit(async () => store.writeIf?.(...write));
  return {
    read: (prefix) => limit(() => store.read(prefix)),
    write: (values) => limit(() => store.write(values)),
    ...(store.writeIf && { writeIf }),
  };
}

const NAME = "task-api";
/** The object store, which has tasks, too. */
const EDITS = "edits";

async function read(prefix: string): Promise<unknown[]> {
  return transact("readonly", (stored) => stored.getAll(rangeOf(prefix)));
}

async function write(values: Values): Promise<void> {
  await transact("readwrite", (stored) => put(stored, values));
}

async function writeIf({ key, isMet }: Condition, values: Values, cleared?: string): Promise<void> {
  await transact("readwrite", (stored) => {
    const current = stored.get(key);
    current.onsuccess = () => {
      if (!isMet(current.result)) return;
      if (cleared !== undefined) stored.delete(rangeOf(cleared));
      put(stored, values);
    };
  });
}

function put(stored: IDBObjectStore, values: Values): void {
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) stored.delete(key);
    else stored.put(value, key);
  }
}

function rangeOf(prefix: string): IDBKeyRange {
  return IDBKeyRange.bound(prefix, `${prefix}\uffff`);
}

/** Run a transaction on a connection of its own, because browsers close connections of suspended pages. */
async function transact<Result>(
  mode: IDBTransactionMode,
  act: (stored: IDBObjectStore) => IDBRequest<Result> | void,
): Promise<Result> {
  const opening = indexedDB.open(NAME, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(EDITS);
  const database = await resultOf(opening);
  try {
    const transaction = database.transaction(EDITS, mode);
    const request = act(transaction.objectStore(EDITS));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    return request?.result as Result;
  } finally {
    database.close();
  }
}

function resultOf<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
