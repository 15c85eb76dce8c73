import type { Condition, DeviceStore, Values } from "./device-store.js";

/** Keeps values in memory that another store fails to store, such as on a full disk, until it stores them. */
export class FallbackStore {
  readonly #unstored = new Map<string, unknown>();
  #failure: unknown;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(
    private store: DeviceStore,
    private readonly keyOf: (value: unknown) => string,
    /** Delete what is not needed, once, before values stay in memory. */
    private makeRoom: () => Promise<void>,
  ) {}

  /** Why values are in memory only; undefined if none are. */
  get error(): unknown {
    return [...this.#unstored.values()].some((value) => value !== undefined) ? this.#failure : undefined;
  }

  /** Store everything in memory if the store twice cannot be read, such as where a browser blocks IndexedDB. */
  async open(prefix: string): Promise<void> {
    try {
      await this.store.read(prefix).catch(() => this.store.read(prefix));
    } catch (error) {
      this.store = { read: async () => [], write: () => Promise.reject(error) };
      this.makeRoom = async () => {};
    }
  }

  async read(prefix: string): Promise<unknown[]> {
    const values = new Map((await this.store.read(prefix)).map((value) => [this.keyOf(value), value]));
    for (const [key, value] of this.#unstored) if (key.startsWith(prefix)) values.set(key, value);
    const keys = [...values.keys()].sort();
    return keys.map((key) => values.get(key)).filter((value) => value !== undefined);
  }

  /** Store values, together with those that were not stored before. */
  async write(values: Values): Promise<void> {
    await this.#inTurn(values, async (all) => {
      await this.store.write(all);
      return true;
    });
  }

  /** Store values if the value under a key meets a condition, and return whether it does, or did in an attempt before. */
  writeIf({ key, isMet }: Condition, values: Values): Promise<boolean> {
    let wasMet = false;
    const check = (stored: unknown) => {
      const isMetNow = isMet(this.#unstored.has(key) ? this.#unstored.get(key) : stored);
      wasMet ||= isMetNow; // an attempt that was too late for its result may have succeeded
      return isMetNow;
    };
    return this.#inTurn(values, async (all) => {
      if (this.store.writeIf) await this.store.writeIf({ key, isMet: check }, all);
      else if (check((await this.store.read(key))[0])) await this.store.write(all);
      return wasMet;
    });
  }

  #inTurn(values: Values, store: (all: Values) => Promise<boolean>): Promise<boolean> {
    const writing = this.#writing.then(() => this.#write(values, store));
    this.#writing = writing;
    return writing;
  }

  async #write(values: Values, store: (all: Values) => Promise<boolean>): Promise<boolean> {
    const all = { ...Object.fromEntries(this.#unstored), ...values };
    try {
      const isStored = await store(all).catch(() => this.makeRoom().then(() => store(all)));
      if (isStored) this.#unstored.clear();
      return isStored;
    } catch (error) {
      this.#failure = error;
      for (const [key, value] of Object.entries(all)) this.#unstored.set(key, value);
      return true;
    }
  }
}
