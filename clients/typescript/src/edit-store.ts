/** Where edits are stored until the server has them: by default IndexedDB, and memory where there is none. */
export interface EditStore {
  /** Return the values whose keys begin with a prefix, in the order of the keys. */
  read(prefix: string): Promise<unknown[]>;
  /** Store values under keys, and delete those that are undefined; all of that or nothing. */
  write(values: Record<string, unknown>): Promise<void>;
}

export function defaultStore(): EditStore {
  return typeof indexedDB === "undefined" ? memoryStore() : { read, write };
}

export function memoryStore(): EditStore {
  const stored = new Map<string, unknown>();
  return {
    read: async (prefix) => {
      const keys = [...stored.keys()].filter((key) => key.startsWith(prefix)).sort();
      return keys.map((key) => stored.get(key));
    },
    write: async (values) => {
      for (const [key, value] of Object.entries(values)) {
        if (value === undefined) stored.delete(key);
        else stored.set(key, value);
      }
    },
  };
}

const NAME = "task-api";
const EDITS = "edits";

async function read(prefix: string): Promise<unknown[]> {
  const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
  return transact("readonly", (edits) => edits.getAll(range));
}

async function write(values: Record<string, unknown>): Promise<void> {
  await transact("readwrite", (edits) => {
    for (const [key, value] of Object.entries(values)) {
      if (value === undefined) edits.delete(key);
      else edits.put(value, key);
    }
  });
}

/** Run a transaction on a connection of its own, because browsers close connections of suspended pages. */
async function transact<Result>(
  mode: IDBTransactionMode,
  act: (edits: IDBObjectStore) => IDBRequest<Result> | void,
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
